"""Tests for turning a request into an exchange."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.pipeline.exchange import Exchange, Headers, Route
from instantly_mcp.web.intake import TrustedProxies, parse_query
from tests.support.cases import ClockedTestCase

from .site import CANARY, MemoryServer


class ExchangeTests(ClockedTestCase):
    def exchange(self, method: str, target: str, **more) -> Exchange:
        """Send a request; return what the pipeline was given."""
        server = MemoryServer(
            self.clock,
            trusted_proxies=more.pop("trusted", ()),
            is_local=more.pop("is_local", None),
        )
        connection = server.connect(more.pop("peer", "127.0.0.1"))
        connection.ask(method, target, more.get("headers"), more.get("body", b""))
        connection.hang_up()
        (exchange,) = server.pipeline.exchanges
        return exchange

    def test_everything_arrives(self):
        """Method, route, headers, query, body and peer are all there."""
        found = self.exchange(
            "POST",
            "/mcp?a=1&a=2",
            headers={"X-Odd": "\xe9"},
            body=b"{}",
            peer="1.2.3.4",
        )
        self.assertEqual((found.method, found.route), ("POST", Route.MCP))
        self.assertEqual(found.headers.all("x-odd"), ("\xe9",))
        self.assertEqual(found.query, {"a": ("1", "2")})
        self.assertEqual((found.body, found.peer), (b"{}", "1.2.3.4"))
        self.assertIsNone(found.path_key)

    def test_local(self):
        """The exchange knows through what kind of socket it came, where that counts."""
        self.assertFalse(self.exchange("POST", "/mcp").local)
        here = StringTransport().getHost()
        for known in ({here}, set()):
            found = self.exchange("POST", "/mcp", is_local=known.__contains__)
            self.assertEqual(found.local, here in known)

    def test_ids_differ(self):
        """Every exchange has an id of its own."""
        server = MemoryServer(self.clock)
        connection = server.connect()
        for _ in range(3):
            connection.ask("POST", "/mcp")
        connection.hang_up()
        self.assertEqual(len({one.id for one in server.pipeline.exchanges}), 3)

    def test_path_keys(self):
        """A key in the path arrives as it is, percent-encoded or not."""
        for target, key in (
            ("/mcp/abc+d==", "abc+d=="),
            ("/mcp/abc%2Bd%3D%3D", "abc+d=="),
            ("/mcp/" + quote(CANARY, safe=""), CANARY),
            ("/mcp/abc/", "abc"),
            ("/mcp/%C3%A9", "é"),
            ("/mcp/", None),
        ):
            self.assertEqual(self.exchange("POST", target).path_key, key, target)
        self.assertEqual(self.exchange("GET", "/sse/abc").route, Route.SSE)

    def test_head_is_read_as_a_get_that_cannot_stream(self):
        """HEAD reaches the pipeline as GET, for JSON, without a session."""
        found = self.exchange(
            "HEAD",
            "/mcp",
            headers={"Accept": "text/event-stream", "Mcp-Session-Id": "s"},
        )
        self.assertEqual(found.method, "GET")
        self.assertEqual(found.headers.get("accept"), "application/json")
        self.assertIsNone(found.headers.get("mcp-session-id"))

    def test_head_of_the_stream(self):
        """HEAD of ``/sse`` stays what it is: whatever its headers, GET is a stream."""
        self.assertEqual(self.exchange("HEAD", "/sse").method, "HEAD")

    def test_forwarded_for(self):
        """The client's address comes through trusted proxies, and only through them."""
        header = {"X-Forwarded-For": "9.9.9.9, 8.8.8.8, 10.0.0.2"}
        direct = self.exchange("POST", "/mcp", headers=header, peer="10.0.0.1")
        self.assertEqual(direct.peer, "10.0.0.1")
        proxied = self.exchange(
            "POST", "/mcp", headers=header, peer="10.0.0.1", trusted=("10.0.0.0/8",)
        )
        self.assertEqual(proxied.peer, "8.8.8.8")


class TrustedProxiesTests(SynchronousTestCase):
    def client(self, peer: str, forwarded: str, *trusted: str) -> str:
        """Return the client's address."""
        headers = Headers({"x-forwarded-for": (forwarded,)})
        return TrustedProxies(trusted).client(peer, headers)

    def test_table(self):
        """Each case of what a proxy is trusted to say."""
        for peer, forwarded, trusted, client in (
            ("1.1.1.1", "2.2.2.2", ("10.0.0.0/8",), "1.1.1.1"),
            ("10.1.1.1", "2.2.2.2", ("10.0.0.0/8",), "2.2.2.2"),
            ("10.1.1.1", "2.2.2.2:80", ("10.0.0.0/8",), "2.2.2.2"),
            ("10.1.1.1", "[2001:db8::1]:80", ("10.1.1.1",), "2001:db8::1"),
            ("10.1.1.1", "2001:db8::1", ("10.1.1.1",), "2001:db8::1"),
            ("::ffff:10.1.1.1", "::ffff:2.2.2.2", ("10.1.1.1",), "2.2.2.2"),
            ("10.1.1.1", "garbage", ("10.1.1.1",), "10.1.1.1"),
            ("10.1.1.1", "2.2.2.2, garbage", ("10.1.1.1",), "10.1.1.1"),
            ("10.1.1.1", "", ("10.1.1.1",), "10.1.1.1"),
            ("10.1.1.1", "10.1.1.2", ("10.0.0.0/8",), "10.1.1.2"),
            ("unix", "2.2.2.2", ("unix",), "2.2.2.2"),
            ("unix", "2.2.2.2", ("10.0.0.0/8",), "unix"),
        ):
            found = self.client(peer, forwarded, *trusted)
            self.assertEqual(found, client, (peer, forwarded))

    def test_several_headers(self):
        """Several header lines are one list, in order."""
        headers = Headers({"x-forwarded-for": ("9.9.9.9, 8.8.8.8", "10.0.0.2")})
        found = TrustedProxies(("10.0.0.0/8",)).client("10.0.0.1", headers)
        self.assertEqual(found, "8.8.8.8")

    def test_nonsense_is_refused(self):
        """A proxy that is neither address nor network is a mistake of the operator."""
        with self.assertRaises(ValueError):
            TrustedProxies(("localhost:80",))


class QueryTests(SynchronousTestCase):
    @given(
        st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
            st.text(st.characters(exclude_categories=["Cs"])),
            max_size=6,
        )
    )
    def test_what_is_quoted_is_read(self, fields):
        """Any fields that a client percent-encodes are read back."""
        query = "&".join(
            f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in fields.items()
        )
        expected = {k: (v,) for k, v in fields.items()}
        self.assertEqual(dict(parse_query(query)), expected)

    def test_a_plus_is_a_plus(self):
        """A raw base64 key keeps its plus signs and its padding."""
        self.assertEqual(parse_query(f"apiKey={CANARY}"), {"apiKey": (CANARY,)})

    def test_bounded(self):
        """Beyond a hundred fields nothing is read."""
        self.assertEqual(len(parse_query("&".join(f"{n}=" for n in range(1000)))), 100)
