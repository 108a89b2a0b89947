"""Tests of `instantly_mcp.daemon.sockets`."""
