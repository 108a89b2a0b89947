"""The tools: one module for each group of them, and the registry that lists them."""
