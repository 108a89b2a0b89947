"""Tests of the sandbox of a daemon."""
