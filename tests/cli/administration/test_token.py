"""The commands of tokens: their options, and what they print."""

from __future__ import annotations

from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json
from instantly_mcp.cli.administration.options import AdminOptions
from instantly_mcp.cli.administration.token import TokenOptions
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

    def test_changes_shown(self) -> None:
        """A change is confirmed with what is true now."""
        (revoked,) = self.parsed("revoke", "x").shown(TOKEN)
        self.assertEqual(revoked, "tabcdefgh (ada) is revoked.")
        (narrowed,) = self.parsed("narrow", "x").shown({**TOKEN, "toolsets": ["leads"]})
        self.assertIn("now has access draft and the toolsets: leads", narrowed)
