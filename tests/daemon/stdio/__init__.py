"""The process of `instantly-mcp stdio`."""
