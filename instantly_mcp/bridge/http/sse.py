"""Parses server-sent events (``text/event-stream``, WHATWG HTML section 9.2).

The limits count bytes as they arrive, so that neither an endless line nor an endless
event fills the memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import define, field, frozen

MAX_EVENT_BYTES = 16 << 20
"""Maximum size of one event. A daemon's message has 10 MiB at most."""

MAX_RETRY_MS = 60_000

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventTooLarge(Exception):
    """An event is larger than `MAX_EVENT_BYTES`."""


@frozen
class ServerEvent:
    """One event.

    :param data: its data; lines are joined with line feeds.
    :param id: the id of the last event, this one included, that had one; empty if none.
    """

    data: bytes
    id: str = ""


@define(eq=False)
class EventParser:
    """Parses a stream of events in pieces of any size.

    :ivar last_id: the id to resume after.
    :ivar retry_ms: how long the server asks to wait before reconnecting, if it does.
    """

    limit: int = MAX_EVENT_BYTES
    last_id: str = field(default="", init=False)
    retry_ms: int | None = field(default=None, init=False)
    _line: list[bytes] = field(factory=list, init=False, repr=False)
    _data: list[bytes] | None = field(default=None, init=False, repr=False)
    _size: int = field(default=0, init=False)
    _after_return: bool = field(default=False, init=False)
    _first: bool = field(default=True, init=False)

    def feed(self, data: bytes) -> Iterator[ServerEvent]:
        """Yield the events that these bytes complete.

        :raises EventTooLarge: when an event exceeds the limit.
        """
        if self._after_return and data:
            # The line feed of a CRLF whose halves arrived apart.
            data = data.removeprefix(b"\n")
            self._after_return = False
        self._after_return = data.endswith(b"\r") or (self._after_return and not data)
        *complete, rest = _LINE_END.split(data)
        for part in complete:
            self._add(part)
            line, self._line = b"".join(self._line), []
            if self._first:
                line, self._first = line.removeprefix(_BYTE_ORDER_MARK), False
            event = self._take(line)
            if event is not None:
                yield event
        self._add(rest)

    def _add(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self.limit:
            raise EventTooLarge
        if part:
            self._line.append(part)

    def _take(self, line: bytes) -> ServerEvent | None:
        """Take one line; return the event that it ends."""
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data = [*(self._data or []), value]
        elif name == b"id" and b"\0" not in value:
            self.last_id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit():
            self.retry_ms = min(int(value[:9]), MAX_RETRY_MS)
        if name != b"data":
            # Comments keep a stream alive for days: they must not add up.
            self._size -= len(line)
        return None

    def _dispatch(self) -> ServerEvent | None:
        lines, self._data, self._size = self._data, None, 0
        return None if lines is None else ServerEvent(b"\n".join(lines), self.last_id)
