"""Real pipes: what is written arrives whole, in order, and never mixed."""

from __future__ import annotations

import json
import os
from threading import Event, Thread
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from instantly_mcp._deferred import deferred
from instantly_mcp._noop import noop
from instantly_mcp.transports.stdio_pipes import (
    MAX_UNREAD_BYTES,
    PAUSE_BYTES,
    OutputThread,
    StandardStreams,
    StdioPipes,
)

from .test_stdio_lines import Heard


def directly(function: Any, *args: Any) -> None:
    """Run a function in the thread that calls."""
    function(*args)


def read_all(descriptor: int) -> bytes:
    """Read to the end."""
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


class OutputThreadTests(SynchronousTestCase):
    """The thread that writes."""

    @given(st.lists(st.binary(max_size=200_000), max_size=6), st.booleans())
    @settings(max_examples=20, deadline=None)
    def test_whole_and_in_order(self, messages: list[bytes], nonblocking: bool) -> None:
        """Each message is one line, in order, also on a pipe that does not block."""
        reader, writer = os.pipe()
        os.set_blocking(writer, not nonblocking)
        output = OutputThread(writer, directly, noop, noop)
        output.start()
        for message in messages:
            output.write_line(message)
        closing = output.close()
        closing.addCallback(lambda _: os.close(writer))
        lines = read_all(reader).split(b"\n")
        self.assertEqual(lines.pop(), b"")
        self.assertEqual(lines, [each.replace(b"\n", b" ") for each in messages])

    def test_lost(self) -> None:
        """A client that closed its end is reported once, and the rest is dropped."""
        reader, writer = os.pipe()
        os.close(reader)
        lost: list[bool] = []
        queued: list[Any] = []
        failed = Event()

        def later(function: Any, *arguments: Any) -> None:
            queued.append((function, arguments))
            failed.set()

        output = OutputThread(writer, later, noop, lambda: lost.append(True))
        output.start()
        output.write_line(b"{}")
        failed.wait()
        for function, arguments in queued:
            function(*arguments)
        output.write_line(b"{}")
        self.assertEqual(lost, [True])
        self.successResultOf(output.close())
        os.close(writer)

    def test_never_reads(self) -> None:
        """A client that leaves too much unread counts as gone."""
        lost: list[bool] = []
        output = OutputThread(-1, directly, noop, lambda: lost.append(True))
        message = b"x" * (MAX_UNREAD_BYTES // 4)
        for _ in range(6):
            output.write_line(message)
        self.assertEqual(lost, [True])


class StdioPipesTests(TestCase):
    """Both threads and a consumer."""

    def setUp(self) -> None:
        """Connect pipes."""
        incoming, self.to_server = os.pipe()
        self.from_server, outgoing = os.pipe()
        self.consumer = Heard()
        call: Any = reactor
        self.pipes = StdioPipes(
            StandardStreams(incoming, outgoing), call.callFromThread
        )
        for each in (incoming, outgoing):
            self.addCleanup(os.close, each)

    @deferred
    async def test_lines_and_end(self) -> None:
        """Lines arrive; the end of the input ends the consumer, then the output."""
        self.pipes.start(self.consumer)
        os.write(self.to_server, b'{"a":1}\n{"b"')
        os.write(self.to_server, b":2}")
        os.close(self.to_server)
        self.consumer.finished.callback(None)
        await self.pipes.finished
        self.assertEqual(self.consumer.lines, [b'{"a":1}', b'{"b":2}'])
        self.pipes.write_line(b"too late")
        await self.pipes.done
        os.close(self.from_server)

    @deferred
    async def test_stopped(self) -> None:
        """A stop ends the consumer although the input stays open."""
        self.consumer.finished.callback(None)
        self.pipes.start(self.consumer)
        self.pipes.stop()
        self.pipes.stop()
        await self.pipes.done
        self.assertEqual(self.consumer.ends, 1)
        for each in (self.to_server, self.from_server):
            os.close(each)

    @deferred
    async def test_pressure(self) -> None:
        """While the client leaves too much unread, nothing is read from it."""
        pressed: Deferred[None] = Deferred()
        relaxed: Deferred[None] = Deferred()

        def note(high: bool) -> None:
            (pressed if high else relaxed).callback(None)

        self.consumer.on_pressure = note
        self.pipes.start(self.consumer)
        for _ in range(5):
            self.pipes.write_line(json.dumps("x" * (PAUSE_BYTES // 4)).encode())
        await pressed
        self.consumer.finished.callback(None)
        reading: Any = deferToThread(read_some, self.from_server, PAUSE_BYTES)
        await reading
        await relaxed
        self.assertEqual(self.consumer.lines, [])
        Thread(target=read_all, args=(self.from_server,), daemon=True).start()
        os.close(self.to_server)
        await self.pipes.done


def read_some(descriptor: int, count: int) -> None:
    """Read so many bytes."""
    while count > 0:
        count -= len(os.read(descriptor, 65536))
