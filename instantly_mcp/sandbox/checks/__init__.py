"""Assertions about what happened in a sandbox, for jobs that test an agent."""
