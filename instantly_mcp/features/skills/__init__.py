"""MCP skills: the tasks of the prompts, and a guide for a start, as Agent Skills."""
