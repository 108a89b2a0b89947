"""Tests of `instantly_mcp.pipeline.replies`."""
