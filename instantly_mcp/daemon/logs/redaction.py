"""Removes secrets, and text that looks like a key, from finished log lines.

This is a last safeguard: code that logs must not log secrets in the first place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..._credential import (
    APPROVER_PREFIX,
    TOKEN_PREFIX,
    Secret,
    looks_like_approver_secret,
    looks_like_token,
)

CUT = "[redacted]"
_SEGMENT = r"[^\s\"'?#{}<>,)\]]{6,}"
_VALUE = r"[^&\s\"']+"
_SHAPES = {
    "/mcp/": _SEGMENT,
    "/sse/": _SEGMENT,
    "api_key=": _VALUE,
    "apiKey=": _VALUE,
    "sessionId=": _VALUE,
    "Bearer ": r"[^\s\"',]{6,}",
}
"""Patterns of keys, by the text before them."""

_TOKEN = re.compile(rf"{TOKEN_PREFIX}\w+", re.ASCII | re.IGNORECASE)
"""Connection tokens, whole or not: they are recognized wherever they stand."""

_APPROVER_SECRET = re.compile(
    rf"{APPROVER_PREFIX}[\w-]{{20,}}", re.ASCII | re.IGNORECASE
)
"""Secrets of approvers. Shorter texts may be words, such as ultima_compra."""

_ANY_SHAPE = re.compile("|".join(f"(?<={at}){shape}" for at, shape in _SHAPES.items()))


class Redactor:
    """Removes the configured secrets, and keys in the places where callers put them."""

    def __init__(self, secrets: Sequence[Secret] = ()) -> None:
        self._secrets = tuple(secrets)

    def learn(self, secrets: Sequence[Secret]) -> None:
        """Remove these secrets as well from now on."""
        self._secrets = tuple(dict.fromkeys((*self._secrets, *secrets)))

    def __call__(self, line: str) -> str:
        """Return the line without secrets."""
        for secret in self._secrets:
            line = secret.cut_from(line, CUT)
        if looks_like_token(line):
            line = _TOKEN.sub(CUT, line)
        if looks_like_approver_secret(line):
            line = _APPROVER_SECRET.sub(CUT, line)
        # The combined pattern is slow, and almost no line needs it.
        for at in _SHAPES:
            if at in line:
                return _ANY_SHAPE.sub(CUT, line)
        return line
