"""Standard input and output of this process as the connection to one client.

Two threads read and write, because nothing else works everywhere. Twisted's
``StandardIO`` needs pywin32 on Windows, where ``select`` takes sockets only; on Linux
``epoll`` refuses a regular file (``instantly-mcp stdio < requests``); and O_NONBLOCK,
which a reactor needs, would also be set for the other processes that share the pipe or
the terminal. Each thread makes plain blocking calls on a descriptor; all else happens
in the thread of the reactor.

- Reading is in lockstep: the next bytes are read once the former are passed on, and
  not while the client leaves more than `PAUSE_BYTES` of answers unread. So a client
  that does not read cannot fill the memory.
- Writing has one queue, whose lines are written in order and never interleaved.
- The process's own standard output is kept for messages. `take_standard_streams`
  points descriptor 1 and ``sys.stdout`` to standard error, so that neither a library
  that prints nor a child process can put anything between the messages. Standard input
  is replaced by the null device for the same reason.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Protocol

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from zope.interface import implementer

from .stdio_lines import ILineConsumer, ILineSink, LineConnection

if sys.platform == "win32":
    import msvcrt

READ_BYTES = 64 * 1024

PAUSE_BYTES = 4 << 20
"""Unread answers, in bytes, with which no further message is read."""

MAX_UNREAD_BYTES = 64 << 20
"""Unread answers, in bytes, with which the client counts as gone."""


class CallFromThread(Protocol):
    """The method of this name of a reactor."""

    def __call__(self, function: Callable[..., object], /, *args: object) -> object:
        """Run a function in the reactor's thread, in the order of the calls."""


@frozen
class StandardStreams:
    """Descriptors for messages: nothing else in this process uses them."""

    incoming: int
    outgoing: int


def take_standard_streams() -> StandardStreams:
    """Keep standard input and output for messages; see the head of this module."""
    sys.stdout.flush()
    streams = StandardStreams(os.dup(0), os.dup(1))
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    for descriptor in (streams.incoming, streams.outgoing):
        _make_binary(descriptor)
    return streams


def _make_binary(descriptor: int) -> None:
    """Switch off the translation of line ends, which only Windows has."""
    if sys.platform == "win32":
        msvcrt.setmode(descriptor, os.O_BINARY)


@define(eq=False)
class InputThread:
    """Reads a descriptor in a thread.

    :param call: runs a function in the reactor's thread.
    :param received: called with the bytes.
    :param ended: called once, at the end of the input.
    """

    descriptor: int
    call: CallFromThread
    received: Callable[[bytes], object]
    ended: Callable[[], object]
    _turn: Semaphore = field(factory=lambda: Semaphore(0), init=False, repr=False)
    _paused: bool = field(default=False, init=False)
    _waits: bool = field(default=True, init=False)

    def start(self) -> None:
        """Begin to read."""
        Thread(target=self._run, name="stdio input", daemon=True).start()
        self._go_on()

    def pause(self) -> None:
        """Read nothing more after what is being read now."""
        self._paused = True

    def resume(self) -> None:
        """Go on after `pause`."""
        self._paused = False
        self._go_on()

    def _go_on(self) -> None:
        if self._waits and not self._paused:
            self._waits = False
            self._turn.release()

    def _run(self) -> None:
        data = b"-"
        while data:
            self._turn.acquire()
            data = _read(self.descriptor)
            self.call(self._take, data)

    def _take(self, data: bytes) -> None:
        if not data:
            self.ended()
            return
        self.received(data)
        self._waits = True
        self._go_on()


def _read(descriptor: int) -> bytes:
    while True:
        try:
            return os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            # Another process that shares the pipe has set O_NONBLOCK.
            select.select([descriptor], [], [])
        except OSError:
            # A terminal that was closed (EIO); a pipe of Windows whose writer ended.
            return b""


