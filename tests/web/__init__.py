"""Tests of ``instantly_mcp.web``."""
