"""MCP itself: messages in, messages out. No I/O, no HTTP server, no Instantly."""
