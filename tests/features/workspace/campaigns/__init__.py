"""Tests of `instantly_mcp.features.workspace.campaigns`."""
