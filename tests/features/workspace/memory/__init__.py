"""Tests of `instantly_mcp.features.workspace.memory`."""
