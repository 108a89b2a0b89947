"""The routes of the pages: who sees them, in which form, with which headers."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from instantly_mcp.icons import ICONS
from instantly_mcp.pipeline.visitors import Visitor
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.web.interfaces import SeenClient
from instantly_mcp.web.stream_check import LINES, MAX_OPEN
from tests.support.cases import ClockedTestCase

from .pages.test_status import REPORT
from .site import GOOD_ORIGIN, Connection, MemoryServer, request

HTML = {"Accept": "text/html,*/*;q=0.8"}
STRANGER = Visitor(refusal=ProtocolError(-32600, "no", status=401))


def last_client(principal: str | None) -> SeenClient:
    """Return a client whose name is the principal."""
    return SeenClient(client=f"of-{principal}", first_at=1, last_at=2, requests=3)


class PageRouteTests(ClockedTestCase):
    """Routes of the MCP port."""

    def connect(self, host: str = "127.0.0.1", **choices: Any) -> Connection:
        """Open a connection."""
        server = MemoryServer(
            self.clock, report=lambda: REPORT, last_client=last_client, **choices
        )
        connection = server.connect(host)
        self.addCleanup(connection.hang_up)
        return connection

    def test_status_on_this_machine(self) -> None:
        """On the machine of the server a browser gets the page, curl gets JSON."""
        client = self.connect(visitors=lambda *_: STRANGER)
        page = client.ask("GET", "/status", HTML)
        self.assertEqual(page.status, 200)
        self.assertIn(b"Instantly fails.", page.body)
        found = client.ask("GET", "/status", {"Accept": "*/*"}).json()
        self.assertEqual(found["verdict"], "instantly")

    def test_status_for_others(self) -> None:
        """A request from elsewhere, through a proxy, or for another name is refused."""
        for host, headers in (
            ("192.0.2.7", {}),
            ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
            ("127.0.0.1", {"Via": "1.1 proxy"}),
            ("127.0.0.1", {"Host": "mcp.example.com"}),
        ):
            client = self.connect(host)
            page = client.ask("GET", "/status", {**HTML, **headers})
            self.assertEqual(page.status, 403, headers)
            self.assertNotIn(b"Instantly fails.", page.body)
            self.assertIn(b"for the operator", page.body)
            answer = client.ask("GET", "/status", headers)
            self.assertEqual(answer.json()["error"], "forbidden")

    def test_status_for_pages_of_other_origins(self) -> None:
        """A page of another origin cannot read it with the browser of this machine."""
        client = self.connect()
        for headers, status in (
            ({"Origin": GOOD_ORIGIN}, 403),
            ({"Origin": GOOD_ORIGIN, "Sec-Fetch-Site": "cross-site"}, 403),
            ({"Origin": GOOD_ORIGIN, "Sec-Fetch-Site": "same-site"}, 403),
            # A link on another site opens the page, which that site cannot read.
            ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ):
            answer = client.ask("GET", "/status", headers)
            self.assertEqual(answer.status, status, headers)

    def test_status_over_http_1_0(self) -> None:
        """HTTP/1.0 from loopback is not counted as local: it may be an nginx."""
        client = self.connect()
        client.send(b"GET /status HTTP/1.0\r\nHost: 127.0.0.1:3000\r\n\r\n")
        self.assertIn(b" 403 ", client.output().partition(b"\r\n")[0])

    def test_status_with_the_secret(self) -> None:
        """The server secret opens the page from elsewhere; a token does not."""
        for visitor, status in (
            (Visitor(operator=True), 200),
            (Visitor(principal="t1/acme"), 403),
        ):
            client = self.connect("192.0.2.7", visitors=lambda *_, v=visitor: v)
            self.assertEqual(client.ask("GET", "/status", HTML).status, status)

    def test_check(self) -> None:
        """A caller sees its own client only, the operator that of all, others none."""
        for host, visitor, shown in (
            ("192.0.2.7", Visitor(principal="me"), "of-me"),
            ("127.0.0.1", Visitor(principal="me"), "of-None"),
            ("192.0.2.7", Visitor(operator=True, principal="me"), "of-None"),
            ("192.0.2.7", Visitor(), None),
            ("192.0.2.7", STRANGER, None),
        ):
            client = self.connect(host, visitors=lambda *_, v=visitor: v)
            page = client.ask("GET", "/connect/check", HTML)
            self.assertEqual(page.status, 200)
            if shown is None:
                self.assertNotIn(b"of-", page.body)
            else:
                self.assertIn(shown.encode(), page.body)

    def test_connect(self) -> None:
        """Everyone may see ``/connect``; a request for JSON gets JSON."""
        client = self.connect("192.0.2.7", visitors=lambda *_: STRANGER)
        self.assertEqual(client.ask("GET", "/connect", HTML).status, 200)
        self.assertEqual(client.ask("GET", "/connect/", HTML).status, 200)
        found = client.ask("GET", "/connect", {"Accept": "application/json"}).json()
        self.assertIn("claude-code", found["clients"])

    def test_headers(self) -> None:
        """Pages allow no script, are not stored and send no referrer; HEAD works."""
        client = self.connect()
        for path in ("/", "/connect", "/connect/check", "/status"):
            page = client.ask("GET", path, HTML)
            policy = page.one("content-security-policy") or ""
            self.assertIn("default-src 'none'", policy)
            self.assertNotIn("script", policy)
            self.assertEqual(page.one("cache-control"), "no-store")
            self.assertEqual(page.one("referrer-policy"), "no-referrer")
            head = client.ask("HEAD", path, HTML)
            self.assertEqual(head.status, 200)
            self.assertEqual(head.headers["content-length"], [str(len(page.body))])

    def test_host_is_not_shown(self) -> None:
        """No page repeats the Host header."""
        client = self.connect()
        for path in ("/", "/connect", "/connect/check", "/status"):
            page = client.ask("GET", path, {**HTML, "Host": "named.example"})
            self.assertNotIn(b"named.example", page.body)

    def test_other_methods(self) -> None:
        """A POST to a page is refused."""
        self.assertEqual(self.connect().ask("POST", "/connect").status, 405)

    def test_icons(self) -> None:
        """Every icon is served, may be cached, and needs no credential."""
        client = self.connect("192.0.2.7", visitors=lambda *_: STRANGER)
        for icon in ICONS:
            answer = client.ask("GET", f"/{icon.name}")
            self.assertEqual(answer.status, 200, icon.name)
            self.assertEqual(answer.one("content-type"), icon.media_type)
            self.assertEqual(answer.body, icon.read())
            self.assertEqual(answer.one("cache-control"), "public, max-age=86400")
        self.assertEqual(client.ask("GET", "/icon-49.png").status, 404)


class StreamTests(ClockedTestCase):
    """``/connect/stream``."""

    def setUp(self) -> None:
        """Start a site."""
        super().setUp()
        self.server = MemoryServer(self.clock)

    def connect(self) -> Connection:
        """Open a connection."""
        connection = self.server.connect("192.0.2.7")
        self.addCleanup(connection.hang_up)
        return connection

    def test_events(self) -> None:
        """A program gets one event a second, with the headers of an MCP stream."""
        client = self.connect()
        accept = {"Accept": "text/event-stream"}
        client.send(request("GET", "/connect/stream", accept))
        start = client.output()
        self.assertIn(b"Content-Type: text/event-stream", start)
        self.assertIn(b"X-Accel-Buffering: no", start)
        self.assertIn(b'"line":1', start)
        for number in range(2, LINES + 1):
            self.assertEqual(client.output(), b"")
            self.clock.advance(1)
            self.assertIn(f'"line":{number}'.encode(), client.output())
        self.assertEqual(self.server.app.site.stream_check.open, 0)

    def test_page(self) -> None:
        """A browser gets a page whose lines follow one by one."""
        client = self.connect()
        client.send(request("GET", "/connect/stream"))
        start = client.output()
        self.assertIn(b"Content-Type: text/html", start)
        self.assertNotIn(b"</html>", start)
        self.assertEqual(start.count(b"<li>Sent at"), 1)
        self.clock.pump([1] * LINES)
        self.assertIn(b"</html>", client.output())

    def test_client_leaves(self) -> None:
        """A client that leaves ends its check."""
        client = self.server.connect()
        client.send(request("GET", "/connect/stream"))
        client.hang_up()
        self.clock.advance(1)
        self.assertEqual(self.server.app.site.stream_check.open, 0)

    def test_drain(self) -> None:
        """A server that stops ends the page, and need not cut the connection."""
        client = self.connect()
        client.send(request("GET", "/connect/stream"))
        self.server.status.now = evolve(self.server.status.now, draining=True)
        self.clock.advance(1)
        self.assertIn(b"</html>", client.output())
        self.assertEqual(self.server.app.site.stream_check.open, 0)

    def test_limit(self) -> None:
        """Only so many checks are open at a time."""
        for _ in range(MAX_OPEN):
            self.connect().send(request("GET", "/connect/stream"))
        answer = self.connect().ask("GET", "/connect/stream")
        self.assertEqual(answer.status, 503)
        self.assertEqual(answer.one("retry-after"), "10")
        self.clock.pump([1] * LINES)
        self.assertEqual(self.server.app.site.stream_check.open, 0)

    def test_head(self) -> None:
        """HEAD is answered at once."""
        answer = self.connect().ask("HEAD", "/connect/stream")
        self.assertEqual(answer.status, 200)


class VisitorAloneTests(ClockedTestCase):
    """A condition in which the home page is shown to a stranger."""

    def test_home_links_to_connect(self) -> None:
        """A stranger finds the connect page from the home page."""
        server = MemoryServer(self.clock, visitors=lambda *_: STRANGER)
        server.status.known = evolve(server.status.known, prefix="/gw")
        client = server.connect("192.0.2.7")
        self.addCleanup(client.hang_up)
        page = client.ask("GET", "/", HTML)
        self.assertIn(b'href="/gw/connect"', page.body)
