"""The store of connection tokens, on the embedded databases."""

from __future__ import annotations

from pathlib import Path

from instantly_mcp.access.tokens.interfaces import ITokenStore
from instantly_mcp.state.database import MemoryDatabase, SqliteDatabase
from instantly_mcp.state.stores.tokens import TokenStore
from tests.contract.tokens import TokenStoreContract


class InMemoryTokensTests(TokenStoreContract):
    def setUp(self) -> None:
        """Open a database in memory."""
        self.database = MemoryDatabase()
        self.addCleanup(self.database.close)

    def make_store(self) -> ITokenStore:
        return TokenStore(self.database)


class SqliteTokensTests(TokenStoreContract):
    def setUp(self) -> None:
        """Let there be a folder."""
        folder = Path(self.mktemp())
        folder.mkdir()
        self.path = str(folder / "state.sqlite3")

    def make_store(self) -> ITokenStore:
        return TokenStore(SqliteDatabase(self.path))


del TokenStoreContract
