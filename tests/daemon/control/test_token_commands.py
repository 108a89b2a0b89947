"""The commands of tokens: what they refuse, and what they change."""

from __future__ import annotations

from collections.abc import Mapping

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json
from instantly_mcp.access.tokens.book import TokenBook
from instantly_mcp.access.tokens.token import TokenState
from instantly_mcp.daemon.control.commands.tokens import TokenCommands
from instantly_mcp.daemon.control.dispatch import CommandTable
from instantly_mcp.daemon.control.requests import CommandRefusedError
from instantly_mcp.state.database import MemoryDatabase
from instantly_mcp.state.stores.tokens import TokenStore

NOW = 1795915800.0
"""2026-11-29 at 01:30:00 UTC."""


class TokenCommandTestCase(SynchronousTestCase):
    """Runs commands by name, on a book in memory."""

    def setUp(self) -> None:
        """Have an empty book."""
        self.now = NOW
        database = MemoryDatabase()
        self.addCleanup(database.close)
        self.book = TokenBook(TokenStore(database), lambda: self.now)
        self.successResultOf(self.book.load())
        self.table = CommandTable(
            (
                TokenCommands(
                    book=self.book,
                    wall=lambda: self.now,
                    cap_names=("mails", "leads"),
                    known_workspace=("one", "two").__contains__,
                ),
            )
        )

    def run_command(self, command: str, /, **arguments: Json) -> Json:
        """Return the answer of a command."""
        return self.successResultOf(self.table.run(command, arguments))

    def refused(self, command: str, /, **arguments: Json) -> str:
        """Return the one line with which a command is refused."""
        failure = self.failureResultOf(
            self.table.run(command, arguments), CommandRefusedError
        )
        (line,) = failure.value.lines
        return str(line)

    def add(self, name: str = "ada", **arguments: Json) -> Mapping[str, Json]:
        """Issue a token."""
        answer: Mapping[str, Json] = self.run_command(
            "token.add", name=name, **arguments
        )
        return answer


class TokenCommandsTests(TokenCommandTestCase):
    """The commands add, list, narrow and revoke."""

    def test_add(self) -> None:
        """The answer has the token and everything that was decided about it."""
        answer = dict(
            self.add(
                access="draft",
                workspaces=["two", "one", "two"],
                toolsets=["emails", "leads"],
                expires="90d",
                caps={"mails": 20},
            )
        )
        found = self.book.find(answer.pop("token"))
        assert found is not None
        self.assertEqual(answer.pop("id"), found.id)
        self.assertEqual(
            answer,
            {
                "name": "ada",
                "access": "draft",
                "toolsets": ["leads", "emails", "server"],
                "workspaces": ["two", "one"],
                "caps": {"mails": 20},
                "state": "valid",
                "created": "2026-11-29T01:30:00Z",
                "expires": "2027-02-27T01:30:00Z",
                "ended": None,
                "last_used": None,
            },
        )

    def test_defaults(self) -> None:
        """Without options a token has full access, and never expires."""
        answer = self.add()
        self.assertEqual(
            [answer[name] for name in ("access", "toolsets", "workspaces", "expires")],
            ["full", None, [], None],
        )

    def test_names(self) -> None:
        """A name can be that of a person anywhere, and of a device."""
        for name in ("Anna, laptop", "Żaneta O'Neil (2)", "a@example.com", "日本"):
            self.assertEqual(self.add(name)["name"], name)

    def test_all_toolsets(self) -> None:
        """All toolsets do not limit a token, nor do those that a later version adds."""
        for names in (["default"], ["all"], ["default", "leads"]):
            self.assertIsNone(
                self.add(str(names[0] * len(names)), toolsets=names)["toolsets"]
            )

    def test_expires(self) -> None:
        """A span counts from now; a day ends at midnight UTC."""
        for text, instant in (
            ("12h", "2026-11-29T13:30:00Z"),
            ("4w", "2026-12-27T01:30:00Z"),
            ("2026-11-29", "2026-11-30T00:00:00Z"),
            ("2027-02-28", "2027-03-01T00:00:00Z"),
        ):
            self.assertEqual(self.add(text, expires=text)["expires"], instant)

    def test_refused_arguments(self) -> None:
        """A wrong argument is refused with what is right, and no token is issued."""
        for arguments, said in (
            ({"access": "admin"}, "read-only, draft, full"),
            ({"toolsets": ["mail"]}, "unknown toolset"),
            ({"toolsets": []}, "unknown toolset"),
            ({"workspaces": ["three"]}, "no workspace 'three'"),
            ({"caps": {"mail": 1}}, "leads, mails"),
            ({"caps": {"mails": -1}}, "from 0"),
            ({"caps": {"mails": 10**9}}, "from 0"),
            ({"expires": "soon"}, "90d"),
            ({"expires": "0d"}, "90d"),
            ({"expires": "99999w"}, "90d"),
            ({"expires": "9999-12-31"}, "90d"),
            ({"expires": "2026-11-28"}, "over"),
            ({"name": ""}, "name must"),
            ({"name": "a\nb"}, "name must"),
            ({"name": "a" * 65}, "name must"),
            ({"name": "-a"}, "name must"),
        ):
            given: dict[str, Json] = {"name": "ada", **arguments}
            self.assertIn(said, self.refused("token.add", **given), arguments)
        self.assertFalse(self.book.exist)

    def test_name_is_free_again(self) -> None:
        """Two valid tokens do not have one name; the name of an ended one is free."""
        self.add()
        self.assertIn("already a valid token", self.refused("token.add", name="ada"))
        self.run_command("token.revoke", token="ada")
        self.add()

    def test_list(self) -> None:
        """All tokens are listed, those that ended as well, and none with its value."""
        value = self.add("ada")["token"]
        self.now += 60
        self.add("bob", expires="1h")
        self.run_command("token.revoke", token="ada")
        self.now += 3600
        listed = self.run_command("token.list")
        self.assertEqual(
            [(token["name"], token["state"]) for token in listed],
            [("ada", "revoked"), ("bob", "expired")],
        )
        self.assertNotIn(value, repr(listed))
        self.assertNotIn("digest", repr(listed))

    def test_revoke(self) -> None:
        """A token is revoked by its id or its name, and only once."""
        for name, by in (("ada", "id"), ("bob", "name")):
            made = self.add(name)
            answer = self.run_command("token.revoke", token=made[by])
            self.assertEqual(answer["state"], "revoked")
            found = self.book.find(made["token"])
            assert found is not None
            self.assertEqual(found.state, TokenState.REVOKED)
            self.assertIn("already revoked", self.refused("token.revoke", token=name))

    def test_revoke_by_value(self) -> None:
        """A token that is given in place of its id is not repeated."""
        value = str(self.add()["token"])
        self.assertNotIn(value, self.refused("token.revoke", token=value))

    def test_narrow(self) -> None:
        """A token is narrowed, never widened."""
        self.add(toolsets=["leads", "emails"])
        answer = self.run_command("token.narrow", token="ada", access="draft")
        self.assertEqual(answer["access"], "draft")
        answer = self.run_command("token.narrow", token="ada", toolsets=["leads"])
        self.assertEqual(answer["toolsets"], ["leads", "server"])
        for arguments, said in (
            ({}, "say which"),
            ({"access": "full"}, "cannot be widened"),
            ({"toolsets": ["emails"]}, "does not have the toolsets emails"),
            ({"toolsets": ["default"]}, "say which"),
        ):
            self.assertIn(said, self.refused("token.narrow", token="ada", **arguments))
