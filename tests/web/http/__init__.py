"""Tests of `instantly_mcp.web.http`."""
