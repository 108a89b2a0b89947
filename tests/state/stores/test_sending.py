"""The store of the kill switch, on the embedded databases."""

from __future__ import annotations

from instantly_mcp.access.rails.interfaces import IKillSwitchStore
from instantly_mcp.state.stores.sending import SqlKillSwitchStore
from tests.contract.kill_switch import KillSwitchStoreContract

from .databases import MemoryCase, SqliteCase


class InMemorySendingTests(MemoryCase, KillSwitchStoreContract):
    def make_store(self) -> IKillSwitchStore:
        return SqlKillSwitchStore(self.database())


class SqliteSendingTests(SqliteCase, KillSwitchStoreContract):
    def make_store(self) -> IKillSwitchStore:
        return SqlKillSwitchStore(self.database())


del KillSwitchStoreContract
