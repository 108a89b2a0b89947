"""Formats and checks: JSON-RPC, errors, revisions, envelope, headers, cursors."""
