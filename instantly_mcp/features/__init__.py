"""What we offer over MCP: the tools, built from the catalog and from workflows."""
