"""Tests of `instantly_mcp.access.tokens`."""
