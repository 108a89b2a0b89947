"""Compares the daemon with a bare Klein application; see README.md in this folder."""
