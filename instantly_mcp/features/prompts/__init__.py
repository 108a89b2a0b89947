"""What we offer over MCP to begin with: prompts that bring their facts along."""
