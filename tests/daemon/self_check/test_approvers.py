"""``check`` says whether someone can approve."""

from __future__ import annotations

import errno
from pathlib import Path

from instantly_mcp.daemon.access.books import load_books
from instantly_mcp.daemon.self_check.approvers import check_approvers
from instantly_mcp.state.database import DATABASE_FILE_NAME, SqliteDatabase

from .test_sockets import CheckTestCase


class ApproverCheckTests(CheckTestCase):
    """A policy that asks for approval, and the database in the state directory."""

    def look(self, **given: str) -> tuple[list[str], list[str]]:
        """Check the approvers; return what is fine, and the errors."""
        settings = self.settings(state_dir=str(self.folder), **given)
        self.findings.fine.clear()
        self.findings.errors.clear()
        check_approvers(settings, self.findings)
        return self.findings.fine, self.findings.errors

    def test_not_needed(self) -> None:
        """Other policies need no approver, and no database is opened."""
        self.assertEqual(self.look(policy_sends="confirm"), ([], []))
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_no_database(self) -> None:
        """A daemon that never started has no approver; none is created here."""
        fine, (error,) = self.look(policy_sends="approve")
        self.assertEqual(fine, [])
        self.assertIn("instantly-mcp approver add", error)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_not_visible(self) -> None:
        """What this user must not see is reported by the check of the files."""

        def denied(path):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

        self.patch(Path, "exists", denied)
        self.assertEqual(self.look(policy_sends="approve"), ([], []))

    def test_approvers(self) -> None:
        """They are counted, also while a daemon uses the database."""
        database = SqliteDatabase(str(self.folder / DATABASE_FILE_NAME))
        self.addCleanup(database.close)
        _, (error,) = self.look(confirm_fallback="approve")
        self.assertIn("asked for by confirm_fallback", error)
        books = load_books(database, lambda: 0.0)
        self.successResultOf(books.approvers.add("Bo"))
        self.assertEqual(
            self.look(confirm_fallback="approve"),
            (["1 approver can approve"], []),
        )

    def test_unreadable(self) -> None:
        """What is not a database is reported by the check of the files."""
        (self.folder / DATABASE_FILE_NAME).write_text("no database")
        self.assertEqual(self.look(policy_sends="approve"), ([], []))
