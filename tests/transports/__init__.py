"""Tests of ``instantly_mcp.transports``."""
