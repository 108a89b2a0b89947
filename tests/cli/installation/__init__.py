"""Tests of instantly_mcp/cli/installation."""
