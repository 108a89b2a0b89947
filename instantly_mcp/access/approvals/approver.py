"""A person who may approve calls, and the form of the secrets of such people.

A secret is 256 random bits, so its SHA-256 digest cannot be reversed by guessing; a
slow hash such as scrypt, which protects passwords that people choose, would only make
logins slow. The prefix tells a secret from an Instantly key: one that is sent to an MCP
route is refused there, and never sent to Instantly.
"""

from __future__ import annotations

import re
from secrets import token_urlsafe

from attrs import field, frozen

from ..._credential import APPROVER_PREFIX, Secret

SECRET_BYTES = 32
NAME_RULE = "1 to 40 letters, digits, spaces and . _ @ -, beginning with a letter"

_NAME = re.compile(r"[^\W\d_](?:[\w .@-]{0,38}[\w.@-])?")
_SECRET = re.compile(APPROVER_PREFIX + r"[A-Za-z0-9_-]{43}")


@frozen(kw_only=True)
class Approver:
    """A person who may approve.

    :param digest: SHA-256 of the secret, in 64 hexadecimal digits.
    :param added_at: seconds since the epoch.
    """

    name: str
    digest: str = field(repr=False)
    added_at: float


def is_approver_name(text: str) -> bool:
    """Say whether an approver may have this name; see `NAME_RULE`."""
    return _NAME.fullmatch(text) is not None


def new_approver_secret() -> Secret:
    """Return a new random secret."""
    return Secret(APPROVER_PREFIX + token_urlsafe(SECRET_BYTES))


def is_approver_secret(secret: Secret) -> bool:
    """Say whether a value has the form of an approver's secret."""
    return _SECRET.fullmatch(secret.reveal()) is not None
