"""Answers one HTTP request on an MCP route, stage by stage: see `pipeline.pipeline`."""
