"""Tests for chunked bodies: what they may hold besides data."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from twisted.web.http import _MalformedChunkedDataError

from instantly_mcp.web.http.chunked import MAX_EXCESS_BYTES, ChunkDecoder


class DecoderTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        """Make a decoder that collects."""
        self.data: list[bytes] = []
        self.rest: list[bytes] = []
        self.decoder = ChunkDecoder(self.data.append, self.rest.append)

    def refuses(self, *pieces: bytes) -> None:
        """Feed pieces of which the last is refused."""
        for piece in pieces[:-1]:
            self.decoder.dataReceived(piece)
        with self.assertRaises(_MalformedChunkedDataError):
            self.decoder.dataReceived(pieces[-1])
        self.assertEqual(self.rest, [])


class TrailerTests(DecoderTestCase):
    def test_trailers_are_read_and_not_kept(self):
        """Trailer fields end the body, and nothing of them stays in memory."""
        self.decoder.dataReceived(b"1\r\na\r\n0\r\nX: 1\r\nY:\r\n\r\nrest")
        self.assertEqual((self.data, self.rest), ([b"a"], [b"rest"]))
        self.assertEqual(self.decoder._trailerHeaders, [])

    def test_trailers_are_bounded(self):
        """Lines without end are refused, whole or in pieces."""
        self.refuses(b"0\r\n", b"X: y\r\n" * (MAX_EXCESS_BYTES // 6 + 1))

    def test_one_long_trailer(self):
        """So is one line without end, before it is held."""
        self.refuses(b"0\r\nX: ", b"y" * MAX_EXCESS_BYTES)

    def test_invalid_field(self):
        """A malformed trailer, or one that concerns framing, is refused."""
        malformed = (b"X", b" X: y", b"X : y", b"X: a\nb", b"X: a\rb", b"\x00: y")
        for line in (*malformed, b"Content-Length: 5", b"transfer-encoding: chunked"):
            self.setUp()
            self.refuses(b"0\r\n" + line + b"\r\n\r\n")


class ExtensionTests(DecoderTestCase):
    def test_usual_chunks_cost_nothing(self):
        """Any number of plain chunks may come."""
        self.decoder.dataReceived(b"1\r\na\r\n" * 10_000 + b"0\r\n\r\n")
        self.assertEqual((len(self.data), self.rest), (10_000, [b""]))

    def test_extensions_are_bounded(self):
        """Extensions may be there, but not more of them than data by far."""
        chunk = b"1;" + b"a" * 998 + b"\r\nx\r\n"
        self.refuses(chunk * 16, chunk)
