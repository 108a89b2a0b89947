"""Tests of `instantly_mcp.protocol.arguments`."""
