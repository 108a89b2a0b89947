"""The command line of ``snippet``, and what it prints."""

from __future__ import annotations

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._rights import Level
from instantly_mcp.cli.snippet import SnippetOptions
from instantly_mcp.clients.address import limited
from instantly_mcp.pipeline.mcp_path import read_path

URL = "https://mcp.example.com/mcp"


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
            self.assertEqual(limited(url, Level.DRAFT), expected)

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
        """Unknown clients, kinds of authentication and formats are refused."""
        for words in (
            ["emacs"],
            ["cursor", "--auth", "smile"],
            ["cursor", "--format", "toml"],
            ["codex", "--link"],
        ):
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
