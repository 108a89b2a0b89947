"""The transports of the MCP specification: over HTTP, and over standard streams."""
