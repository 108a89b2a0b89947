"""The paths under ``/mcp`` and ``/sse``: a caller may limit itself, and present a key.

``/mcp[/w/{alias}][/x/{toolset,…}][/readonly|/draft][/{key or token}]``, the same under
``/sse``. The reserved words are shorter than any key, so that no key can be one.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from attrs import field, frozen

from .._rights import Level
from ..protocol.wire.errors import (
    INVALID_REQUEST,
    ProtocolError,
    invalid_request,
)
from .credential_errors import RefusalReason

PATH_FORM = "/mcp[/w/WORKSPACE][/x/TOOLSETS][/readonly|/draft][/KEY]"
"""The grammar, as messages show it."""

LEVELS: Mapping[str, Level] = {
    "read-only": Level.READ_ONLY,
    "readonly": Level.READ_ONLY,
    "draft": Level.DRAFT,
    "full": Level.FULL,
}
"""The words for an access level, in any case, in paths and elsewhere."""

_RESERVED = frozenset({"w", "x", *LEVELS})


@frozen(kw_only=True)
class McpPath:
    """The parts of a path, decoded, and otherwise as the caller wrote them.

    ``repr`` shows none of them, because any may be a misplaced key.

    :param key: the key, the connection token, or what was put in its place.
    """

    workspace: str | None = field(default=None, repr=False)
    toolsets: str | None = field(default=None, repr=False)
    level: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)

    @property
    def selects(self) -> bool:
        """Whether it has any part besides the key."""
        return not (self.workspace is self.toolsets is self.level is None)


NO_PATH = McpPath()
"""The path ``/mcp`` itself."""


def read_path(rest: str) -> McpPath | None:
    """Read what follows ``/mcp/``.

    It is split at slashes before it is decoded, because a key may have encoded ones.

    :param rest: as sent, percent-encoded. One slash at its end changes nothing.
    :returns: ``None`` for a path that is not served at all (404).
    :raises ProtocolError: 400 for parts that are in the wrong order or lack a value,
        and for a path that is not UTF-8.
    """
    parts = [_decoded(part) for part in rest.removesuffix("/").split("/")]
    if "" in parts:
        return None
    place, named = 0, {}
    for mark in ("w", "x"):
        if parts[place : place + 1] == [mark]:
            if place + 1 == len(parts):
                raise _misplaced()
            named[mark] = parts[place + 1]
            place += 2
    level = None
    if place < len(parts) and parts[place].lower() in LEVELS:
        level = parts[place]
        place += 1
    key = parts[place] if place < len(parts) else None
    workspace = named.get("w")
    if not _RESERVED.isdisjoint(each.lower() for each in parts[place:]):
        raise _misplaced()
    if workspace is not None and workspace.lower() in _RESERVED:
        raise _misplaced()
    if place + 1 < len(parts):
        return None
    return McpPath(workspace=workspace, toolsets=named.get("x"), level=level, key=key)


def _decoded(part: str) -> str:
    try:
        return unquote(part, errors="strict") if "%" in part else part
    except UnicodeDecodeError as error:
        raise invalid_request("the path is not UTF-8") from error


def _misplaced() -> ProtocolError:
    return ProtocolError(
        INVALID_REQUEST,
        f"Invalid request: the parts of the path must have this order: {PATH_FORM}",
        {"reason": RefusalReason.SELECTION},
    )
