"""Commands that take effect although the database cannot be written."""

from __future__ import annotations

import sqlite3
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.access.tokens.token import TokenState
from instantly_mcp.daemon.access.books import load_books
from instantly_mcp.daemon.control.requests import CommandRefusedError
from instantly_mcp.daemon.control.subjects import command_table
from instantly_mcp.state.database import MemoryDatabase


class NotStoredTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Have an approver and a token, and then a disk without space."""
        database = MemoryDatabase()
        self.addCleanup(database.close)
        self.noted: list[JsonObject] = []
        self.books = load_books(database, lambda: 86_400.0, note=self.noted.append)
        self.table = command_table(self.books)
        self.successResultOf(self.table.run("approver.add", {"name": "bo"}))
        self.successResultOf(self.table.run("token.add", {"name": "ada"}))
        self.noted.clear()

        def full(*anything: Any) -> Deferred[Any]:
            return fail(sqlite3.OperationalError("database or disk is full"))

        self.patch(MemoryDatabase, "run", full)

    def line(self, command: str, /, **arguments: Any) -> str:
        """Return the line with which a command is refused."""
        failure = self.failureResultOf(
            self.table.run(command, arguments), CommandRefusedError
        )
        (line,) = failure.value.lines
        return str(line)

    def assert_in_effect(self, line: str, done: str) -> None:
        """Check that the operator learns what is in effect, and for how long."""
        self.assertIn(f"{done} in the running daemon", line)
        self.assertIn("lost at a restart: database or disk is full", line)
        self.assertEqual(len(self.noted), 1, self.noted)

    def test_token_revoke(self) -> None:
        """A revocation is in effect, and has its audit line."""
        line = self.line("token.revoke", token="ada")
        self.assert_in_effect(line, "ada is revoked")
        (token,) = self.books.tokens.listed()
        self.assertIs(token.state, TokenState.REVOKED)
        self.assertEqual(self.noted[0]["targets"], [token.id])

    def test_token_narrow(self) -> None:
        """A token that was limited is limited, and the audit has a line."""
        line = self.line("token.narrow", token="ada", access="read-only")
        self.assert_in_effect(line, "ada is limited")
        (token,) = self.books.tokens.listed()
        self.assertEqual(token.level.value, "read-only")

    def test_approver_remove(self) -> None:
        """An approver who was removed is signed out, and the audit has a line."""
        line = self.line("approver.remove", name="bo")
        self.assert_in_effect(line, "bo is removed and signed out")
        self.assertEqual(self.books.approvers.names(), [])
        self.assertEqual(self.noted[0]["targets"], ["bo"])

    def test_sending_off(self) -> None:
        """Sending is off, and the operator learns that a restart would switch it on."""
        line = self.line("sending.switch", off=True, by="ada")
        self.assertIn("sending is off in the running daemon", line)
        self.assertTrue(self.books.sending.is_off)
