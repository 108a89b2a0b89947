"""Bounds answers that clients do not read: how much memory they take, and how long.

A transport of Twisted accepts any number of bytes. Above 64 KiB it pauses its producer,
and resumes it only when its buffer is empty; it reports nothing in between. So the
buffers of connections whose clients read too slowly are measured from time to time:

- A connection whose buffers have not shrunk for `WebLimits.write_stall_seconds` is
  aborted. One that progresses, however slowly, is not.
- While all these connections together hold more than `WebLimits.unread_answers_bytes`,
  no further requests are parsed on any connection. After a second the connections that
  have gone longest without progress are aborted, until the rest holds half of that.

A connection is watched from the time when its transport is full, when it is closed with
bytes still unsent, or when an event stream finds unsent bytes at a keep-alive.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from attrs import define, field
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from .limits import WebLimits

try:
    import fcntl
    import termios
except ImportError:
    # Windows. No daemon runs there, but `instantly-mcp stdio` imports this module.
    fcntl = termios = None  # type: ignore[assignment]

_LOOKS_PER_STALL = 4
"""How often buffers are measured during `WebLimits.write_stall_seconds`."""

_SHED_SECONDS = 1.0
"""How often connections are aborted while too much is held."""


_NOTSENT_LOWAT = getattr(socket, "TCP_NOTSENT_LOWAT", None)


class Connected(Protocol):
    """A connection, as `UnreadAnswers` uses it."""

    transport: Any


@define
class _Behind:
    """The last measurement of one connection.

    :param since: when it last progressed, in seconds on the clock.
    :param held_bytes: bytes in the buffers of its transport.
    :param unsent: those of them that the kernel has not taken yet.
    :param queued: bytes in the kernel that the client has not acknowledged.
    """

    since: float
    held_bytes: int = 0
    unsent: int = 0
    queued: int = 0


@define(eq=False)
class UnreadAnswers:
    """Watches the connections with unread answers.

    :param expired: called for each connection that is aborted.
    :ivar full: more than `WebLimits.unread_answers_bytes` are held.
    """

    clock: IReactorTime
    limits: WebLimits
    expired: Callable[[], object]
    full: bool = field(init=False, default=False)
    held_bytes: int = field(init=False, default=0)
    _behind: dict[Connected, _Behind] = field(init=False, factory=dict)
    _held_off: dict[Connected, Callable[[], None]] = field(init=False, factory=dict)
    _waking: bool = field(init=False, default=False)
    _timer: IDelayedCall | None = field(init=False, default=None)

    def __len__(self) -> int:
        return len(self._behind)

    def watch(self, connection: Connected) -> None:
        """Watch a connection with bytes that its client has not read."""
        behind = self._behind.get(connection)
        if behind is None:
            behind = self._behind[connection] = _Behind(self.clock.seconds())
        self._measure(connection, behind)
        if self.held_bytes > self.limits.unread_answers_bytes and not self.full:
            self.full = True
            self._look_within(_SHED_SECONDS)
        elif self._timer is None:
            self._look_within(self._interval)

    def release(self, connection: Connected) -> None:
        """Stop watching a connection whose buffers are empty, or that has ended."""
        self._held_off.pop(connection, None)
        behind = self._behind.pop(connection, None)
        if behind is None:
            return
        self.held_bytes -= behind.held_bytes
        if not self._behind and self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wake()

    def hold_off(self, connection: Connected, parse_more: Callable[[], None]) -> None:
        """Call `parse_more` when `full` is false again."""
        self._held_off[connection] = parse_more

    @property
    def _interval(self) -> float:
        return self.limits.write_stall_seconds / _LOOKS_PER_STALL

    def _look_within(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = self.clock.callLater(seconds, self._look)
        elif self._timer.getTime() > self.clock.seconds() + seconds:
            self._timer.reset(seconds)

    def _look(self) -> None:
        self._timer = None
        now, allowed = self.clock.seconds(), self.limits.write_stall_seconds
        for connection, behind in tuple(self._behind.items()):
            unsent, in_kernel = behind.unsent, behind.queued
            behind.queued = queued(connection.transport)
            self._measure(connection, behind)
            if behind.unsent < unsent or behind.queued < in_kernel:
                behind.since = now
            elif now - behind.since >= allowed:
                self._abort(connection)
        if self.full:
            self._shed()
        if self._behind:
            self._look_within(_SHED_SECONDS if self.full else self._interval)
        self._wake()

    def _measure(self, connection: Connected, behind: _Behind) -> None:
        held, behind.unsent = buffered(connection.transport)
        self.held_bytes += held - behind.held_bytes
        behind.held_bytes = held

    def _shed(self) -> None:
        """Abort connections until half of the limit is free.

        Those that have gone longest without progress are first, then those that hold
        most. Half is freed so that the requests that were held off do not reach the
        limit again at once.
        """
        enough = self.limits.unread_answers_bytes // 2
        order = sorted(
            self._behind.items(), key=lambda item: (item[1].since, -item[1].held_bytes)
        )
        for connection, _ in order:
            if self.held_bytes <= enough:
                return
            self._abort(connection)

    def _abort(self, connection: Connected) -> None:
        behind = self._behind.pop(connection)
        self.held_bytes -= behind.held_bytes
        self._held_off.pop(connection, None)
        self.expired()
        connection.transport.abortConnection()

    def _wake(self) -> None:
        if self.full and self.held_bytes <= self.limits.unread_answers_bytes:
            self.full = False
        if self._waking:
            return
        self._waking = True
        try:
            while self._held_off and not self.full:
                self._held_off.pop(next(iter(self._held_off)))()
        finally:
            self._waking = False


def buffered(transport: Any) -> tuple[int, int]:
    """Return the bytes in a transport's buffers, and how many of them are unsent.

    A large buffer is sent piece by piece and freed when the last one is sent. The
    attributes are private ones of `twisted.internet.abstract.FileDescriptor`; a TLS
    transport passes the access on to the one below it.
    """
    held = len(getattr(transport, "dataBuffer", b""))
    held += getattr(transport, "_tempDataLen", 0)
    return held, held - getattr(transport, "offset", 0)


def limit_kernel_queue(transport: Any, size: int) -> None:
    """Limit the bytes that the kernel takes without being able to send them yet.

    Its own limit grows to megabytes for each connection. Bytes that were sent and are
    not acknowledged yet do not count, so transfers do not become slower. UNIX sockets
    have a small limit of their own.
    """
    if _NOTSENT_LOWAT is not None:
        with suppress(AttributeError, OSError):
            transport.socket.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, size)


def queued(transport: Any) -> int:
    """Return how many bytes the kernel holds for the client; 0 if that is unknown.

    The kernel takes bytes in large steps with long pauses if its buffer is large. The
    progress of a slow client shows here earlier.
    """
    try:
        answer = fcntl.ioctl(transport.fileno(), termios.TIOCOUTQ, bytes(4))
    except (AttributeError, OSError, ValueError):
        return 0
    size: int = struct.unpack("i", answer)[0]
    return size
