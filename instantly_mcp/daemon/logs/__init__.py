"""Logging: observer, redaction, limits, and the thread that writes."""
