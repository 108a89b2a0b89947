"""Tests of ``instantly_mcp.sandbox``."""
