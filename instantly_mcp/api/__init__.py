"""The Instantly client. Knows HTTP and the catalog; has never heard of MCP."""
