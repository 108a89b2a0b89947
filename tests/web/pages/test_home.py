"""``GET /``: what a person and a program learn there, with and without the secret."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.pipeline.visitors import Visitor
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.web.interfaces import NO_KEY_NEEDED, Condition, Facts
from instantly_mcp.web.pages.address import reachable_url
from instantly_mcp.web.pages.home import home, home_page
from instantly_mcp.web.pages.stylesheet import STYLE
from tests.support.cases import ClockedTestCase

from ..site import FACTS, WELL, Connection, MemoryServer
from .test_sandbox import NASTY, Seen


def seen(facts: Facts, condition: Condition = WELL, known: bool = True) -> Seen:
    """Return what a browser finds in the page."""
    found = Seen()
    found.feed(home_page(facts, condition, known).decode())
    return found


class PageTests(SynchronousTestCase):
    def test_sandbox(self):
        """It says what this is, where to connect, and where to read on."""
        text = seen(FACTS).text
        for shown in (
            FACTS.title,
            "9.9.9",
            "ready",
            "Nothing leaves this server",
            "http://127.0.0.1:3000/mcp",
            "Mail that would have been sent",
            "Documentation: README.md and the folder docs",
        ):
            self.assertIn(shown, text)

    def test_address_in_a_shell(self):
        """An address with brackets is quoted: zsh would take them for a pattern."""
        text = seen(evolve(FACTS, url="http://[::1]:3000", public_url=None)).text
        self.assertIn("http instantly 'http://[::1]:3000/mcp'", text)

    def test_live(self):
        """A live server says that it is live, and which header a client sends."""
        ways = ("Authorization: Bearer SERVER_SECRET, and x-instantly-api-key: KEY",)
        live = evolve(FACTS, mode="live", authentication=ways, credential="secret")
        text = seen(live).text
        self.assertIn("Live: tools act on real Instantly workspaces", text)
        self.assertNotIn("would have been sent", text)
        self.assertIn(ways[0], text)
        self.assertIn("/mcp --header 'Authorization: Bearer ", text)

    def test_no_key_needed(self):
        """Where callers need no key the command has no header."""
        ways = (NO_KEY_NEEDED, "x-api-key: KEY")
        text = seen(evolve(FACTS, authentication=ways)).text
        self.assertIn("No key is needed.", text)
        self.assertNotIn("--header", text)

    def test_without_the_secret(self):
        """Without the server secret there is name, status and version, in both forms,
        and nothing else.
        """
        text = seen(FACTS, known=False).text
        for hidden in ("sandbox", "/mcp", "3000", "40", "Sandbox", "key"):
            self.assertNotIn(hidden, text.partition("</style>")[2] or text[-400:])
        self.assertIn("9.9.9", text)
        self.assertEqual(home(FACTS, WELL, False).keys(), {"name", "version", "status"})

    def test_draining(self):
        """While it drains the page says so."""
        self.assertIn("draining", seen(FACTS, evolve(WELL, draining=True)).text)

    def test_addresses(self):
        """The public address is shown, and one for all addresses names no machine."""
        for facts, url in (
            (FACTS, "http://127.0.0.1:3000"),
            (evolve(FACTS, url="http://0.0.0.0:3000"), "http://THIS-HOST:3000"),
            (evolve(FACTS, url="https://[::]:3000"), "https://THIS-HOST:3000"),
            (evolve(FACTS, public_url="https://a.example/gw"), "https://a.example/gw"),
        ):
            self.assertEqual(reachable_url(facts), url)
            self.assertIn(f"{url}/mcp", seen(facts).text)

    def test_links_below_a_prefix(self):
        """Links stay below the prefix under which a proxy shows the server."""
        facts = evolve(FACTS, public_url="https://a.example/gw", prefix="/gw")
        page = home_page(facts, WELL, True).decode()
        links = re.findall(r'href="([^"]*)"', page)
        self.assertGreater(len(links), 8)
        for link in links:
            self.assertTrue(link.startswith("/gw/"), link)

    def test_documentation(self):
        """The operator's documentation replaces the built-in one."""
        facts = evolve(FACTS, documentation_url="https://wiki.example/mcp")
        self.assertIn(
            'href="https://wiki.example/mcp"', home_page(facts, WELL, True).decode()
        )
        self.assertNotIn("README", seen(facts).text)
        self.assertEqual(
            home(facts, WELL, True)["documentation"], "https://wiki.example/mcp"
        )
        self.assertEqual(
            home(FACTS, WELL, True)["documentation"], "http://127.0.0.1:3000/"
        )

    @given(st.text(max_size=30))
    def test_escaped(self, text: str):
        """Whatever a fact holds, it adds no tag and no attribute."""
        nasty = NASTY + text
        facts = evolve(
            FACTS,
            title=nasty,
            description=nasty,
            version=nasty,
            authentication=(nasty,),
            documentation_url=f"https://wiki.example/{NASTY}",
        )
        usual = seen(evolve(FACTS, documentation_url="https://wiki.example/"))
        found = seen(facts)
        self.assertEqual(found.names, usual.names)
        self.assertEqual(found.attributes, usual.attributes)

    def test_no_script(self):
        """The page has no script, and loads nothing."""
        found = seen(FACTS)
        self.assertFalse({"script", "img", "link", "iframe", "form"} & found.names)
        self.assertFalse({"src", "style", "onclick"} & found.attributes)


