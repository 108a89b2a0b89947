"""The links that open an editor and offer to add the server."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, unquote, urlsplit

from hypothesis import given, settings
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.clients.address import AUTH_HEADERS, McpAddress
from instantly_mcp.clients.client import InstallLink
from instantly_mcp.clients.registry import CLIENTS

from .test_formats import URL, json_for
from .urls import urls


def link_for(client: str, url: str = URL) -> InstallLink:
    """Return the links of a client, for a server that asks for a token."""
    make = CLIENTS[client].install_link
    assert make is not None
    return make(McpAddress(url, AUTH_HEADERS["token"]))


class InstallLinkTests(SynchronousTestCase):
    """The links contain what the file contains."""

    @settings(deadline=None)
    @given(urls())
    def test_cursor(self, url):
        """Cursor's link contains the server of its file, in base64."""
        link = link_for("cursor", url)
        written = json_for("cursor", "json", "token", url)["mcpServers"]["instantly"]
        for each in (link.app, link.web):
            query = parse_qs(urlsplit(each).query, strict_parsing=True)
            self.assertEqual(query["name"], ["instantly"])
            decoded = base64.b64decode(query["config"][0], validate=True)
            self.assertEqual(json.loads(decoded), written)

    @settings(deadline=None)
    @given(urls())
    def test_vscode(self, url):
        """The link of VS Code contains name, server and prompts as JSON."""
        link = link_for("vscode", url)
        file = json_for("vscode", "json", "token", url)
        scheme, _, text = link.app.partition("?")
        self.assertEqual(scheme, "vscode:mcp/install")
        expected = {"name": "instantly", **file["servers"]["instantly"]}
        expected["inputs"] = file["inputs"]
        self.assertEqual(json.loads(unquote(text)), expected)
        query = parse_qs(urlsplit(link.web).query, strict_parsing=True)
        self.assertEqual(query["url"], [link.app])

    def test_characters(self):
        """A link has no character that ends an attribute or a word."""
        for client in ("cursor", "vscode"):
            link = link_for(client, f"{URL}?it's=(a)&b=;c")
            for each in (link.app, link.web):
                self.assertRegex(each, r"^[A-Za-z0-9:/?=&%._~-]+$")

    def test_others(self):
        """The other clients have none."""
        able = [each.id for each in CLIENTS.values() if each.install_link]
        self.assertEqual(able, ["cursor", "vscode"])
