"""The last net before a line leaves the process: whatever looks like a key is cut.

Nothing should ever be caught here. It is a net, not the way secrets are kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .._credential import Secret

CUT = "[redacted]"
_SHAPES = re.compile(
    r"(?<=/mcp/)[^\s\"'?#{}<>,)\]]{6,}"
    r"|(?<=/sse/)[^\s\"'?#{}<>,)\]]{6,}"
    r"|(?<=api_key=)[^&\s\"']+"
    r"|(?<=apiKey=)[^&\s\"']+"
    r"|(?<=sessionId=)[^&\s\"']+"
    r"|(?<=Bearer )[^\s\"',]{6,}",
)


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
        return _SHAPES.sub(CUT, line)
