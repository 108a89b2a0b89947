"""The stores of approvals and approvers, on the embedded databases."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.state.database import MemoryDatabase, SqliteDatabase
from instantly_mcp.state.interfaces import IDatabase
from tests.contract import approval_stores


def in_memory(case: SynchronousTestCase) -> IDatabase:
    """Return a database in memory, which the test case closes."""
    database = MemoryDatabase()
    case.addCleanup(database.close)
    return database


def in_file(case: SynchronousTestCase) -> IDatabase:
    """Return a database in a file of its own."""
    folder = Path(case.mktemp())
    folder.mkdir(parents=True)
    return SqliteDatabase(str(folder / "state.sqlite3"))


class MemoryApprovalTests(approval_stores.ApprovalStoreContract):
    """Approvals in memory."""

    new_database = in_memory


class FileApprovalTests(approval_stores.ApprovalStoreContract):
    """Approvals in a file."""

    new_database = in_file


class MemoryApproverTests(approval_stores.ApproverStoreContract):
    """Approvers in memory."""

    new_database = in_memory


class FileApproverTests(approval_stores.ApproverStoreContract):
    """Approvers in a file."""

    new_database = in_file