class RouteTests(ClockedTestCase):
    def setUp(self) -> None:
        """Open a connection."""
        super().setUp()
        self.client = self.open(MemoryServer(self.clock))

    def open(self, server: MemoryServer) -> Connection:
        """Open a connection that is closed at the end."""
        connection = server.connect()
        self.addCleanup(connection.hang_up)
        return connection

    def test_form(self):
        """A browser gets the page, a program JSON, an EventSource 404."""
        page, data = "text/html; charset=utf-8", "application/json"
        browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        for accept, status, kind in (
            (None, 200, page),
            ("*/*", 200, page),
            (browser, 200, page),
            ("application/json", 200, data),
            ("application/json, text/html;q=0.5", 200, data),
            ("text/html;q=0, */*", 200, data),
            ("text/event-stream", 404, data),
            ("image/png", 404, data),
        ):
            headers = {} if accept is None else {"Accept": accept}
            response = self.client.ask("GET", "/", headers)
            self.assertEqual(response.status, status, accept)
            self.assertEqual(response.one("content-type"), kind, accept)
            if status == 404:
                self.assertIn("POST /mcp", response.json()["availableEndpoints"])

    def test_policy(self):
        """The policy allows the stylesheet of the page by its hash, no script, and
        nothing from elsewhere.
        """
        response = self.client.ask("GET", "/")
        policy = response.one("content-security-policy") or ""
        (style,) = re.findall(b"<style>(.*?)</style>", response.body, re.DOTALL)
        self.assertEqual(style.decode(), STYLE)
        digest = b64encode(sha256(style).digest()).decode()
        self.assertIn(f"style-src 'sha256-{digest}'", policy)
        self.assertIn("default-src 'none'", policy)
        for word in ("script", "unsafe", "http", "*"):
            self.assertNotIn(word, policy.replace(digest, ""))

    def test_host_is_not_shown(self):
        """Nothing of the request is on the page."""
        headers = {"Host": "canary.example", "Referer": "https://canary.example/"}
        response = self.client.ask("GET", "/?canary", headers)
        self.assertNotIn(b"canary", response.body)

    def test_without_the_secret(self):
        """Without the server secret a client sees name, status and version only."""
        refusal = ProtocolError(-32001, "Unauthorized", status=401)

        def stranger(*_: object) -> Visitor:
            return Visitor(refusal=refusal)

        client = self.open(MemoryServer(self.clock, visitors=stranger))
        page = client.ask("GET", "/", {"Accept": "application/json"}).json()
        self.assertEqual(page.keys(), {"name", "version", "status"})
        self.assertNotIn(b"/mcp", client.ask("GET", "/").body)

    def test_other_methods(self):
        """``HEAD`` has no body; a ``POST`` gets the list of endpoints."""
        response = self.client.ask("HEAD", "/")
        self.assertEqual((response.status, response.body), (200, b""))
        response = self.client.ask("POST", "/", body=b"{}")
        self.assertEqual(response.status, 404)
        self.assertIn("POST /mcp", response.json()["availableEndpoints"])

    def test_names_of_routes_are_not_keys(self):
        """Clients append ``/sse`` and the like to the URL that they were given: that is
        404, with what there is, and no key.
        """
        for path in ("/mcp/sse", "/mcp/messages", "/mcp/mcp", "/sse/sse", "/mcp/info"):
            for method in ("GET", "POST"):
                if path.startswith("/sse") and method == "POST":
                    continue
                response = self.client.ask(method, path)
                self.assertEqual(response.status, 404, (method, path))
                error = response.json()["error"]
                self.assertIn("GET /sse", error["data"]["availableEndpoints"])
        self.assertEqual(self.client.ask("POST", "/mcp/sandbox").status, 200)
