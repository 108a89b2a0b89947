"""Previews: what a person is shown before a write, and the digest of it."""
