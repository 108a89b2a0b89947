"""Tests of `instantly_mcp.api.http`."""
