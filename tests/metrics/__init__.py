"""Tests of ``instantly_mcp.metrics``."""
