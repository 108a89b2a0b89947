"""How MCP messages travel: an exchange in, a reply out, the McpServer inside."""
