"""Tests of ``instantly_mcp.features.resources``."""
