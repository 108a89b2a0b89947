"""Tests of the workspaces of an operator."""
