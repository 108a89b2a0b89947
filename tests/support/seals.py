"""A sealer for tests."""

from __future__ import annotations

import time

from cryptography.fernet import Fernet

from instantly_mcp.state.sealed_tokens import TokenSealer


def new_seal() -> TokenSealer:
    """Return a sealer with a key of its own."""
    return TokenSealer([Fernet.generate_key()], time.time)
