"""Tests of `instantly_mcp.daemon.logs`."""
