"""Limits of an upstream's reply: every part that has no length of its own.

The connection is in memory: a test feeds it like the network would, until it is closed.
"""

from __future__ import annotations

import gzip
import zlib
from itertools import repeat
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import connectionDone
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs
from twisted.python.failure import Failure
from zope.interface import implementer

from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.api.http.bounded_reply import (
    MAX_HEAD_BYTES,
    MAX_WIRE_BYTES,
    BoundedPool,
    BoundedProtocol,
)
from instantly_mcp.api.http.connection import OriginAgent
from instantly_mcp.api.upstream import Upstream
from tests.support.cases import ClockedTestCase

from ..builders import CREATE, LIST, client, granted

URL = "http://api.example.com"
READ_SIZE = 65_536
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class Line(StringTransport):
    """One connection, seen from the upstream."""

    def __init__(self, protocol: BoundedProtocol) -> None:
        super().__init__()
        self.protocol = protocol
        protocol.makeConnection(self)

    @property
    def closed(self) -> bool:
        return bool(self.disconnecting)

    def resumeProducing(self) -> None:
        """Resume, or do nothing on a closed connection, as a real one does."""
        if not self.closed:
            super().resumeProducing()

    def feed(self, *parts: bytes) -> None:
        """Let the client read each part, while it does not close the connection."""
        for part in parts:
            for begin in range(0, len(part), READ_SIZE):
                if self.closed:
                    return
                self.protocol.dataReceived(part[begin : begin + READ_SIZE])

    def flood(self, part: bytes, most: int = 60_000_000) -> int:
        """Send one part repeatedly; return how many bytes were accepted."""
        whole = part * max(1, READ_SIZE // len(part))
        taken = 0
        while not self.closed and taken < most:
            self.protocol.dataReceived(whole[:READ_SIZE])
            taken += len(whole[:READ_SIZE])
        return taken


@implementer(IStreamClientEndpoint)
class Lines:
    """Makes connections in memory, and remembers them."""

    def __init__(self) -> None:
        self.made: list[Line] = []

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        protocol = protocolFactory.buildProtocol(None)
        self.made.append(Line(protocol))
        return succeed(protocol)


class WireTestCase(ClockedTestCase):
    """A client whose connections are in memory."""

    def setUp(self) -> None:
        super().setUp()
        self.lines = Lines()
        self.pool = BoundedPool(self.clock)
        self.pool.retryAutomatically = False
        self.addCleanup(self.pool.closeCachedConnections)
        agent = OriginAgent(Upstream.parse(URL), self.lines, self.pool)
        self.client = client(agent, URL, self.clock)

    def call(self, operation: Any = LIST, **arguments: Any) -> tuple[Line, Any]:
        """Begin a call; return the connection that it went over, and the call."""
        call = self.client.execute(operation, arguments, granted())
        sent = [line for line in self.lines.made if line.value()]
        self.assertEqual(len(sent), 1)
        sent[0].clear()
        return sent[0], call

    def error_of(self, call: Deferred[Any]) -> ApiError:
        error = self.failureResultOf(call, ApiError).value
        assert isinstance(error, ApiError)
        return error


class HeadTests(WireTestCase):
    def assert_head_refused(self, begin: bytes, without_end: bytes) -> None:
        line, call = self.call()
        line.feed(begin)
        taken = line.flood(without_end)
        self.assertTrue(line.closed, "the connection stayed open")
        self.assertLessEqual(taken, MAX_HEAD_BYTES + READ_SIZE)
        error = self.error_of(call)
        self.assertEqual(error.reason, Reason.UNEXPECTED_REPLY)
        self.assertIn("headers are larger than 64 kB", error.message)

    def test_header_lines_without_end(self) -> None:
        """Endless header lines are read up to 64 kB, then the call fails."""
        self.assert_head_refused(OK, b"X-More: aaaaaaaaaaaaaaaaaaaaaaaa\r\n")

    def test_one_header_line_without_end(self) -> None:
        """One endless header line is read up to 64 kB."""
        self.assert_head_refused(OK + b"X-More: ", b"a")

    def test_folded_header_without_end(self) -> None:
        """A header with endless continuation lines is read up to 64 kB."""
        self.assert_head_refused(OK + b"X-More: a\r\n", b" a\r\n")

    def test_status_line_without_end(self) -> None:
        """An endless status line is read up to 64 kB."""
        self.assert_head_refused(b"HTTP/1.1 200 ", b"O")

    def test_interim_replies_without_end(self) -> None:
        """Endless interim replies count as one head, and are not logged."""
        with capturedLogs() as logged:
            self.assert_head_refused(b"", b"HTTP/1.1 100 Continue\r\n\r\n")
        self.assertEqual(logged, [])

    def test_many_short_header_lines(self) -> None:
        """Header lines of three bytes have the same limit."""
        self.assert_head_refused(OK, b"a:\n")

    def test_write_whose_head_is_too_large(self) -> None:
        """A write whose reply cannot be read fails with an unknown outcome."""
        line, call = self.call(CREATE, name="Q4")
        line.feed(OK)
        line.flood(b"X-More: a\r\n")
        error = self.error_of(call)
        self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)
        self.assertIn("headers are larger than 64 kB", error.message)

    def test_head_of_just_the_limit(self) -> None:
        """A head of 64 kB is read, and so is the body that follows it."""
        line, call = self.call()
        tail = b"\r\nContent-Length: 12\r\n\r\n"
        head = OK + b"X-Big: "
        head += b"a" * (MAX_HEAD_BYTES - len(head) - len(tail)) + tail
        self.assertEqual(len(head), MAX_HEAD_BYTES)
        line.feed(head + b'{"items":[]}')
        self.assertEqual(self.successResultOf(call), {"items": []})
        self.assertFalse(line.closed)

    def test_each_reply_is_counted_from_its_own_beginning(self) -> None:
        """On a kept connection the next reply has the whole limit again."""
        reply = OK + b"X-Big: " + b"a" * 40_000
        reply += b'\r\nContent-Length: 12\r\n\r\n{"items":[]}'
        for _ in range(3):
            line, call = self.call()
            line.feed(reply)
            self.assertEqual(self.successResultOf(call), {"items": []})
        self.assertEqual(len(self.lines.made), 1)

    def test_interim_replies(self) -> None:
        """A few interim replies before the reply are skipped."""
        line, call = self.call()
        line.feed(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3)
        line.feed(OK + b'Content-Length: 12\r\n\r\n{"items":[]}')
        self.assertEqual(self.successResultOf(call), {"items": []})

    def test_what_is_not_http(self) -> None:
        """A reply that is not HTTP is an unexpected reply, which quotes nothing."""
        for nonsense in (
            b"SSH-2.0-secret\r\n",
            b"HTTP/1.1 two OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nno colon here: secret\r\nsecret\r\n\r\n",
            OK + b"Content-Length: 1, 2\r\n\r\n",
            OK + b"Content-Length: -1\r\n\r\n",
            OK + b"Transfer-Encoding: secret\r\n\r\n",
        ):
            line, call = self.call()
            line.feed(nonsense)
            self.assertTrue(line.closed, nonsense)
            error = self.error_of(call)
            self.assertEqual(error.reason, Reason.UNEXPECTED_REPLY)
            self.assertIn("malformed headers", error.message)
            self.assertNotIn("secret", error.message)

    @given(st.lists(st.integers(1, 9000), max_size=40))
    def test_pieces(self, sizes: list[int]) -> None:
        """A reply reads the same in whatever pieces it arrives."""
        self.setUp()
        body = b'{"items":[' + b",".join(repeat(b'{"id":"x"}', 900)) + b"]}"
        reply = OK + b"X-Big: %b\r\n" % (b"a" * 5000)
        reply += b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        line, call = self.call()
        for size in sizes:
            line.feed(reply[:size])
            reply = reply[size:]
        line.feed(reply)
        self.assertEqual(len(self.successResultOf(call)["items"]), 900)
        self.pool.closeCachedConnections()


