"""Tests of `instantly_mcp.protocol.wire`."""
