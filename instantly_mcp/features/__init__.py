"""What we offer over MCP: tools, resources, prompts and completions."""
