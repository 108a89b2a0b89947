"""Tests of the assertions about a sandbox."""