class BodyTests(WireTestCase):
    def test_trailers_without_end(self) -> None:
        """Endless trailers are collected up to a limit."""
        line, call = self.call()
        line.feed(CHUNKED, b"2\r\n[]\r\n0\r\n")
        taken = line.flood(b"X-More: a\r\n")
        self.assertTrue(line.closed)
        self.assertLess(taken, 4 * READ_SIZE)
        self.assertIn("a malformed body", self.error_of(call).message)

    def test_one_trailer_line_without_end(self) -> None:
        """One endless trailer line has a limit too."""
        line, call = self.call()
        line.feed(CHUNKED, b"2\r\n[]\r\n0\r\nX-More: ")
        self.assertLess(line.flood(b"a"), 4 * READ_SIZE)
        self.assertIn("a malformed body", self.error_of(call).message)

    def test_chunk_size_line_without_end(self) -> None:
        """An endless chunk size or chunk extension is refused."""
        for begin, part in ((b"", b"0"), (b"2;", b"a")):
            line, call = self.call()
            line.feed(CHUNKED, begin)
            self.assertLessEqual(line.flood(part), 2 * READ_SIZE)
            self.assertIn("a malformed body", self.error_of(call).message)

    def test_chunk_extensions_that_dwarf_the_body(self) -> None:
        """Chunk extensions count towards the limit of bytes on the wire."""
        line, call = self.call()
        line.feed(CHUNKED)
        taken = line.flood(b"1;" + b"a" * 1000 + b"\r\n \r\n")
        self.assertTrue(line.closed)
        self.assertLessEqual(taken, MAX_WIRE_BYTES + READ_SIZE)
        self.assertEqual(self.error_of(call).reason, Reason.TOO_LARGE)

    def test_body_without_length(self) -> None:
        """A body that ends with the connection has a limit."""
        line, call = self.call()
        line.feed(OK + b"\r\n")
        self.assertLess(line.flood(b" "), 10_000_000 + 2 * READ_SIZE)
        self.assertEqual(self.error_of(call).reason, Reason.TOO_LARGE)

    def test_compression_that_yields_nothing(self) -> None:
        """Endless empty compressed blocks have a limit."""
        line, call = self.call()
        maker = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
        begin = maker.compress(b"") + maker.flush(zlib.Z_SYNC_FLUSH)
        head = CHUNKED.replace(OK, OK + b"Content-Encoding: gzip\r\n")
        line.feed(head, b"7fffffff\r\n", begin)
        taken = line.flood(b"\x00\x00\x00\xff\xff")
        self.assertTrue(line.closed)
        self.assertLessEqual(taken, MAX_WIRE_BYTES + READ_SIZE)
        self.assertEqual(self.error_of(call).reason, Reason.TOO_LARGE)

    def test_data_behind_the_compressed_body(self) -> None:
        """Bytes after the end of a compressed body are not collected."""
        line, call = self.call()
        line.feed(OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"[]"))
        self.assertLessEqual(line.flood(b"a"), READ_SIZE)
        self.assertTrue(line.closed)
        self.assertIn("behind the end of its gzip", self.error_of(call).message)

    def test_several_codings(self) -> None:
        """A body that is compressed twice is refused at its headers."""
        line, call = self.call()
        line.feed(OK + b"Content-Encoding: gzip, gzip\r\n\r\n")
        self.assertTrue(line.closed)
        self.assertIn("not asked for", self.error_of(call).message)

    def test_chunks_of_one_byte(self) -> None:
        """A body in chunks of one byte is read."""
        line, call = self.call()
        chunks = b"".join(b"1\r\n%c\r\n" % each for each in b'{"items":[]}')
        line.feed(CHUNKED + chunks + b"0\r\n\r\n")
        self.assertEqual(self.successResultOf(call), {"items": []})

    def test_slow_head(self) -> None:
        """Headers that arrive too slowly end with the deadline for the first byte."""
        line, call = self.call()
        self.drip(line, OK + b"X: y\r\n" * 30, seconds=30)
        self.assertTrue(line.closed)
        self.assertEqual(self.error_of(call).reason, Reason.TIMEOUT)

    def test_slow_interim_replies(self) -> None:
        """Interim replies do not extend the deadline."""
        line, call = self.call()
        for _ in range(30):
            line.feed(b"HTTP/1.1 102 Processing\r\n\r\n")
            self.clock.advance(1)
        self.assertTrue(line.closed)
        self.assertEqual(self.error_of(call).reason, Reason.TIMEOUT)

    def test_slow_body_of_any_form(self) -> None:
        """A slow body, extension or trailer ends with the deadline of the call."""
        for begin in (
            OK + b"\r\n",
            CHUNKED + b"1;",
            CHUNKED + b"0\r\nX: ",
            OK + b"Content-Length: 500\r\n\r\n",
        ):
            line, call = self.call()
            line.feed(begin)
            self.drip(line, b"a" * 130, seconds=120)
            self.assertTrue(line.closed, begin)
            self.assertEqual(self.error_of(call).reason, Reason.TIMEOUT)

    def drip(self, line: Line, data: bytes, seconds: int) -> None:
        """Send one byte a second."""
        for at in range(seconds):
            line.feed(data[at : at + 1])
            self.clock.advance(1)


