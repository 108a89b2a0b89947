"""Tests of instantly_mcp/cli/completion."""
