"""Tests of `instantly_mcp.daemon.startup`."""
