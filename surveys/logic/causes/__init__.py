"""Why customers are dissatisfied, read from their own words and counted."""
