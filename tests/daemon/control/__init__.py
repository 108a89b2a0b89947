"""Tests of instantly_mcp/daemon/control."""
