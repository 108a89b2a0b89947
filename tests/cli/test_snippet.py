"""The configuration of clients that ``snippet`` prints."""

from __future__ import annotations

import json
import shlex

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._rights import Level
from instantly_mcp.cli.snippet import (
    AUTH_HEADERS,
    CLIENTS,
    SnippetOptions,
    limited,
)
from instantly_mcp.pipeline.mcp_path import read_path

URL = "https://mcp.example.com/mcp"


class SnippetTests(SynchronousTestCase):
    """Each client's own format, with and without a key."""

    def snippet(self, client: str, auth: str = "none") -> str:
        """Return the snippet for a client."""
        return CLIENTS[client](URL, AUTH_HEADERS[auth])

    def test_claude_code(self):
        """For Claude Code it is a command; the key stays in a variable."""
        words = shlex.split(self.snippet("claude-code", "key"))
        self.assertEqual(
            " ".join(words[:6]), "claude mcp add --transport http instantly"
        )
        self.assertEqual(
            words[6:], [URL, "--header", "x-instantly-api-key: $INSTANTLY_API_KEY"]
        )

    def test_cursor(self):
        """For Cursor it is a file that reads the secret from the environment."""
        document = json.loads(self.snippet("cursor", "secret"))
        self.assertEqual(
            document["mcpServers"]["instantly"],
            {
                "url": URL,
                "headers": {"Authorization": "Bearer ${env:MCP_AUTH_SECRET_KEY}"},
            },
        )

    def test_vscode(self):
        """For VS Code it is a file with a hidden prompt for the key."""
        document = json.loads(self.snippet("vscode", "key"))
        (asked,) = document["inputs"]
        self.assertTrue(asked["password"])
        self.assertEqual(
            document["servers"]["instantly"]["headers"],
            {"x-instantly-api-key": f"${{input:{asked['id']}}}"},
        )

    def test_token(self):
        """A connection token travels as a bearer token, from a variable of its own."""
        words = shlex.split(self.snippet("claude-code", "token"))
        self.assertEqual(words[-1], "Authorization: Bearer $INSTANTLY_TOKEN")
        document = json.loads(self.snippet("vscode", "token"))
        self.assertEqual(document["inputs"][0]["description"], "Connection token")

    def test_vscode_without_a_key(self):
        """Without a key there is no prompt."""
        self.assertNotIn("inputs", json.loads(self.snippet("vscode")))

    def test_curl(self):
        """The curl command is one command with a JSON body."""
        words = shlex.split(self.snippet("curl", "key"))
        self.assertEqual(words[:3], ["curl", "-s", URL])
        self.assertEqual(json.loads(words[-1])["method"], "tools/list")

    def test_shell(self):
        """An address with characters that are special to a shell is quoted."""
        for url in ("http://[::1]:3000/mcp", "https://a.example/mcp?x=1&y=$HOME"):
            for client in ("claude-code", "curl"):
                words = CLIENTS[client](url, None)
                self.assertIn(shlex.quote(url), words)
                self.assertIn(url, shlex.split(words))


class LimitTests(SynchronousTestCase):
    """A client that is to have less than it may."""

    def url(self, *words: str) -> str:
        """Return the URL in the snippet for curl."""
        options = SnippetOptions()
        options.parseOptions(["curl", "--url", URL, *words])
        url: str = options["url"]
        return url

    def test_the_path_limits(self):
        """Level and toolsets become parts of the path, which the server reads."""
        for words, rest in (
            (["--access", "full"], ""),
            (["--access", "read-only"], "readonly"),
            (["--access", "draft"], "draft"),
            (["--toolsets", "leads,emails"], "x/leads,emails,server"),
            (["--toolsets", "all", "--access", "draft"], "draft"),
            (
                ["--toolsets", "leads", "--access", "read-only"],
                "x/leads,server/readonly",
            ),
        ):
            with self.subTest(words=words):
                url = self.url(*words)
                self.assertEqual(url, f"{URL}/{rest}" if rest else URL)
                path = read_path(rest) if rest else None
                self.assertEqual(path is not None, bool(rest))

    def test_a_query_stays(self):
        """A query stays behind the path."""
        for url, expected in (
            ("http://a/sse/?apiKey=k", "http://a/sse/draft?apiKey=k"),
            ("http://a/gw/mcp", "http://a/gw/mcp/draft"),
        ):
            self.assertEqual(limited(url, Level.DRAFT, ""), expected)

    def test_refused(self):
        """Unknown levels and toolsets are refused, and a URL that has a key."""
        for words in (
            ["--access", "readonly"],
            ["--toolsets", "nothing"],
            ["--access", "draft", "--url", "http://a/mcp/KEY"],
        ):
            with self.subTest(words=words):
                self.assertRaises(UsageError, self.url, *words)


class OptionsTests(SynchronousTestCase):
    """The command line of ``snippet``."""

    def test_client_first_or_last(self):
        """The client may be named before or after the options."""
        for words in (["cursor", "--auth", "key"], ["--auth", "key", "cursor"]):
            options = SnippetOptions()
            options.parseOptions(words)
            self.assertEqual((options["client"], options["auth"]), ("cursor", "key"))

    def test_mistakes(self):
        """An unknown client or kind of authentication is refused."""
        for words in (["emacs"], [], ["cursor", "--auth", "smile"]):
            with self.assertRaises(UsageError):
                SnippetOptions().parseOptions(words)

    def test_no_url(self):
        """An address that is not a URL is refused with an example."""
        for text in ("nonsense", "3000", "ftp://a/mcp", "http://", "http://a b/mcp"):
            error = self.assertRaises(
                UsageError, SnippetOptions().parseOptions, ["curl", "--url", text]
            )
            self.assertEqual(
                str(error), "--url must be a URL, such as http://127.0.0.1:3000/mcp"
            )
