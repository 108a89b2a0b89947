"""The start: what it prints and logs, and how a failure ends it."""
