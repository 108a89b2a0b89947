"""What is remembered of a workspace from one call to the next."""
