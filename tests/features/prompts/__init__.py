"""Tests of ``instantly_mcp.features.prompts``."""
