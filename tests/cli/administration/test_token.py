"""The commands of tokens: their options, and what they print."""

from __future__ import annotations

from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json
from instantly_mcp.cli.administration.options import AdminOptions
from instantly_mcp.cli.administration.token import TokenOptions
from instantly_mcp.clients.registry import CLIENTS
from instantly_mcp.daemon.control.commands.token_rotation import RotateTokens
from instantly_mcp.daemon.control.commands.tokens import (
    AddToken,
    NamedToken,
    NarrowToken,
)

TOKEN: Json = {
    "id": "tabcdefgh",
    "name": "ada",
    "access": "draft",
    "toolsets": None,
    "workspaces": [],
    "caps": {},
    "state": "valid",
    "created": "2026-11-29T01:30:00Z",
    "expires": None,
    "ended": None,
    "last_used": None,
}


class TokenOptionsTests(SynchronousTestCase):
    """Command lines after ``instantly-mcp token``."""

    def parsed(self, *words: str) -> AdminOptions:
        """Return the options of the command."""
        options = TokenOptions()
        options.parseOptions(words)
        parsed: AdminOptions = options.subOptions
        return parsed

    def refused(self, *words: str) -> str:
        """Return why a command line is refused."""
        error = self.assertRaises(usage.UsageError, self.parsed, *words)
        return str(error)

    def test_add(self) -> None:
        """Each option of ``add`` is a member of the request."""
        self.assertEqual(
            self.parsed("add", "--name", "ada").request(), AddToken(name="ada")
        )
        words = (
            "add --name ada --access draft --workspace a --workspace b --toolsets "
            "leads,emails --expires 90d --cap mails=20 --cap leads=0"
        )
        self.assertEqual(
            self.parsed(*words.split()).request(),
            AddToken(
                name="ada",
                access="draft",
                workspaces=("a", "b"),
                toolsets=("leads", "emails"),
                expires="90d",
                caps={"mails": 20, "leads": 0},
            ),
        )

    def test_name_is_needed(self) -> None:
        """A token has a name."""
        self.assertIn("--name", self.refused("add"))

    def test_bad_cap(self) -> None:
        """A cap is a name and a whole number."""
        for text in ("mails", "mails=", "mails=-1", "mails=²", "mails=x"):
            self.assertIn("mails=20", self.refused("add", "--name", "a", "--cap", text))

    def test_named(self) -> None:
        """The id may come before the options or after them."""
        for words in (
            ("revoke", "tabc", "--state-dir", "/s"),
            ("revoke", "--state-dir", "/s", "tabc"),
            ("revoke", "--json", "tabc", "--state-dir", "/s"),
        ):
            self.assertEqual(self.parsed(*words).request(), NamedToken(token="tabc"))
        self.assertEqual(
            self.parsed("narrow", "tabc", "--access", "draft").request(),
            NarrowToken(token="tabc", access="draft"),
        )

    def test_not_named(self) -> None:
        """A command on a token needs one, and only one."""
        self.assertIn("id or its name", self.refused("revoke"))
        self.assertIn("unexpected argument", self.refused("revoke", "a", "b"))

    def test_add_shown(self) -> None:
        """The token is on a line of its own, so that it can be copied and piped."""
        shown = list(
            self.parsed("add", "--name", "a").shown({"token": "imt_x", **TOKEN})
        )
        self.assertEqual(shown[0], "imt_x")
        self.assertIn("not shown again", shown[1])

    def test_list_shown(self) -> None:
        """The list has one line for each token."""
        lines = list(self.parsed("list").shown([TOKEN]))
        self.assertEqual(len(lines), 2)
        row = ["tabcdefgh", "draft", "all"]
        for word in (*row, "ada", "operator's", "valid", "never"):
            self.assertIn(word, lines[1].split())

    def test_many_workspaces_shown(self) -> None:
        """A token for many workspaces does not make the table wider than a terminal."""
        aliases = [f"client-{number}" for number in range(20)]
        token = {**TOKEN, "workspaces": aliases}
        lines = list(self.parsed("list").shown([token]))
        self.assertIn("client-0, client-1, client-2 and 17 more", lines[1])
        self.assertLess(max(map(len, lines)), 160)
        shown = list(self.parsed("list").shown([{**TOKEN, "workspaces": aliases[:3]}]))
        self.assertIn("client-0, client-1, client-2  ", shown[1])

    def test_changes_shown(self) -> None:
        """A change is confirmed with what is true now."""
        (revoked,) = self.parsed("revoke", "x").shown(TOKEN)
        self.assertEqual(revoked, "tabcdefgh (ada) is revoked.")
        (narrowed,) = self.parsed("narrow", "x").shown({**TOKEN, "toolsets": ["leads"]})
        self.assertIn("now has access draft and the toolsets: leads", narrowed)

    def test_rotate(self) -> None:
        """One token, those of a workspace, or all of them."""
        for words, expected in (
            (("rotate", "ada"), RotateTokens(token="ada")),
            (
                ("rotate", "--expires", "90d", "ada"),
                RotateTokens(token="ada", expires="90d"),
            ),
            (("rotate", "--workspace", "blue"), RotateTokens(workspace="blue")),
            (("rotate", "--all"), RotateTokens(all=True)),
        ):
            self.assertEqual(self.parsed(*words).request(), expected)

    def test_rotate_shown(self) -> None:
        """Each new token is on a line with its name; what failed is said."""
        new = {**TOKEN, "token": "imt_new", "replaces": "told"}
        value = {"tokens": [new], "failed": [{"name": "bob", "why": "disk full"}]}
        _, row, said, failed = self.parsed("rotate", "--all").shown(value)
        self.assertEqual(row.split(), ["ada", "imt_new", "tabcdefgh", "never"])
        self.assertIn("revoked", said)
        self.assertEqual(failed, "bob is not replaced, and valid: disk full")


