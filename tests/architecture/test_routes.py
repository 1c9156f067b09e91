"""Routes are closed by default: this table names every route and who may use it; a route not in it fails."""
