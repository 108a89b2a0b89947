"""The preview card: which clients learn of it, who can read it, what it contains."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.features.resources.preview_page import (
    CONTENT_POLICY,
    PAGE,
    SCRIPT,
)
from instantly_mcp.features.tools.declaring.declaration import PREVIEW_CARD
from instantly_mcp.features.tools.registry import DECLARATIONS
from instantly_mcp.protocol.primitives.card import (
    CARD_EXTENSION,
    CARD_TYPE,
    shows_cards,
)
from instantly_mcp.protocol.wire.versions import (
    V2025_03_26,
    V2025_11_25,
    V2026_07_28,
    Revision,
)
from tests.access.product.memory_daemon import MemoryDaemon
from tests.access.product.ways import WAYS, Caller, Session, outcome, send_modern
from tests.features.feature_cases import FeatureTestCase
from tests.support.cases import ClockedTestCase
from tests.support.messages import initialize, request

SHOWS: JsonObject = {"extensions": {CARD_EXTENSION: {"mimeTypes": [CARD_TYPE]}}}
WITH_A_CARD = {"activate_campaign", "reply_to_email", "verify_email"}
OTHERS: tuple[JsonObject, ...] = (
    {},
    {"extensions": {}},
    {"extensions": []},
    {"extensions": {CARD_EXTENSION: {}}},
    {"extensions": {CARD_EXTENSION: {"mimeTypes": ["text/html"]}}},
    {"extensions": {CARD_EXTENSION: {"mimeTypes": CARD_TYPE}}},
    {"experimental": {CARD_EXTENSION: {"mimeTypes": [CARD_TYPE]}}},
)
"""Capabilities that do not declare the extension with its type."""


def cards(tools: list[JsonObject]) -> dict[str, Json]:
    """Return what each tool says of a card."""
    return {each["name"]: each["_meta"] for each in tools if "_meta" in each}


class ListingTests(ClockedTestCase):
    """Only clients that declare the extension see anything of it."""

    def setUp(self) -> None:
        """Start a daemon."""
        super().setUp()
        self.daemon = MemoryDaemon()
        self.addCleanup(self.daemon.stop)

    def modern(self, method: str, declares: JsonObject, path: str = "") -> JsonObject:
        """Return the result of a modern request."""
        caller = Caller(daemon=self.daemon, path=path, capabilities=declares)
        return outcome(send_modern(caller, request(method)))

    def session(
        self, declares: JsonObject, version: str = "2025-11-25"
    ) -> tuple[JsonObject, JsonObject]:
        """Return the results of ``initialize`` and ``tools/list`` of a session."""
        caller = Caller(daemon=self.daemon, capabilities=declares)
        opened = caller.post(initialize(version, capabilities=declares))
        listed = Session.open(caller, version).post(request("tools/list"))
        return outcome(opened.reply()), outcome(listed.reply())

    def test_declared(self) -> None:
        """A client that shows cards gets the page of the three tools, in both eras."""
        link = {"ui": {"resourceUri": PREVIEW_CARD, "visibility": ["model"]}}
        for result in (self.modern("tools/list", SHOWS), self.session(SHOWS)[1]):
            self.assertEqual(cards(result["tools"]), dict.fromkeys(WITH_A_CARD, link))

    def test_not_declared(self) -> None:
        """Other clients get the list without it, before and after one that does."""
        plain = self.modern("tools/list", {})
        self.assertEqual(cards(plain["tools"]), {})
        shown = self.modern("tools/list", SHOWS)
        for tool in shown["tools"]:
            tool.pop("_meta", None)
        self.assertEqual(shown["tools"], plain["tools"])
        for declares in OTHERS:
            self.assertFalse(shows_cards(declares), declares)
            self.assertEqual(self.modern("tools/list", declares), plain, declares)
            opened, listed = self.session(declares)
            self.assertEqual(cards(listed["tools"]), {}, declares)
            extensions = opened["capabilities"]["extensions"]
            self.assertNotIn(CARD_EXTENSION, extensions, declares)

    def test_revision_without_structured_content(self) -> None:
        """The preview cannot reach a card there, so no tool has one."""
        self.assertEqual(cards(self.session(SHOWS, "2025-03-26")[1]["tools"]), {})

    def test_anonymous(self) -> None:
        """Without a credential the page is read in both eras."""
        caller = Caller(daemon=self.daemon, key=None, capabilities=SHOWS)
        reading = request("resources/read", {"uri": PREVIEW_CARD})
        for result in (
            outcome(send_modern(caller, reading)),
            outcome(caller.post(reading).reply()),
            outcome(Session.open(caller).post(reading).reply()),
        ):
            self.assertEqual(result["contents"][0]["text"], PAGE)

    def test_what_it_shows(self) -> None:
        """The preview is where the page looks for it, in the results of both eras."""
        caller = Caller(daemon=self.daemon)
        for way in (WAYS["modern"], WAYS["session 2025-11-25"]):
            given: JsonObject = {"email": "a@example.com"}
            result = way(caller, "verify_email", given)
            preview = result["structuredContent"]["error"]["preview"]
            self.assertIn("credit", preview["says"])
            self.assertIn("Price in credits: 1", preview["shows"])

    def test_selections(self) -> None:
        """A caller sees the cards of the tools that it sees."""
        for path, names in (
            ("/readonly", set()),
            ("/draft", set()),
            ("/x/emails", {"reply_to_email", "verify_email"}),
            ("/x/analytics", set()),
        ):
            listed = self.modern("tools/list", SHOWS, path)["tools"]
            self.assertEqual(cards(listed).keys(), names, path)

    def test_shared_caches(self) -> None:
        """A list with cards is not for other clients; a list without is for all."""
        for method, with_cards in (
            ("tools/list", "private"),
            ("server/discover", "private"),
            ("resources/list", "public"),
        ):
            self.assertEqual(self.modern(method, SHOWS)["cacheScope"], with_cards)
            self.assertEqual(self.modern(method, {})["cacheScope"], "public")

    def test_server_declares_it(self) -> None:
        """The server declares the extension to the clients that do."""
        for capabilities in (
            self.modern("server/discover", SHOWS)["capabilities"],
            self.session(SHOWS)[0]["capabilities"],
        ):
            declared = capabilities["extensions"][CARD_EXTENSION]
            self.assertEqual(declared, {"mimeTypes": [CARD_TYPE]})
        plain = self.modern("server/discover", {})["capabilities"]
        self.assertNotIn(CARD_EXTENSION, plain["extensions"])
        none = self.modern("server/discover", SHOWS, "/readonly")["capabilities"]
        self.assertNotIn(CARD_EXTENSION, none["extensions"])


class DeclarationTests(ClockedTestCase):
    """The tools that have the card."""

    def test_can_have_a_preview(self) -> None:
        """Each of them can ask, and so can have a preview in its result."""
        having = {each.name for each in DECLARATIONS if each.card is not None}
        self.assertEqual(having, WITH_A_CARD)
        for each in DECLARATIONS:
            if each.card is not None:
                self.assertTrue(each.asks_by_default, each.name)


class ResourceTests(FeatureTestCase):
    """The page is a resource that everyone can read."""

    def page(self, revision: Revision) -> JsonObject:
        """Return its only contents, read without a key."""
        params = {"uri": PREVIEW_CARD}
        result = self.ask("resources/read", params, revision=revision, credential=None)
        if revision.modern:
            self.assertEqual(result["cacheScope"], "public")
            self.assertEqual(result["ttlMs"], 3_600_000)
        found: JsonObject
        (found,) = result["contents"]
        return found

    def test_read(self) -> None:
        """It is readable in every era, without a key, and nothing is asked for it."""
        for revision in (V2025_03_26, V2025_11_25, V2026_07_28):
            found = self.page(revision)
            self.assertEqual(found["uri"], PREVIEW_CARD)
            self.assertEqual(found["mimeType"], CARD_TYPE)
            self.assertEqual(found["text"], PAGE)
        self.assertEqual(self.instantly.ids, [])

    def test_reaches_nothing(self) -> None:
        """The client learns that the page needs no domain and no permission."""
        ui = self.page(V2026_07_28)["_meta"]["ui"]
        self.assertEqual(set(ui), {"csp", "prefersBorder"})
        self.assertEqual([each for each in ui["csp"].values() if each], [])

    def test_not_listed(self) -> None:
        """The list of resources is for models, which have no use for a page."""
        listed = self.ask("resources/list", {})["resources"]
        self.assertNotIn(PREVIEW_CARD, [each["uri"] for each in listed])


class Elements(HTMLParser):
    """Collects the elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)


