"""What may be asked of lists, one module a noun."""
