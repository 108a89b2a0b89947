"""The methods of MCP: a module per family, and the method table of each era."""
