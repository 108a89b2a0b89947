"""The transports of the MCP specification over HTTP."""
