"""Builds the rules of access: the write guard, rails, books, keys of workspaces."""
