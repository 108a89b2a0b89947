"""The configurations of `instantly_mcp.clients`: their text, and what reads it."""
