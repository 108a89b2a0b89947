"""The embedded databases, for the contracts of stores. No tests."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.state.database import MemoryDatabase, SqliteDatabase
from instantly_mcp.state.interfaces import IDatabase


class MemoryCase(SynchronousTestCase):
    """A test with one database in memory."""

    def setUp(self) -> None:
        """Open the database."""
        super().setUp()
        self.memory = MemoryDatabase()
        self.addCleanup(self.memory.close)

    def database(self) -> IDatabase:
        """Return the database."""
        return self.memory


class SqliteCase(SynchronousTestCase):
    """A test with a database file, which is opened again each time."""

    def setUp(self) -> None:
        """Let there be a folder."""
        super().setUp()
        folder = Path(self.mktemp())
        folder.mkdir()
        self.path = str(folder / "state.sqlite3")

    def database(self) -> IDatabase:
        """Return the database as a new process finds it."""
        return SqliteDatabase(self.path)
