"""What we offer over MCP to be read: resources and resource templates."""
