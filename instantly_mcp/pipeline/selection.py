"""What a request asks to be limited to: an access level, toolsets, a workspace.

A caller states it in headers, in the query or in the path (`mcp_path`). It only narrows
what the daemon's settings and the caller's token allow: the most restrictive statement
wins. A value that is not known, or says nothing, is refused with the valid ones: a
caller who asks for less must not silently get more. No refusal repeats the value, which
may be a misplaced key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from attrs import frozen

from .._json_codec import Json
from .._rights import Level, Rights
from ..protocol.wire.errors import INVALID_REQUEST, ProtocolError
from .credential_errors import RefusalReason
from .exchange import Exchange, Headers
from .mcp_path import LEVELS, McpPath

ACCESS, READONLY, TOOLSETS, WORKSPACE = "access", "readonly", "toolsets", "workspace"

HEADERS: Mapping[str, str] = {
    "x-mcp-access": ACCESS,
    "x-mcp-readonly": READONLY,
    "x-mcp-toolsets": TOOLSETS,
    "x-mcp-workspace": WORKSPACE,
}
"""The headers, and the query parameters of the same meaning."""

MISTAKEN: Mapping[str, str] = {
    "x-mcp-access-level": "X-MCP-Access",
    "x-mcp-level": "X-MCP-Access",
    "x-mcp-read-only": "X-MCP-Readonly",
    "x-mcp-toolset": "X-MCP-Toolsets",
    "x-mcp-tools": "X-MCP-Toolsets",
    "x-mcp-exclude-tools": "X-MCP-Toolsets",
    "access_level": ACCESS,
    "level": ACCESS,
    "read_only": READONLY,
    "read-only": READONLY,
    "toolset": TOOLSETS,
    "tools": TOOLSETS,
}
"""Names that other servers use, and what their senders mean here. They are refused."""

SWITCHES: Mapping[str, Level | None] = {
    **dict.fromkeys(("true", "1", "yes", "on"), Level.READ_ONLY),
    **dict.fromkeys(("false", "0", "no", "off")),
}
"""The values of ``X-MCP-Readonly`` and ``readonly``, in any case."""

MAX_ALIAS_CHARACTERS = 64

ReadToolsets: TypeAlias = Callable[[str], "tuple[str, ...] | None"]
"""Reads names of toolsets, separated by commas; ``None`` for all that are offered.

