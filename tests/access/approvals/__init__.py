"""Tests for approvals by persons."""
