"""The text of each configuration is what its client reads."""

from __future__ import annotations

import base64
import json
import shlex
from urllib.parse import parse_qs, unquote, urlsplit

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.clients.address import AUTH_HEADERS, McpAddress
from instantly_mcp.clients.registry import CLIENTS

URL = "https://mcp.example.com/mcp"


def text_for(client: str, auth: str = "none", url: str = URL) -> str:
    """Return the recommended configuration of a client."""
    return CLIENTS[client].preferred.write(McpAddress(url, AUTH_HEADERS[auth]))


class FormatTests(SynchronousTestCase):
    """Each client's own format, with and without a key."""

    def test_claude_code(self):
        """For Claude Code it is a command; the key stays in a variable."""
        words = shlex.split(text_for("claude-code", "key"))
        self.assertEqual(
            " ".join(words[:6]), "claude mcp add --transport http instantly"
        )
        self.assertEqual(
            words[6:], [URL, "--header", "x-instantly-api-key: ${INSTANTLY_API_KEY}"]
        )

    def test_cursor(self):
        """For Cursor it is a file that reads the secret from the environment."""
        document = json.loads(text_for("cursor", "secret"))
        self.assertEqual(
            document["mcpServers"]["instantly"],
            {
                "url": URL,
                "headers": {"Authorization": "Bearer ${env:MCP_AUTH_SECRET_KEY}"},
            },
        )

    def test_vscode(self):
        """For VS Code it is a file with a hidden prompt for the key."""
        document = json.loads(text_for("vscode", "key"))
        (asked,) = document["inputs"]
        self.assertTrue(asked["password"])
        self.assertEqual(
            document["servers"]["instantly"]["headers"],
            {"x-instantly-api-key": f"${{input:{asked['id']}}}"},
        )

    def test_token(self):
        """A connection token travels as a bearer token, from a variable of its own."""
        words = shlex.split(text_for("claude-code", "token"))
        self.assertEqual(words[-1], "Authorization: Bearer ${INSTANTLY_TOKEN}")
        document = json.loads(text_for("vscode", "token"))
        self.assertEqual(document["inputs"][0]["description"], "Connection token")

    def test_vscode_without_a_key(self):
        """Without a key there is no prompt."""
        self.assertNotIn("inputs", json.loads(text_for("vscode")))

    def test_curl(self):
        """The curl command is one command with a JSON body."""
        words = shlex.split(text_for("curl", "key"))
        self.assertEqual(words[:3], ["curl", "-s", URL])
        self.assertEqual(json.loads(words[-1])["method"], "tools/list")


class InstallLinkTests(SynchronousTestCase):
    """The links that open an editor and offer to add the server."""

    def test_cursor(self):
        """Cursor's link contains the server of its file, in base64."""
        address = McpAddress(URL, AUTH_HEADERS["token"])
        make = CLIENTS["cursor"].install_link
        assert make is not None
        link = make(address)
        written = json.loads(text_for("cursor", "token"))["mcpServers"]["instantly"]
        for each in (link.app, link.web):
            query = parse_qs(urlsplit(each).query)
            self.assertEqual(query["name"], ["instantly"])
            decoded = base64.b64decode(query["config"][0], validate=True)
            self.assertEqual(json.loads(decoded), written)

    def test_vscode(self):
        """The link of VS Code contains name, server and prompts as JSON."""
        address = McpAddress(URL, AUTH_HEADERS["token"])
        make = CLIENTS["vscode"].install_link
        assert make is not None
        link = make(address)
        file = json.loads(text_for("vscode", "token"))
        scheme, _, text = link.app.partition("?")
        self.assertEqual(scheme, "vscode:mcp/install")
        self.assertEqual(
            json.loads(unquote(text)),
            {
                "name": "instantly",
                **file["servers"]["instantly"],
                "inputs": file["inputs"],
            },
        )
        self.assertEqual(parse_qs(urlsplit(link.web).query)["url"], [link.app])