It raises `ValueError` for other names, with the valid ones in the message."""

_OURS = frozenset(HEADERS) | frozenset(name for name in MISTAKEN if name[:2] == "x-")
_LEVEL_WORDS = ("read-only", "draft", "full")


@frozen
class Stated:
    """One statement of a request.

    :param kind: `ACCESS`, `READONLY`, `TOOLSETS` or `WORKSPACE`.
    :param place: ``header``, ``path`` or ``query``.
    :param name: the header or parameter, as a message shows it.
    :param values: what was stated there, once or several times.
    """

    kind: str
    place: str
    name: str
    values: Sequence[str]


def statements_in(exchange: Exchange) -> Sequence[Stated]:
    """Return what a request states; usually nothing, which is found out quickly.

    :raises ProtocolError: 400 for a name that is easily mistaken for one of these.
    """
    headers, query, path = exchange.headers, exchange.query, exchange.path
    if not query and not path.selects and _OURS.isdisjoint(headers):
        return ()
    return [*_in_headers(headers), *_in_path(path), *_in_query(query)]


def _in_headers(headers: Headers) -> Iterator[Stated]:
    for name in _OURS.intersection(headers):
        kind = HEADERS.get(name)
        if kind is None:
            raise _mistaken(f"The header {name}", MISTAKEN[name])
        yield Stated(kind, "header", f"X-MCP-{kind.capitalize()}", headers.all(name))


def _in_path(path: McpPath) -> Iterator[Stated]:
    for kind, value in (
        (WORKSPACE, path.workspace),
        (TOOLSETS, path.toolsets),
        (ACCESS, path.level),
    ):
        if value is not None:
            yield Stated(kind, "path", f"The part for {kind} in the path", (value,))


def _in_query(query: Mapping[str, Sequence[str]]) -> Iterator[Stated]:
    for name, values in query.items():
        kind = name.lower()
        if kind in MISTAKEN:
            raise _mistaken("A query parameter", MISTAKEN[kind])
        # ``?readonly`` without a value can only mean one thing.
        unsaid = "true" if kind == READONLY else ""
        if kind in HEADERS.values():
            stated = [value or unsaid for value in values]
            yield Stated(kind, "query", f"The query parameter {kind}", stated)


@frozen(kw_only=True)
class Selector:
    """Narrows rights to what a request states.

    :param level: the highest level that the operator allows to all callers.
    :param read_toolsets: reads a list of toolsets.
    """

    level: Level = Level.FULL
    read_toolsets: ReadToolsets

    def narrowed(self, rights: Rights, statements: Sequence[Stated]) -> Rights:
        """Return the rights, narrowed by the settings and by what a request states.

        :raises ProtocolError: 400 for a value that is not known.
        """
        if self.level is not Level.FULL:
            rights = rights.narrowed(level=self.level, by="setting")
        for each in statements:
            if each.kind == TOOLSETS:
                value = _only_value(each)
                rights = rights.narrowed(toolsets=self._toolsets(each, value))
            elif each.kind != WORKSPACE:
                for level in _levels(each):
                    rights = rights.narrowed(level=level, by=each.place)
        return rights

    def _toolsets(self, stated: Stated, value: str) -> tuple[str, ...] | None:
        try:
            return self.read_toolsets(value)
        except ValueError as error:
            raise _refused(f"{stated.name}: {error}.") from error


def _no_toolsets(text: str) -> None:
    raise ValueError("this server has no toolsets")


SELECTS_NOTHING = Selector(read_toolsets=_no_toolsets)
"""For a server without settings and without toolsets."""


def workspace_in(statements: Sequence[Stated]) -> str | None:
    """Return the alias of the workspace that a request states, ``None`` without one.

    :raises ProtocolError: 400 for two different ones, and for what cannot be an alias.
    """
    found = [each for each in statements if each.kind == WORKSPACE]
    if not found:
        return None
    aliases = {_only_value(each) for each in found}
    if len(aliases) > 1:
        raise _refused("The request names two different workspaces.")
    alias = aliases.pop()
    if not alias or len(alias) > MAX_ALIAS_CHARACTERS or not _is_one_word(alias):
        raise _refused(f"{found[0].name} must be the alias of one workspace.")
    return alias


def _levels(stated: Stated) -> Iterator[Level | None]:
    """Return every level of a statement; proxies join repeated headers by commas."""
    known = SWITCHES if stated.kind == READONLY else LEVELS
    for value in stated.values:
        for word in value.split(","):
            spelled = word.strip().lower()
            if spelled not in known:
                valid = ("true", "false") if stated.kind == READONLY else _LEVEL_WORDS
                raise _refused(
                    f"{stated.name} must be one of {', '.join(valid)}.", valid
                )
            yield known[spelled]


def _only_value(stated: Stated) -> str:
    """Return the value of something that may be stated twice only if it is the same."""
    values = {value.strip() for value in stated.values}
    if len(values) > 1:
        raise _refused(f"{stated.name} has several values; send it once.")
    return values.pop()


def _is_one_word(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _mistaken(what: str, meant: str) -> ProtocolError:
    return _refused(f"{what} is not supported here; use {meant} instead.")


def _refused(message: str, valid: Sequence[str] = ()) -> ProtocolError:
    data: dict[str, Json] = {"reason": RefusalReason.SELECTION}
    if valid:
        data["valid"] = list(valid)
    return ProtocolError(INVALID_REQUEST, f"Invalid request: {message}", data)
