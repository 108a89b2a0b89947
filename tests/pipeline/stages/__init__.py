"""Tests of `instantly_mcp.pipeline.stages`."""