class ReuseTests(WireTestCase):
    GOOD = OK + b'Content-Length: 12\r\n\r\n{"items":[]}'

    def answered(self, *parts: bytes) -> Line:
        """Answer one call, and return the connection that it used."""
        line, call = self.call()
        line.feed(*parts)
        self.assertEqual(self.successResultOf(call), {"items": []})
        return line

    def test_kept(self) -> None:
        """A connection whose reply was complete is used for the next call."""
        first = self.answered(self.GOOD)
        self.assertIs(self.answered(self.GOOD), first)

    def test_data_behind_the_reply(self) -> None:
        """Bytes after a complete reply never answer the next call."""
        for behind in (b"x", self.GOOD, b"a" * 5000):
            line = self.answered(self.GOOD + behind)
            self.assertTrue(line.closed)
            self.assertIsNot(self.answered(self.GOOD), line)
            self.pool.closeCachedConnections()

    @given(st.integers(0, 9000))
    def test_data_behind_a_reply_of_any_length(self, filler: int) -> None:
        """Bytes after a reply in the same packet close the connection."""
        self.setUp()
        reply = OK + b"X: %b\r\n" % (b"a" * filler) + self.GOOD.removeprefix(OK)
        self.assertTrue(self.answered(reply + self.GOOD).closed)

    def test_data_while_nothing_was_asked(self) -> None:
        """Bytes that arrive on an idle connection close it, without an error logged."""
        line = self.answered(self.GOOD)
        line.feed(self.GOOD)
        self.assertTrue(line.closed)
        # The end of it may come late: it must not be used until then, either.
        self.assertIsNot(self.answered(self.GOOD), line)
        line.protocol.connectionLost(Failure(connectionDone.value))

    def test_flood_while_nothing_was_asked(self) -> None:
        """A flood on an idle connection is dropped at its first bytes."""
        line = self.answered(self.GOOD)
        self.assertLessEqual(line.flood(b"a"), READ_SIZE)

    def test_upstream_closes(self) -> None:
        """A connection that the upstream is going to close is not kept."""
        for reply in (
            self.GOOD.replace(OK, OK + b"Connection: Close\r\n"),
            self.GOOD.replace(OK, OK + b"Connection: foo, close\r\n"),
            self.GOOD.replace(b"HTTP/1.1", b"HTTP/1.0"),
            CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\n")
            + b'c\r\n{"items":[]}\r\n0\r\n\r\n',
        ):
            self.assertTrue(self.answered(reply).closed, reply)
        kept = self.GOOD.replace(
            b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n"
        )
        self.assertFalse(self.answered(kept).closed)
