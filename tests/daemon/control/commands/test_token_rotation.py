"""``token rotate``: new tokens on the same terms, and the old ones end."""

from __future__ import annotations

import sqlite3

from twisted.internet.defer import fail

from instantly_mcp._json_codec import Json
from instantly_mcp.access.tokens.token import TokenState
from instantly_mcp.daemon.control.commands.token_rotation import TokenRotation
from instantly_mcp.daemon.control.dispatch import CommandTable
from instantly_mcp.state.stores.tokens import TokenStore
from tests.daemon.control.test_token_commands import NOW, TokenCommandTestCase

DAY = 86400.0


class TokenRotationTests(TokenCommandTestCase):
    """The command, on a book in memory."""

    def setUp(self) -> None:
        """Have the commands of tokens, and this one."""
        super().setUp()
        rotation = TokenRotation(book=self.book, wall=lambda: self.now)
        self.table = CommandTable((*self.table.subjects, rotation))

    def state(self, value: Json) -> TokenState:
        """Return the state of the token with this value."""
        found = self.book.find(value)
        assert found is not None
        return found.state

    def test_same_terms(self) -> None:
        """The new token may do what the old one might, and the old one ends."""
        old = self.add(
            access="draft", workspaces=["one"], caps={"mails": 5}, toolsets=["leads"]
        )
        (new,) = self.run_command("token.rotate", token="ada")["tokens"]
        for name in ("name", "access", "workspaces", "caps", "toolsets", "expires"):
            self.assertEqual(new[name], old[name], name)
        self.assertEqual(new["replaces"], old["id"])
        self.assertEqual(self.state(old["token"]), TokenState.REVOKED)
        self.assertEqual(self.state(new["token"]), TokenState.VALID)

    def test_span_begins_again(self) -> None:
        """A token for 90 days is followed by one for 90 days, or for another span."""
        self.add(expires="90d")
        self.now = NOW + 30 * DAY
        (new,) = self.run_command("token.rotate", token="ada")["tokens"]
        self.assertEqual(new["expires"], "2027-03-29T01:30:00Z")
        (new,) = self.run_command("token.rotate", token="ada", expires="1d")["tokens"]
        self.assertEqual(new["expires"], "2026-12-30T01:30:00Z")

    def test_which(self) -> None:
        """All tokens of a workspace, or all valid ones."""
        self.add("ada", workspaces=["one", "two"])
        self.add("bob", workspaces=["two"])
        self.add("cai")
        self.run_command("token.revoke", token="cai")
        for arguments, names in (
            ({"workspace": "one"}, ["ada"]),
            ({"workspace": "two"}, ["bob", "ada"]),
            ({"all": True}, ["bob", "ada"]),
        ):
            answer = self.run_command("token.rotate", **arguments)
            self.assertEqual([each["name"] for each in answer["tokens"]], names)
            self.assertEqual(answer["failed"], [])
            self.now += 1

    def test_refused(self) -> None:
        """Nothing is replaced when it is not clear which tokens are meant."""
        value = str(self.add()["token"])
        for arguments, said in (
            ({}, "say which"),
            ({"token": "ada", "all": True}, "say which"),
            ({"token": value}, "no such valid token"),
            ({"workspace": "three"}, "no such valid token"),
            ({"all": True, "expires": "soon"}, "90d"),
        ):
            line = self.refused("token.rotate", **arguments)
            self.assertIn(said, line)
            self.assertNotIn(value, line)
        self.assertEqual(self.state(value), TokenState.VALID)

    def test_not_stored(self) -> None:
        """A token that cannot be replaced stays valid, and the answer says so."""
        value = self.add()["token"]
        error = sqlite3.OperationalError("disk full")
        self.patch(TokenStore, "add", lambda store, token: fail(error))
        answer = self.run_command("token.rotate", all=True)
        self.assertEqual(answer["failed"], [{"name": "ada", "why": "disk full"}])
        self.assertEqual(self.state(value), TokenState.VALID)

    def test_end_not_stored(self) -> None:
        """The new token is shown even if the end of the old one cannot be stored."""
        value = self.add()["token"]
        error = sqlite3.OperationalError("disk full")
        self.patch(TokenStore, "change", lambda store, token: fail(error))
        (new,) = self.run_command("token.rotate", all=True)["tokens"]
        self.assertIn("disk full", new["trouble"])
        self.assertEqual(self.state(value), TokenState.REVOKED)
        self.assertEqual(self.state(new["token"]), TokenState.VALID)
