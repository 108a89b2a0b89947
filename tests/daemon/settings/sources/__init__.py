"""Tests of `instantly_mcp.daemon.settings.sources`."""