class HandoutTests(SynchronousTestCase):
    """What ``token add --snippet`` prints for the holder."""

    def shown(self, *words: str, public_url: str | None = None) -> list[str]:
        """Return what is printed after the token itself."""
        options = TokenOptions()
        options.parseOptions(["add", "--name", "ada", *words])
        options.subOptions.public_url = public_url
        return list(options.subOptions.shown({"token": "imt_canary", **TOKEN}))[2:]

    def test_none(self) -> None:
        """Without the option there is none."""
        self.assertEqual(self.shown(), [])

    def test_clients(self) -> None:
        """Each client's snippet has the URL and the variable, and not the token."""
        lines = self.shown("--snippet", "claude-code,cursor")
        text = "\n".join(lines)
        self.assertIn("# Claude Code: ", text)
        self.assertIn("# Cursor: ", text)
        self.assertIn("http://127.0.0.1:3000/mcp", text)
        self.assertIn("INSTANTLY_TOKEN", text)
        self.assertNotIn("imt_", text)

    def test_address(self) -> None:
        """It is that of the option, else the public URL of the settings."""
        public = "https://mcp.example.com"
        for words, url in (
            ((), f"{public}/mcp"),
            (("--url", "http://other:1/mcp"), "http://other:1/mcp"),
        ):
            lines = self.shown("--snippet", "curl", *words, public_url=public)
            self.assertIn(url, "\n".join(lines))

    def test_every_client(self) -> None:
        """All clients have a snippet."""
        text = "\n".join(self.shown("--snippet", "all"))
        for client in CLIENTS.values():
            self.assertIn(f"# {client.title}: ", text)

    def test_unknown(self) -> None:
        """An unknown client is refused with the known ones."""
        error = self.assertRaises(usage.UsageError, self.shown, "--snippet", "emacs")
        self.assertIn("claude-code", str(error))
        self.assertNotIn("emacs", str(error))
