"""Tests of instantly_mcp/cli/administration."""
