"""Counters and their exposition. Observes; nothing depends on it."""
