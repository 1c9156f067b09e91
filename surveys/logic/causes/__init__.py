"""Why customers are dissatisfied: the tree of causes, read from their own words and counted."""
