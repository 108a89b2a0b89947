"""Tests of `instantly_mcp.protocol.methods`."""
