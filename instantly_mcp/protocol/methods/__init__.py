"""The methods of MCP: a module for each family, and the table of each era."""
