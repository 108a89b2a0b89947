"""The cases and their judge."""
