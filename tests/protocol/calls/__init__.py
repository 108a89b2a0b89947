"""Tests of `instantly_mcp.protocol.calls`."""
