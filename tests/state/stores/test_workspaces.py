"""The store of workspaces, on the embedded databases."""

from __future__ import annotations

from pathlib import Path

from instantly_mcp.access.workspaces.interfaces import IWorkspaceStore
from instantly_mcp.state.database import MemoryDatabase, SqliteDatabase
from instantly_mcp.state.stores.workspaces import WorkspaceStore
from tests.contract.workspaces import WorkspaceStoreContract


class InMemoryTests(WorkspaceStoreContract):
    def setUp(self) -> None:
        """Open a database in memory."""
        self.database = MemoryDatabase()
        self.addCleanup(self.database.close)

    def make_store(self) -> IWorkspaceStore:
        return WorkspaceStore(self.database)


class SqliteTests(WorkspaceStoreContract):
    def setUp(self) -> None:
        """Let there be a folder."""
        folder = Path(self.mktemp())
        folder.mkdir()
        self.path = str(folder / "state.sqlite3")

    def make_store(self) -> IWorkspaceStore:
        return WorkspaceStore(SqliteDatabase(self.path))


del WorkspaceStoreContract
