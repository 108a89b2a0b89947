"""Measures the daemon beside bare references, in one run. See README.md here."""
