"""Tests of `instantly_mcp.daemon.access`."""
