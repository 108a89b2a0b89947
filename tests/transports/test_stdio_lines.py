"""Lines of standard input: whole, in order, and never the end of the process."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from instantly_mcp._noop import noop
from instantly_mcp.transports.stdio_lines import (
    ILineConsumer,
    ILineSink,
    LineConnection,
    LineDecoder,
    UnusableLine,
)

LIMIT = 64


@implementer(ILineSink)
@define(eq=False)
class Written:
    """Keeps the messages for the client."""

    messages: list[bytes] = field(factory=list)

    def write_line(self, message: bytes) -> None:
        """Keep one."""
        self.messages.append(message)

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The messages, decoded."""
        return [json.loads(each) for each in self.messages]


@implementer(ILineConsumer)
@define(eq=False)
class Heard:
    """Keeps the lines from the client."""

    lines: list[bytes] = field(factory=list)
    ends: int = 0
    on_pressure: Callable[[bool], object] = noop
    finished: Deferred[None] = field(factory=Deferred)

    def received(self, line: bytes) -> None:
        """Keep one."""
        self.lines.append(line)

    def pressed(self, high: bool) -> None:
        """Report it."""
        self.on_pressure(high)

    def ended(self) -> Deferred[None]:
        """Count the end."""
        self.ends += 1
        return self.finished


def lines_in(*chunks: bytes, limit: int = LIMIT) -> list[bytes | UnusableLine]:
    """Return all lines that a decoder makes of the chunks."""
    decoder = LineDecoder(limit)
    found = [line for chunk in chunks for line in decoder.feed(chunk)]
    return [*found, *decoder.end()]


def shown(lines: list[bytes | UnusableLine]) -> list[bytes]:
    """Return lines, and the answers to those that cannot be used."""
    return [line if isinstance(line, bytes) else line.encode() for line in lines]


def unusable(line: bytes | UnusableLine) -> UnusableLine:
    """Return a line that is expected to be unusable."""
    assert isinstance(line, UnusableLine)
    return line


def split_at(data: bytes, places: list[int]) -> list[bytes]:
    """Cut the bytes at these places."""
    ends = sorted({min(place, len(data)) for place in places} | {0, len(data)})
    return [data[begin:end] for begin, end in itertools.pairwise(ends)]


ANY_LINE = st.one_of(
    st.binary(max_size=LIMIT * 3),
    st.text(max_size=LIMIT).map(str.encode),
    st.integers().map(lambda id: b'{"jsonrpc":"2.0","id":%d,"x":1}' % id),
    st.integers(0, 99).map(lambda id: b"[" * LIMIT + b',"id":%d}' % id),
)


