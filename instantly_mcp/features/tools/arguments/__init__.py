"""The arguments that several tools have in common."""
