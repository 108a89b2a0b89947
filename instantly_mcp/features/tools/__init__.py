"""The tools: declarations, arguments, and the registry that lists them."""
