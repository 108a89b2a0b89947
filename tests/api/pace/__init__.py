"""Tests of `instantly_mcp.api.pace`."""
