"""Tests of ``instantly_mcp.catalog``."""
