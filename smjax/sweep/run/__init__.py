"""A sweep from its start to its table."""
