"""Tests for the bundle for Claude Desktop."""
