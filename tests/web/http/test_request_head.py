"""Tests for the parser of request heads."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.web.http.limits import WebLimits
from instantly_mcp.web.http.request_head import BadHead, Head, parse_head

LIMITS = WebLimits(body_bytes=1000)
TOKEN = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"
VISIBLE = "".join(map(chr, range(0x21, 0x7F)))

names = st.text(TOKEN, min_size=1, max_size=12).filter(
    lambda name: (
        name.lower()
        not in {
            "host",
            "content-length",
            "transfer-encoding",
            "content-encoding",
            "expect",
            "connection",
        }
    )
)
values = st.text(VISIBLE + " \t", max_size=20)
targets = st.text(VISIBLE.replace("#", ""), max_size=30).map(lambda t: "/" + t)


def head(*lines: str, first: str = "POST /mcp HTTP/1.1", host: str = "h") -> bytes:
    """Return a head with one Host and these lines."""
    return "\r\n".join([first, f"Host: {host}", *lines]).encode("latin-1")


class ParseTests(SynchronousTestCase):
    def refused(self, block: bytes) -> int:
        """Return the status with which a head is refused."""
        outcome = parse_head(block, LIMITS)
        self.assertIsInstance(outcome, BadHead, block)
        assert isinstance(outcome, BadHead)
        return outcome.error.status

    def parsed(self, block: bytes) -> Head:
        """Return a head that must be fine."""
        outcome = parse_head(block, LIMITS)
        self.assertIsInstance(outcome, Head, outcome)
        assert isinstance(outcome, Head)
        return outcome

    @given(st.binary(max_size=200))
    def test_any_bytes_are_parsed_or_refused(self, block):
        """No input makes the parser raise."""
        outcome = parse_head(block, LIMITS)
        if isinstance(outcome, BadHead):
            self.assertIn(outcome.error.status, range(400, 600))

    @given(
        st.sampled_from(["GET", "POST", "DELETE", "BREW"]),
        targets,
        st.lists(st.tuples(names, values), max_size=6),
    )
    def test_what_is_well_formed_is_read(self, method, target, fields):
        """A well-formed head comes out as it went in, names in lower case."""
        lines = [f"{name}: {value}" for name, value in fields]
        found = self.parsed(head(*lines, first=f"{method} {target} HTTP/1.1"))
        path, _, query = target.partition("?")
        self.assertEqual((found.method, found.path, found.query), (method, path, query))
        for name, _ in fields:
            expected = [v.strip(" \t") for n, v in fields if n.lower() == name.lower()]
            self.assertEqual(list(found.headers[name.lower()]), expected)

    def test_ambiguous_framing(self):
        """Whatever two readers might frame differently is refused with 400."""
        for lines in (
            ["Content-Length: 3", "Transfer-Encoding: chunked"],
            ["Transfer-Encoding: chunked", "Content-Length: 3"],
            ["Content-Length: 3", "Content-Length: 3"],
            ["Content-Length: 3", "content-length: 4"],
            ["Content-Length: 3, 3"],
            ["Content-Length: +3"],
            ["Content-Length: 0x3"],
            ["Content-Length: -1"],
            ["Content-Length: "],
            ["Content-Length: \xb2"],
            ["Transfer-Encoding: xchunked"],
            ["Transfer-Encoding: chunked, identity"],
            ["Transfer-Encoding: gzip, chunked"],
            ["Transfer-Encoding: identity"],
            ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
            ["Transfer-Encoding: \x0bchunked"],
            ["Transfer-Encoding:"],
        ):
            self.assertEqual(self.refused(head(*lines)), 400, lines)

    def test_chunks_before_http_1_1(self):
        """HTTP/1.0 has no transfer codings."""
        block = head("Transfer-Encoding: chunked", first="POST /mcp HTTP/1.0")
        self.assertEqual(self.refused(block), 400)

    def test_malformed_lines(self):
        """Folded lines, NUL, bare CR and LF, odd names: 400."""
        for block in (
            head("X: a", " folded"),
            head("X: a", "\tfolded"),
            head("X : a"),
            head("X\t: a"),
            head("X: a\0b"),
            head("X: a\x07"),
            head("X: a\nY: b"),
            head("X: a\rY: b"),
            head(": a"),
            head("no colon"),
            head("X\xe9: a"),
            head("") + b"\r\nX: a",
            b"POST /mcp HTTP/1.1\nHost: h",
            b" POST /mcp HTTP/1.1\r\nHost: h",
            b"POST  /mcp HTTP/1.1\r\nHost: h",
            b"POST /mcp\r\nHost: h",
            b"POST /mcp HTTP/1.1 \r\nHost: h",
            b"POST /mcp HTTPS/1.1\r\nHost: h",
            b"POST /m\xe9p HTTP/1.1\r\nHost: h",
            b"POST /mcp#x HTTP/1.1\r\nHost: h",
            b"P\xd6ST /mcp HTTP/1.1\r\nHost: h",
            b"",
        ):
            self.assertEqual(self.refused(block), 400, block)

    def test_one_host(self):
        """No Host, two Hosts, a malformed Host: 400."""
        for block in (
            b"GET / HTTP/1.1",
            head("Host: h"),
            head(host="a b"),
            head(host=""),
            head(host="user@h"),
        ):
            self.assertEqual(self.refused(block), 400, block)

    def test_http_1_0_needs_no_host(self):
        """HTTP/1.0 came before the Host header; its connections do not persist."""
        self.assertFalse(self.parsed(b"GET /ping HTTP/1.0").persistent)

    def test_absolute_form(self):
        """An absolute target is accepted if it agrees with the Host."""
        block = head(first="GET http://H/ping?x=1 HTTP/1.1")
        self.assertEqual(self.parsed(block).path, "/ping")
        self.assertEqual(self.parsed(head(first="GET http://h HTTP/1.1")).path, "/")
        for target in ("http://evil/ping", "ftp://h/ping", "h:80", "*", "ping"):
            block = head(first=f"GET {target} HTTP/1.1")
            self.assertEqual(self.refused(block), 400, target)

    def test_asterisk_form(self):
        """OPTIONS may be asked of the server as a whole."""
        self.assertEqual(self.parsed(head(first="OPTIONS * HTTP/1.1")).path, "/*")

    def test_sizes(self):
        """Too many or too long header lines are 431, a long target is 414."""
        self.assertEqual(self.refused(head(*["X: a"] * 600)), 431)
        self.assertEqual(self.refused(head("X: " + "a" * 20_000)), 431)
        long = head(first=f"GET /{'a' * 20_000} HTTP/1.1")
        self.assertEqual(self.refused(long), 414)

    def test_body_limit_at_header_time(self):
        """A body is refused by its announced length, before a byte of it is read."""
        self.assertEqual(self.parsed(head("Content-Length: 1000")).length, 1000)
        self.assertEqual(self.refused(head("Content-Length: 1001")), 413)
        self.assertEqual(self.refused(head(f"Content-Length: {'9' * 400}")), 413)

    def test_no_content_encoding(self):
        """A compressed body is refused with 415, whatever the coding."""
        for coding in ("gzip", "br", "identity, gzip", ""):
            block = head(f"Content-Encoding: {coding}")
            self.assertEqual(self.refused(block), 415, coding)
        self.parsed(head("Content-Encoding: identity"))

    def test_versions(self):
        """Another version of HTTP is 505."""
        for version in ("HTTP/2.0", "HTTP/1.2", "HTTP/0.9"):
            block = head(first=f"GET / {version}")
            self.assertEqual(self.refused(block), 505, version)

    def test_expectations(self):
        """The only supported expectation is 100-continue."""
        self.assertTrue(self.parsed(head("Expect: 100-Continue")).continues)
        self.assertEqual(self.refused(head("Expect: miracles")), 417)
        both = head("Expect: 100-continue", "Expect: miracles")
        self.assertEqual(self.refused(both), 417)

    def test_persistence(self):
        """A connection persists unless its client asks to close it."""
        self.assertTrue(self.parsed(head()).persistent)
        for value in ("close", "Close", "keep-alive, close"):
            self.assertFalse(self.parsed(head(f"Connection: {value}")).persistent)

    def test_nothing_of_the_request_is_shown(self):
        """The repr of a head holds neither its path nor its headers."""
        shown = repr(self.parsed(head("X: secret", first="GET /mcp/KEY?k=K HTTP/1.1")))
        for secret in ("secret", "KEY", "k=K"):
            self.assertNotIn(secret, shown)
