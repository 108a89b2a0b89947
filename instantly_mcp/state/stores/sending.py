"""The last command of the kill switch."""

from __future__ import annotations

import sqlite3

from attrs import frozen
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ...access.rails.interfaces import IKillSwitchStore
from ...access.rails.records import Switched
from ..interfaces import IDatabase


@implementer(IKillSwitchStore)
@frozen
class SqlKillSwitchStore:
    """The last command in the database."""

    database: IDatabase

    def load(self) -> Deferred[Switched | None]:
        return self.database.run(_load)

    def save(self, switched: Switched) -> Deferred[None]:
        return self.database.run(_save, switched)


def _load(cursor: sqlite3.Cursor) -> Switched | None:
    cursor.execute("SELECT off, at, by_whom FROM kill_switch")
    row = cursor.fetchone()
    return None if row is None else Switched(bool(row[0]), row[1], row[2])


def _save(cursor: sqlite3.Cursor, switched: Switched) -> None:
    cursor.execute(
        "INSERT INTO kill_switch (id, off, at, by_whom) VALUES (1, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET off = excluded.off, at = excluded.at, "
        "by_whom = excluded.by_whom",
        (int(switched.off), switched.at, switched.by),
    )
