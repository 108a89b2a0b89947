"""``/connect``: what each client copies, and who may see what."""

from __future__ import annotations

from html import unescape

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.clients.address import AUTH_HEADERS
from instantly_mcp.clients.registry import CLIENTS
from instantly_mcp.web.interfaces import Facts
from instantly_mcp.web.pages.connect import connect, connect_page
from instantly_mcp.web.pages.page_request import PageRequest
from tests.web.site import FACTS

from .test_sandbox import NASTY, Seen

PUBLIC = evolve(FACTS, mode="live", public_url="https://mcp.acme.example")


def seen(facts: Facts, **asked: object) -> Seen:
    """Return what a browser finds in the page."""
    found = Seen()
    found.feed(connect_page(facts, PageRequest(**asked)).decode())  # type: ignore[arg-type]
    return found


class ConnectTests(SynchronousTestCase):
    def test_every_client(self) -> None:
        """Each client has its text, with the address of this server and the header."""
        for kind in AUTH_HEADERS:
            facts = evolve(PUBLIC, credential=kind)
            page = unescape(connect_page(facts, PageRequest()).decode())
            for client in CLIENTS.values():
                self.assertIn(f'id="{client.id}"', page)
                self.assertIn(f"<summary>{client.title}</summary>", page)
            texts = connect(facts, PageRequest())["clients"]
            for client in texts.values():
                for each in client["configurations"].values():
                    self.assertIn(each["text"], page)
            self.assertIn("https://mcp.acme.example/mcp", page)

    def test_chosen(self) -> None:
        """The part of the client that the query names is open; the others are not."""
        page = connect_page(FACTS, PageRequest(query={"client": ["cursor"]})).decode()
        self.assertEqual(page.count('open=""'), 1)
        part = page[page.index('id="cursor"') - 40 : page.index('id="cursor"') + 60]
        self.assertIn("<details", part)
        self.assertNotIn('open=""', connect_page(FACTS, PageRequest()).decode())

    def test_unknown_client(self) -> None:
        """Another name in the query opens nothing and is not shown."""
        page = connect_page(FACTS, PageRequest(query={"client": [NASTY]})).decode()
        self.assertNotIn("alert", page)
        self.assertNotIn('open=""', page)

    def test_credentials(self) -> None:
        """The page says what a client presents, and who has it."""
        for kind, words in (
            ("none", "No credential is needed."),
            ("key", "Instantly API key"),
            ("token", "connection token, which begins with imt_"),
            ("secret", "secret of this server"),
        ):
            self.assertIn(words, seen(evolve(PUBLIC, credential=kind)).text)
        both = evolve(PUBLIC, credential="secret", key_beside_secret=True)
        self.assertIn("second header: x-instantly-api-key", seen(both).text)

    def test_stranger(self) -> None:
        """Without a credential the texts are there, but nothing about the server."""
        facts = evolve(PUBLIC, tool_count=4711, toolsets=("hidden-set",))
        text = seen(facts, known=False).text.partition("Connect a client")[2]
        self.assertIn("https://mcp.acme.example/mcp", text)
        for hidden in ("4711", "hidden-set", "sandbox", "Status", "9.9.9"):
            self.assertNotIn(hidden, text)

    def test_no_address(self) -> None:
        """A server on a UNIX socket without a public URL names no host."""
        text = seen(evolve(FACTS, url=None, port=None)).text
        self.assertIn("http://THIS-HOST/mcp", text)

    def test_vendors(self) -> None:
        """A client on servers of its vendor needs a public address, and says so."""
        lan = evolve(PUBLIC, public_url="https://mcp.acme.lan")
        self.assertIn("cannot reach https://mcp.acme.lan/mcp", seen(lan).text)
        self.assertIn("cannot see mcp.acme.lan", seen(lan).text)
        self.assertNotIn("cannot reach", seen(PUBLIC).text)

    def test_internal_address(self) -> None:
        """A stranger does not see the address of an internal network."""
        facts = evolve(FACTS, url="http://10.20.30.40:3000")
        self.assertIn("10.20.30.40", seen(facts).text)
        text = seen(facts, known=False).text
        self.assertNotIn("10.20.30.40", text)
        self.assertIn("http://THIS-HOST:3000/mcp", text)
        self.assertIn("Replace THIS-HOST", text)

    def test_loopback(self) -> None:
        """A live server on loopback says that its address works there only."""
        text = seen(evolve(FACTS, mode="live")).text
        self.assertIn("works on the machine of the server only", text)
        self.assertNotIn("works on the machine", seen(PUBLIC).text)

    def test_one_click(self) -> None:
        """A click selects a whole text, without a script."""
        found = seen(FACTS)
        self.assertIn("user-select: all", found.text)
        self.assertFalse({"script", "img", "link", "iframe", "form"} & found.names)

    @given(st.text("ab&'();=/%-\u00fc", max_size=30))
    def test_escaped(self, text: str) -> None:
        """Whatever an address holds, it adds no tag and no attribute."""
        facts = evolve(PUBLIC, public_url=f"https://a.example/{text}")
        found, usual = seen(facts), seen(PUBLIC)
        self.assertEqual(found.names, usual.names)
        self.assertEqual(found.attributes, usual.attributes)