@implementer(ILineSink)
@define(eq=False)
class OutputThread:
    """Writes lines to a descriptor in a thread.

    :param call: runs a function in the reactor's thread.
    :param backlog: called with the bytes that are not written yet, when they change.
    :param lost: called once if the client closed its end, or does not read.
    """

    descriptor: int
    call: CallFromThread
    backlog: Callable[[int], object]
    lost: Callable[[], object]
    _queue: SimpleQueue[bytes | None] = field(
        factory=SimpleQueue, init=False, repr=False
    )
    _unwritten: int = field(default=0, init=False)
    _open: bool = field(default=True, init=False)
    _written_all: Deferred[None] = field(factory=Deferred, init=False, repr=False)

    def start(self) -> None:
        """Begin to write."""
        Thread(target=self._run, name="stdio output", daemon=True).start()

    def write_line(self, message: bytes) -> None:
        """Queue one message."""
        if not self._open:
            return
        # A line feed between two tokens of JSON means as much as a space.
        line = message.replace(b"\n", b" ") + b"\n"
        self._count(len(line))
        self._queue.put(line)
        if self._unwritten > MAX_UNREAD_BYTES:
            self._lose()

    def close(self) -> Deferred[None]:
        """Write what is queued, then end the thread; call it once.

        :returns: fires when all is written, or when it cannot be.
        """
        self._open = False
        self._queue.put(None)
        return self._written_all

    def _run(self) -> None:
        while (line := self._queue.get()) is not None:
            try:
                _write(self.descriptor, line)
            except OSError:
                self.call(self._lose)
                return
            self.call(self._count, -len(line))
        self.call(self._finish)

    def _count(self, change: int) -> None:
        self._unwritten += change
        self.backlog(self._unwritten)

    def _lose(self) -> None:
        was_open, self._open = self._open, False
        self._finish()
        if was_open:
            self.lost()

    def _finish(self) -> None:
        if not self._written_all.called:
            self._written_all.callback(None)


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:
            select.select([], [descriptor], [])


@implementer(ILineSink)
@define(eq=False)
class StdioPipes:
    """Connects standard input and output to a consumer.

    :param call: ``callFromThread`` of the reactor.
    :ivar finished: fires when the consumer has finished.
    :ivar done: fires after that, when all its messages are written or cannot be.
    """

    streams: StandardStreams
    call: CallFromThread
    finished: Deferred[None] = field(factory=Deferred, init=False, repr=False)
    done: Deferred[None] = field(factory=Deferred, init=False, repr=False)
    _input: InputThread = field(init=False, repr=False)
    _output: OutputThread = field(init=False, repr=False)
    _connection: LineConnection = field(init=False, repr=False)
    _ending: bool = field(default=False, init=False)
    _pressed: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        """Prepare both threads."""
        self._input = InputThread(
            self.streams.incoming, self.call, self._received, self._at_end
        )
        self._output = OutputThread(
            self.streams.outgoing, self.call, self._balance, self.stop
        )

    def start(self, consumer: ILineConsumer) -> None:
        """Begin to read and to write."""
        self._connection = LineConnection(self, consumer)
        self._output.start()
        self._input.start()

    def write_line(self, message: bytes) -> None:
        """Send one message."""
        self._output.write_line(message)

    def stop(self) -> None:
        """Let the consumer finish without further input. Idempotent."""
        self._finish(complete=False)

    def _received(self, data: bytes) -> None:
        self._connection.data(data)

    def _at_end(self) -> None:
        self._finish(complete=True)

    def _finish(self, *, complete: bool) -> None:
        if self._ending:
            return
        self._ending = True
        ended = self._connection.end(complete=complete)
        ended.addCallback(self._close)
        ended.chainDeferred(self.done)

    def _close(self, _: None) -> Deferred[None]:
        self.finished.callback(None)
        return self._output.close()

    def _balance(self, unwritten: int) -> None:
        if unwritten > PAUSE_BYTES and not self._pressed:
            self._press(True)
            self._input.pause()
        elif unwritten <= PAUSE_BYTES // 2 and self._pressed:
            self._press(False)
            self._input.resume()

    def _press(self, high: bool) -> None:
        self._pressed = high
        self._connection.consumer.pressed(high)
