"""The framing of MCP over standard input and output: one message a line, in UTF-8.

The specification (basic/transports, "stdio") separates messages by line feeds, which no
message contains: JSON escapes them. This module has no I/O. `LineDecoder` cuts bytes
into lines, and `LineConnection` passes them to what answers them. `stdio_pipes` has the
threads that read and write.

A line that cannot be a message never ends the process. It is answered with a JSON-RPC
error: -32700 if it is not UTF-8, -32600 if it has more than `MAX_LINE_BYTES`. What JSON
it holds is for the consumer to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from zope.interface import Interface

from .._json_codec import loads
from ..protocol.wire.errors import ProtocolError, invalid_request, parse_error
from ..protocol.wire.jsonrpc import Id, Response

MAX_LINE_BYTES = 10 << 20
"""Maximum length of a line, without its end: as the default of ``max_body``."""

_KEPT = 512
"""Bytes at both ends of a long line in which its id is looked for."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ID = rb'"id"\s*:\s*(-?\d{1,18}|"[\w.:/-]{0,200}")'
_ID_FIRST = re.compile(rb'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?' + _ID + rb"\s*,")
_ID_LAST = re.compile(rb",\s*" + _ID + rb"\s*\}\s*\Z")


class ILineSink(Interface):
    """Takes the messages for the client."""

    def write_line(message: bytes) -> None:
        """Send one encoded message; never blocks, and keeps the order.

        :param message: JSON in UTF-8. It is dropped silently when the client has closed
            its end.
        """


class ILineConsumer(Interface):
    """Answers the lines of one client: this server, or a relay to another one."""

    def received(line: bytes) -> None:
        """Take one line.

        :param line: UTF-8, not blank, without its end, at most `MAX_LINE_BYTES`. It may
            still be anything but a message.
        """

    def pressed(high: bool) -> None:
        """Note that the client leaves much of what it was sent unread.

        :param high: from now on; ``False`` when it has caught up. Meanwhile no further
            lines are read, and who relays should not read from elsewhere either.
        """

    def ended() -> Deferred[None]:
        """Finish: the client sends nothing more, or reads nothing more.

        Called once.

        :returns: fires when the process may end: nothing is left that must be finished.
            What was passed to `ILineSink` before that is still written.
        """


@frozen
class UnusableLine:
    """A line that cannot be a message, and why.

    :param id: the id of the request in it, as far as that is certain, so that the
        client does not wait for an answer.
    """

    error: ProtocolError
    id: Id | None = None

    def encode(self) -> bytes:
        """Return the error response."""
        return Response(self.id, error=self.error).encode()


Line: TypeAlias = bytes | UnusableLine


@define(eq=False)
class LineDecoder:
    """Cuts a stream of bytes into lines.

    Blank lines are dropped, and so is a byte order mark at the beginning, which Windows
    shells write. The last line needs no line feed.

    :param limit: maximum length of a line in bytes.
    """

    limit: int = MAX_LINE_BYTES
    _parts: list[bytes] = field(factory=list, init=False, repr=False)
    _size: int = field(default=0, init=False)
    _head: bytes = field(default=b"", init=False, repr=False)
    _first: bool = field(default=True, init=False)

    def feed(self, data: bytes) -> Iterator[Line]:
        """Yield each line that these bytes complete."""
        *complete, rest = data.split(b"\n")
        for part in complete:
            self._add(part)
            yield from self._line()
        self._add(rest)

    def end(self) -> Iterator[Line]:
        """Yield the last line, if it has no line feed."""
        yield from self._line()

    def _add(self, part: bytes) -> None:
        self._size += len(part)
        if not part:
            return
        self._parts.append(part)
        if self._size > self.limit + 1:
            # One more than the limit: a carriage return may belong to the line's end.
            self._shorten()

    def _shorten(self) -> None:
        """Keep only both ends of a line that is too long."""
        text = b"".join(self._parts)
        self._head = self._head or text[: min(_KEPT, self.limit)]
        self._parts = [text[-_KEPT:]]

    def _line(self) -> Iterator[Line]:
        line, head, size = b"".join(self._parts), self._head, self._size
        self._parts, self._head, self._size = [], b"", 0
        if self._first:
            self._first = False
            if not head:
                line = line.removeprefix(_BYTE_ORDER_MARK)
        if not head:
            line = line.strip(b" \t\r")
            size = len(line)
        if size > self.limit:
            head = head or line[: min(_KEPT, self.limit)]
            yield _too_long(head, line[-_KEPT:], self.limit)
        elif line:
            yield _checked(line)


def _checked(line: bytes) -> Line:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return UnusableLine(parse_error("the line is not UTF-8"))
    return line


def _too_long(head: bytes, tail: bytes, limit: int) -> UnusableLine:
    found = _ID_FIRST.match(head) or _ID_LAST.search(tail)
    id: Id | None = None if found is None else loads(found[1])
    return UnusableLine(invalid_request(f"a line has at most {limit:,} bytes"), id)


@define(eq=False)
class LineConnection:
    """One client: cuts what it sends into lines, and answers what cannot be a message.

    :param sink: takes the messages for the client.
    :param consumer: answers all other lines.
    """

    sink: ILineSink
    consumer: ILineConsumer
    decoder: LineDecoder = field(factory=LineDecoder)
    _ending: Deferred[None] | None = field(default=None, init=False, repr=False)

    def data(self, data: bytes) -> None:
        """Take bytes from the client; those after `end` are dropped."""
        if self._ending is None:
            self._pass_on(self.decoder.feed(data))

    def end(self, *, complete: bool = True) -> Deferred[None]:
        """Finish, because the client sends or reads nothing more. Idempotent.

        :param complete: the input is over, so that a last line without a line feed
            counts. When the process is stopped it may be half a message.
        :returns: fires when the consumer has finished.
        """
        if self._ending is None:
            if complete:
                self._pass_on(self.decoder.end())
            self._ending = self.consumer.ended()
        ended: Deferred[None] = Deferred()

        def fire(outcome: object) -> object:
            ended.callback(None)
            return outcome

        self._ending.addBoth(fire)
        return ended

    def _pass_on(self, lines: Iterator[Line]) -> None:
        for line in lines:
            if isinstance(line, UnusableLine):
                self.sink.write_line(line.encode())
            else:
                self.consumer.received(line)
