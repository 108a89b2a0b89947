"""Tells for which workspace of the sandbox a request is."""

from __future__ import annotations

from .._credential import SANDBOX_PREFIX, Credential


def sandbox_key(credential: Credential) -> str | None:
    """Return the key of a sandbox's workspace, which is not a secret.

    :returns: ``None`` for any other key, and for a connection token for several
        workspaces of which none was chosen.
    """
    key = credential.secret.reveal()
    return key if key.startswith(SANDBOX_PREFIX) else None
