"""Tests of ``instantly_mcp.daemon.observation``."""
