"""The command line of ``snippet``, and what it prints."""

from __future__ import annotations

import sys
import tomllib
from io import StringIO

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._rights import Level
from instantly_mcp.cli.snippet import SnippetOptions
from instantly_mcp.clients.address import limited
from instantly_mcp.clients.registry import CLIENTS
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


class OutputTests(SynchronousTestCase):
    """What is printed, and where."""

    def printed(self, *words: str) -> tuple[str, str]:
        """Return what a command prints to standard output and to standard error."""
        options = SnippetOptions()
        options.parseOptions(words)
        out, errors = StringIO(), StringIO()
        self.patch(sys, "stdout", out)
        self.patch(sys, "stderr", errors)
        self.assertEqual(options.run(), 0)
        return out.getvalue(), errors.getvalue()

    def test_list(self):
        """Without a client, all are listed with their titles and formats."""
        out, errors = self.printed()
        self.assertEqual(errors, "")
        lines = out.splitlines()
        names = [line.split()[0] for line in lines[: len(CLIENTS)]]
        self.assertEqual(names, list(CLIENTS))
        self.assertIn("Claude Desktop (bundle, mcp-remote, stdio)", out)

    def test_remarks(self):
        """The snippet alone goes to standard output; files and notes do not."""
        out, errors = self.printed("codex", "--format", "toml", "--url", URL)
        self.assertEqual(tomllib.loads(out)["mcp_servers"], {"instantly": {"url": URL}})
        self.assertIn("#   ~/.codex/config.toml\n", errors)
        self.assertIn("# Other forms: --format command\n", errors)
        self.assertEqual({line[:2] for line in errors.splitlines()}, {"# "})

    def test_obstacle(self):
        """For a client in the cloud it says that a local address is out of reach."""
        _, errors = self.printed("chatgpt")
        self.assertIn("cannot reach http://127.0.0.1:3000/mcp", errors)
        _, errors = self.printed("chatgpt", "--url", URL)
        self.assertNotIn("cannot reach", errors)

    def test_link(self):
        """--link prints the two links alone."""
        out, errors = self.printed("cursor", "--link")
        app, web = out.splitlines()
        self.assertTrue(app.startswith("cursor://anysphere.cursor-deeplink/"))
        self.assertTrue(web.startswith("https://cursor.com/"))
        self.assertEqual(errors, "")


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
