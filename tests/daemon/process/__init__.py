"""Tests of `instantly_mcp.daemon.process`."""
