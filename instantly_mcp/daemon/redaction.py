"""The last net before a line leaves the process: whatever looks like a key is cut.

Nothing should ever be caught here. It is a net, not the way secrets are kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .._credential import Secret

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
"""What a key looks like, by what stands before it."""

_ANY_SHAPE = re.compile("|".join(f"(?<={at}){shape}" for at, shape in _SHAPES.items()))


class Redactor:
    """Cuts the configured secrets, and the places where callers put theirs."""

    def __init__(self, secrets: Sequence[Secret] = ()) -> None:
        self._secrets = tuple(secrets)

    def learn(self, secrets: Sequence[Secret]) -> None:
        """Cut these from now on, too."""
        self._secrets = tuple(dict.fromkeys((*self._secrets, *secrets)))

    def __call__(self, line: str) -> str:
        """Return the line without secrets."""
        for secret in self._secrets:
            line = secret.cut_from(line, CUT)
        # Almost no line has such a place, and looking for them all is slow.
        for at in _SHAPES:
            if at in line:
                return _ANY_SHAPE.sub(CUT, line)
        return line
