"""Tests of ``instantly-mcp sandbox``."""
