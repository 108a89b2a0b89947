"""MCP prompts: one message with a task for the model and the facts it needs."""
