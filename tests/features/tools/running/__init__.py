"""Tests of `instantly_mcp.features.tools.running`."""
