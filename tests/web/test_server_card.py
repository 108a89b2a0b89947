"""The server card and the AI catalog, and that no client takes them for OAuth."""

from __future__ import annotations

import re
from typing import Any

from attrs import evolve

from instantly_mcp._json_codec import Json, JsonObject, loads
from instantly_mcp.web.server_card import SCHEMA, ai_catalog, server_card
from tests.support.cases import ClockedTestCase
from tests.support.wire import check

from .site import FACTS, MemoryServer, Response

URL = "https://mcp.acme.example"
CARD = "/mcp/server-card"
OLDER = "/.well-known/mcp/server-card.json"
CATALOG = "/.well-known/ai-catalog.json"
DOCUMENTS = (CARD, OLDER, CATALOG)
STRANGER = {"Origin": "https://stranger.example"}

NAME = re.compile(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+")
INPUT = {"description", "isRequired", "isSecret", "format", "default", "placeholder"}
INPUT |= {"value", "choices"}


def problem(card: JsonObject) -> str | None:
    """Say what in a card breaks a rule of its schema (v1), or return ``None``."""
    allowed = {"$schema", "name", "version", "description", "title", "websiteUrl"}
    allowed |= {"repository", "icons", "remotes", "_meta"}
    if not {"$schema", "name", "version", "description"} <= set(card) <= allowed:
        return f"members {sorted(card)}"
    if card["$schema"] != SCHEMA or not SCHEMA.endswith("/v1/server-card.schema.json"):
        return "another schema"
    if not NAME.fullmatch(card["name"]) or not 3 <= len(card["name"]) <= 200:
        return f"the name {card['name']}"
    if not 1 <= len(card["description"]) <= 100 or not 1 <= len(card["title"]) <= 100:
        return "a text is empty or too long"
    for remote in card["remotes"]:
        if not set(remote) <= {"type", "url", "headers", "supportedProtocolVersions"}:
            return f"members of a remote {sorted(remote)}"
        if remote["type"] not in ("streamable-http", "sse"):
            return "the transport"
        if not re.fullmatch(r"https?://\S+", remote["url"]):
            return "the URL of a remote"
        for header in remote.get("headers", ()):
            if not {"name"} <= set(header) <= {"name", "variables", *INPUT}:
                return f"members of a header {sorted(header)}"
            named = set(re.findall(r"\{(\w+)\}", header.get("value", "")))
            if named != set(header.get("variables", ())):
                return "a variable that is not described"
    return None


class DiscoveryCase(ClockedTestCase):
    def setUp(self) -> None:
        """Make a site that knows its public URL."""
        super().setUp()
        self.server = MemoryServer(self.clock)
        self.facts(public_url=URL)
        self.client = self.server.connect()
        self.addCleanup(self.client.hang_up)

    def facts(self, **facts: Any) -> None:
        """Change the facts."""
        self.server.status.known = evolve(FACTS, **facts)

    def card(self) -> Json:
        """Return the card."""
        return loads(self.client.ask("GET", CARD).body)


class CardTests(DiscoveryCase):
    def test_fits(self) -> None:
        """The card fits the rules of its schema, whatever clients have to present."""
        for credential in ("none", "key", "token", "secret"):
            for beside in (False, True):
                self.facts(
                    public_url=URL, credential=credential, key_beside_secret=beside
                )
                card = self.card()
                self.assertIsNone(problem(card), card)
                for icon in card["icons"]:
                    check("2025-11-25", "Icon", icon)

    def test_same_as_the_server_says(self) -> None:
        """Version, title, revisions and icons are those of the server's answers."""
        card = self.card()
        self.assertEqual(card["name"], "example.acme.mcp/instantly-mcp")
        self.assertEqual((card["version"], card["title"]), ("9.9.9", "Instantly"))
        (remote,) = card["remotes"]
        self.assertEqual(remote["url"], f"{URL}/mcp")
        self.assertEqual(
            remote["supportedProtocolVersions"], list(FACTS.protocol_versions)
        )
        self.assertEqual(card["icons"][0]["src"], f"{URL}/icon-128.png")

    def test_headers(self) -> None:
        """What clients have to present is described as required secrets."""
        for credential, name, value in (
            ("key", "x-instantly-api-key", None),
            ("token", "Authorization", "Bearer {INSTANTLY_TOKEN}"),
            ("secret", "Authorization", "Bearer {MCP_AUTH_SECRET_KEY}"),
        ):
            self.facts(public_url=URL, credential=credential)
            (header,) = self.card()["remotes"][0]["headers"]
            self.assertEqual((header["name"], header.get("value")), (name, value))
            for asked in (header, *header.get("variables", {}).values()):
                self.assertTrue(asked["isRequired"] and asked["isSecret"], asked)
        self.facts(public_url=URL, credential="secret", key_beside_secret=True)
        headers = self.card()["remotes"][0]["headers"]
        self.assertEqual(
            [header["name"] for header in headers],
            ["Authorization", "x-instantly-api-key"],
        )

    def test_nothing_needed(self) -> None:
        """A server that needs no credential describes no header."""
        self.facts(public_url=URL, credential="none")
        self.assertNotIn("headers", self.card()["remotes"][0])

    def test_prefix_and_odd_hosts(self) -> None:
        """A path, a port and an IPv6 address of the public URL make no wrong name."""
        for url, name in (
            ("https://acme.example/instantly", "example.acme/instantly-mcp"),
            ("https://acme.example:8443", "example.acme/instantly-mcp"),
            ("http://10.0.0.5:3000", "10.0.0.5/instantly-mcp"),
            ("http://[fd00::1]:3000", "fd00--1/instantly-mcp"),
            ("http://localhost:3000", "localhost/instantly-mcp"),
        ):
            card = server_card(FACTS, url)
            self.assertIsNone(problem(card), card)
            self.assertEqual(card["name"], name)
            (entry,) = ai_catalog(FACTS, url)["entries"]
            self.assertEqual(entry["url"], f"{url}{CARD}")

    def test_documentation(self) -> None:
        """The operator's documentation is the web site of the server."""
        self.facts(public_url=URL, documentation_url="https://wiki.acme.example/mcp")
        self.assertEqual(self.card()["websiteUrl"], "https://wiki.acme.example/mcp")


class CatalogTests(DiscoveryCase):
    def test_entry(self) -> None:
        """The catalog of the domain leads to the card."""
        response = self.client.ask("GET", CATALOG)
        self.assertEqual(response.one("content-type"), "application/ai-catalog+json")
        catalog = loads(response.body)
        self.assertEqual(catalog["specVersion"], "1.0")
        (entry,) = catalog["entries"]
        self.assertEqual(entry["type"], "application/mcp-server-card+json")
        self.assertEqual(
            entry["identifier"], "urn:air:mcp.acme.example:mcp:instantly-mcp"
        )
        self.assertEqual(entry["url"], f"{URL}{CARD}")


class HttpTests(DiscoveryCase):
    def test_only_with_a_public_url(self) -> None:
        """A server that does not know its address answers as for any wrong path."""
        self.facts(public_url=None)
        for path in DOCUMENTS:
            response = self.client.ask("GET", path)
            self.assertEqual(response.status, 404)
            self.assertIn("availableEndpoints", response.body.decode())
            self.assertEqual(self.client.ask("GET", path, STRANGER).status, 403)

    def test_every_origin(self) -> None:
        """Scripts of every origin may read the documents, and only these."""
        for path in DOCUMENTS:
            for response in (
                self.client.ask("GET", path, STRANGER),
                self.client.ask(
                    "OPTIONS",
                    path,
                    {
                        **STRANGER,
                        "Access-Control-Request-Method": "GET",
                        "Access-Control-Request-Headers": "if-none-match",
                    },
                ),
            ):
                self.assertEqual(response.one("access-control-allow-origin"), "*")
                self.assertEqual(response.one("access-control-allow-methods"), "GET")
                self.assertIn(
                    "If-None-Match", response.one("access-control-allow-headers") or ""
                )
        self.assertEqual(self.client.ask("GET", "/info", STRANGER).status, 403)

    def test_caching(self) -> None:
        """A copy that is current is not sent again, in whichever form it is named."""
        for path in DOCUMENTS:
            first = self.client.ask("GET", path)
            self.assertEqual(first.one("cache-control"), "public, max-age=3600")
            tag = first.one("etag") or ""
            for named in (tag, f"W/{tag}", f'"other", {tag}', "*"):
                again = self.client.ask("GET", path, {"If-None-Match": named})
                self.assertEqual((again.status, again.body), (304, b""))
                self.assertEqual(again.one("etag"), tag)
                self.assertIsNone(again.one("content-length"))
            other = self.client.ask("GET", path, {"If-None-Match": '"other"'})
            self.assertEqual((other.status, other.body), (200, first.body))

    def test_changes(self) -> None:
        """A card that changed has another tag."""
        before = self.client.ask("GET", CARD).one("etag")
        self.facts(public_url=URL, credential="token")
        self.assertNotEqual(self.client.ask("GET", CARD).one("etag"), before)

    def test_head(self) -> None:
        """HEAD answers as GET does, without the body."""
        response = self.client.ask("HEAD", CARD)
        self.assertEqual((response.status, response.body), (200, b""))
        kind = "application/mcp-server-card+json"
        self.assertEqual(response.one("content-type"), kind)

    def test_log(self) -> None:
        """Each document has its own route in metrics."""
        for path in DOCUMENTS:
            self.client.ask("GET", path)
        self.assertEqual(
            [route for route, _, _ in self.server.metrics.exchanges], [*DOCUMENTS]
        )


class NeitherKeyNorOAuthTests(DiscoveryCase):
    def test_no_key(self) -> None:
        """The path of the card is never a key, with any method or selection."""
        for method, path in (
            ("POST", CARD),
            ("DELETE", CARD),
            ("POST", "/mcp/readonly/server-card"),
            ("GET", "/mcp/w/blue/server-card"),
            ("GET", "/sse/server-card"),
        ):
            self.assertIn(self.client.ask(method, path).status, (404, 405), path)
        self.assertEqual(self.server.pipeline.exchanges, [])

    def test_discovery_of_oauth(self) -> None:
        """The documents of OAuth answer as they did: 404, with or without a path."""
        for path in (
            "/.well-known/oauth-protected-resource",
            "/.well-known/oauth-protected-resource/mcp",
            "/.well-known/oauth-protected-resource/mcp/server-card",
            "/.well-known/oauth-authorization-server",
            "/.well-known/oauth-authorization-server/mcp",
        ):
            response: Response = self.client.ask("GET", path)
            self.assertEqual(response.status, 404)
            self.assertIn("does not support OAuth", response.json()["message"])

    def test_other_documents(self) -> None:
        """Other well-known documents do not exist."""
        for path in (
            "/.well-known/openid-configuration",
            "/.well-known/mcp.json",
            "/.well-known/mcp/other.json",
            "/.well-known/ai-catalog.json/more",
        ):
            response = self.client.ask("GET", path)
            self.assertEqual(response.status, 404, path)
            self.assertEqual(response.json()["error"], "not_found")

    def test_no_word_of_oauth(self) -> None:
        """No document names a place where a client could log in."""
        for path in DOCUMENTS:
            body = self.client.ask("GET", path).body.lower()
            for word in (
                b"oauth",
                b"authorization_server",
                b"issuer",
                b"token_endpoint",
            ):
                self.assertNotIn(word, body)