class LineDecoderTests(SynchronousTestCase):
    """Bytes become lines."""

    def test_lines(self):
        """Each line feed ends a line; a carriage return before it belongs to it."""
        self.assertEqual(
            lines_in(b"one\r\ntwo\n\n \r\nthree"), [b"one", b"two", b"three"]
        )

    def test_byte_order_mark(self):
        """A byte order mark at the beginning is dropped, later ones are content."""
        mark = "\ufeff".encode()
        self.assertEqual(lines_in(mark + b"{}\n" + mark), [b"{}", mark])

    @given(
        st.lists(ANY_LINE, max_size=6).map(b"\n".join),
        st.lists(st.integers(0, LIMIT * 12), max_size=12),
    )
    def test_any_chunks(self, data, places):
        """However the bytes arrive, the lines are the same."""
        cut = shown(lines_in(*split_at(data, places)))
        self.assertEqual(cut, shown(lines_in(data)))

    @given(st.binary(max_size=LIMIT * 8))
    def test_any_bytes(self, data):
        """No line is longer than the limit, and no good one gets lost."""
        good = [line for line in lines_in(data) if isinstance(line, bytes)]
        self.assertTrue(all(len(line) <= LIMIT for line in good))
        for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
            text = line.strip(b" \t\r")
            if text and len(line) <= LIMIT and text.isascii():
                self.assertIn(text, good)

    def test_longest(self):
        """A line of exactly the limit passes, also before a carriage return."""
        longest = b"x" * LIMIT
        self.assertEqual(lines_in(longest + b"\r\n"), [longest])

    def test_bounded(self):
        """Of a line that does not end, only both ends are kept in memory."""
        decoder = LineDecoder(LIMIT)
        for _ in range(1000):
            self.assertEqual(list(decoder.feed(b"x" * 1000)), [])
        self.assertLess(sum(map(len, decoder._parts)), 5000)

    def test_too_long(self):
        """A line that is too long is an error, and the next one is read."""
        long, after = lines_in(b"x" * (LIMIT + 1) + b"\nafter\n")
        self.assertEqual(unusable(long).error.code, -32600)
        self.assertIsNone(unusable(long).id)
        self.assertEqual(after, b"after")

    def test_id_of_too_long(self):
        """If the id of a long request is certain, its client gets the error for it."""
        filler = b'"' + b"x" * 2000 + b'"'
        for line, id in (
            (b'{"jsonrpc":"2.0","id":7,"method":"a","params":[%s]}', 7),
            (b'{ "id" : "a-1", "method":"a", "params":[%s]}', "a-1"),
            (b'{"method":"a","params":[%s],"jsonrpc":"2.0","id":-3}', -3),
            (b'{"method":"a","params":{"id":4,"text":%s}}', None),
            (b'{"method":"a","id":1.5,"params":[%s]}', None),
        ):
            for cut in (1, 7, 10_000):
                data = line % filler
                chunks = [data[at : at + cut] for at in range(0, len(data), cut)]
                (found,) = lines_in(*chunks)
                self.assertEqual(unusable(found).id, id, line)

    def test_not_utf_8(self):
        """A line that is not UTF-8 is a parse error, and the next one is read."""
        bad, after = lines_in(b'{"a":"\xff"}\nafter')
        self.assertEqual(unusable(bad).error.code, -32700)
        self.assertEqual(after, b"after")


class LineConnectionTests(SynchronousTestCase):
    """A client's bytes and what answers them."""

    def setUp(self):
        """Create a connection."""
        self.sink, self.consumer = Written(), Heard()
        self.connection = LineConnection(self.sink, self.consumer, LineDecoder(LIMIT))

    def test_interfaces(self):
        """The doubles provide the interfaces."""
        verifyObject(ILineSink, self.sink)
        verifyObject(ILineConsumer, self.consumer)

    def test_errors_are_sent(self):
        """An unusable line is answered on the spot; the consumer does not see it."""
        self.connection.data(b"\xff\none\n" + b"x" * (LIMIT * 2) + b"\n")
        self.assertEqual(self.consumer.lines, [b"one"])
        codes = [each["error"]["code"] for each in self.sink.errors]
        self.assertEqual(codes, [-32700, -32600])
        self.assertNotIn("id", self.sink.errors[0])

    def test_end(self):
        """At the end the last line counts, and the consumer finishes once."""
        self.connection.data(b"half")
        ended = self.connection.end()
        again = self.connection.end()
        self.assertEqual((self.consumer.lines, self.consumer.ends), ([b"half"], 1))
        self.assertNoResult(ended)
        self.consumer.finished.callback(None)
        self.successResultOf(ended)
        self.successResultOf(again)

    def test_stopped(self):
        """Half a line at a stop is not executed, nor is anything after it."""
        self.connection.data(b"half")
        self.connection.end(complete=False)
        self.connection.data(b" and the rest\n")
        self.assertEqual(self.consumer.lines, [])

    def test_failure_to_finish(self):
        """A consumer that fails has finished, too."""
        ended = self.connection.end()
        self.consumer.finished.errback(RuntimeError("canary"))
        self.successResultOf(ended)
        self.flushLoggedErrors(RuntimeError)
