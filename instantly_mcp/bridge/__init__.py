"""Relays the messages of a stdio client to the URL of a running daemon, and back."""
