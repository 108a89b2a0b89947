"""Tools that make several calls, one module each."""
