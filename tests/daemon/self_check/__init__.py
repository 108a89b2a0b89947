"""Tests of `instantly_mcp.daemon.self_check`."""
