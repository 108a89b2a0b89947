"""Tests of ``instantly_mcp.state``."""
