"""Tests of `instantly_mcp.protocol.primitives`."""
