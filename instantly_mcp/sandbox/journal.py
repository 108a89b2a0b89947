"""What a workspace was asked: executed operations, and all calls with their bodies.

Tests and the judge read the operations; exports and assertions read the calls.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import TypeAlias

from attrs import define, field, frozen

from .._json_codec import Json, dumps, loads
from .records import ApiObject
from .timeline import format_time

MAX_ENTRIES = 1_000
MAX_CALLS = 10_000
MAX_KEPT_BYTES = 4 * 2**20
"""Of all bodies of a workspace; beyond it, those of the oldest calls are dropped."""

_SECRET = re.compile(r"([?&][^=&]*(?:key|token|secret)[^=&]*=)[^&]*", re.IGNORECASE)

JournalEntry: TypeAlias = tuple[float, str, tuple[tuple[str, str], ...]]
"""Seconds since 1970, operation, variables of its path. A tuple of plain values, which
the garbage collector need not follow."""

_StoredCall: TypeAlias = tuple[int, bytes]
"""The number of a call of any kind, and its JSON without the bodies."""


@frozen(kw_only=True)
class RecordedCall:
    """A call, as an MCP client or an HTTP client made it.

    :param at: seconds since 1970, in the time of the workspace.
    :param name: of the tool or of the operation.
    :param method: of the HTTP request; empty for a call of a tool.
    :param target: path and query of the HTTP request.
    :param status: of the HTTP response; 0 for a call of a tool.
    :param fault: the kind of the simulated fault, if one was applied.
    :param destructive: it deletes something, or the tool may.
    :param sent: the body of the request, or the arguments.
    :param received: the body of the response.
    """

    at: float
    name: str
    method: str = ""
    target: str = ""
    status: int = 0
    fault: str = ""
    destructive: bool = False
    sent: bytes = b""
    received: bytes = b""


@define(eq=False)
class Journal:
    """The last executed operations, and the last calls, oldest first."""

    _entries: deque[JournalEntry] = field(
        init=False, factory=lambda: deque(maxlen=MAX_ENTRIES)
    )
    _calls: deque[_StoredCall] = field(
        init=False, factory=lambda: deque(maxlen=MAX_CALLS)
    )
    _bodies: OrderedDict[int, tuple[bytes, bytes]] = field(
        init=False, factory=OrderedDict
    )
    _kept_bytes: int = field(init=False, default=0)
    _numbers: dict[str, int] = field(init=False, factory=dict)

    def note(self, at: float, operation: str, path: Mapping[str, str]) -> None:
        """Add an operation that was just executed.

        :param at: seconds since 1970, in the time of the workspace.
        :param path: the variables of its path, such as the id of an object.
        """
        self._entries.append((at, operation, tuple(path.items())))

    def add(self, call: RecordedCall) -> None:
        """Add a call. Keys and tokens in its query are not kept."""
        kind = "request" if call.method else "tool"
        number = self._numbers[kind] = self._numbers.get(kind, 0) + 1
        place = sum(self._numbers.values())
        head = {"kind": kind, "number": number, **_head(call)}
        self._calls.append((place, dumps(head)))
        self._bodies[place] = (call.sent, call.received)
        self._kept_bytes += len(call.sent) + len(call.received)
        while self._kept_bytes > MAX_KEPT_BYTES or len(self._bodies) > MAX_CALLS:
            _, dropped = self._bodies.popitem(last=False)
            self._kept_bytes -= sum(map(len, dropped))

    def as_json(self) -> list[ApiObject]:
        """Return the executed operations as ``GET /sandbox/effects`` shows them."""
        return [
            {"at": format_time(at), "operation": operation, "path": dict(path)}
            for at, operation, path in self._entries
        ]

    def calls_as_json(self) -> list[ApiObject]:
        """Return the calls as ``GET /sandbox/calls`` shows them.

        ``number`` counts the calls of tools, and the requests, from 1.
        """
        return [self._shown(*call) for call in self._calls]

    @property
    def forgotten_calls(self) -> int:
        """How many calls were dropped because there are more than `MAX_CALLS`."""
        return sum(self._numbers.values()) - len(self._calls)

    def _shown(self, place: int, head: bytes) -> ApiObject:
        shown: ApiObject = loads(head)
        bodies = self._bodies.get(place)
        if bodies is None:
            return {**shown, "bodies_dropped": True}
        names = ("arguments",) if shown["kind"] == "tool" else ("request", "response")
        return shown | dict(zip(names, map(_json, bodies), strict=False))


def _head(call: RecordedCall) -> ApiObject:
    """Return what is shown of a call besides the bodies."""
    common: ApiObject = {"at": format_time(call.at), "destructive": call.destructive}
    if not call.method:
        return {**common, "tool": call.name}
    return {
        **common,
        "operation": call.name,
        "method": call.method,
        "url": _SECRET.sub(r"\1***", call.target),
        "status": call.status,
        "fault": call.fault or None,
    }


def _json(body: bytes) -> Json:
    """Return a body as JSON, or as text if it is something else."""
    if not body:
        return None
    try:
        return loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