class PageTests(ClockedTestCase):
    """What the document is made of."""

    def test_elements(self) -> None:
        """No link, form, control, image or frame; no handler and no address."""
        found = Elements()
        found.feed(PAGE)
        expected = {"html", "head", "meta", "title", "style", "body", "script"}
        self.assertEqual(found.names, expected | {"h1", "ul", "div", "p"})
        self.assertEqual(
            found.attributes,
            {"lang", "charset", "http-equiv", "content", "name", "id"},
        )

    def test_policy(self) -> None:
        """The page allows its own style and script by hash, and nothing else."""
        self.assertIn("default-src 'none'", CONTENT_POLICY)
        self.assertNotIn("unsafe", CONTENT_POLICY)
        self.assertNotIn("http", CONTENT_POLICY)
        self.assertIn(f'content="{CONTENT_POLICY}"', PAGE)

    def test_script(self) -> None:
        """The script writes text only, and asks the client for nothing."""
        for word in ("innerHTML", "outerHTML", "insertAdjacent", "eval", "Function("):
            self.assertNotIn(word, SCRIPT)
        methods = set(re.findall(r'method: "([^"]+)"', SCRIPT))
        self.assertEqual(
            methods,
            {
                "ui/initialize",
                "ui/notifications/initialized",
                "ui/notifications/size-changed",
            },
        )
