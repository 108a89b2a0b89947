"""Marks in the database: what was used once, and what is refused for a while."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeAlias, final

from attrs import define
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ...access.rails.interfaces import IMarks
from ..interfaces import IDatabase

KEPT_MARKS = 100_000
"""An expired mark is removed only after so many later ones. Time alone must not remove
it: the clock may be wrong now, and set back later."""

_Mark: TypeAlias = tuple[str, str, float]
"""Its kind, the mark itself, and the time until which it matters."""


@final
@implementer(IMarks)
@define(eq=False)
class StoredMarks:
    """Marks in the table ``marks``.

    :param wall: returns the time in seconds since the epoch.
    :param kept: the number of marks that are kept after their time.
    """

    database: IDatabase
    wall: Callable[[], float]
    kept: int = KEPT_MARKS

    def use(self, kind: str, mark: str, until: float) -> Deferred[bool]:
        return self.database.run(_use, (kind, mark, until), self.wall(), self.kept)

    def put(self, kind: str, mark: str, until: float) -> Deferred[None]:
        return self.database.run(_put, (kind, mark, until), self.wall(), self.kept)

    def holds(self, kind: str, mark: str) -> Deferred[bool]:
        return self.database.run(_holds, kind, mark, self.wall())


def _use(cursor: sqlite3.Cursor, mark: _Mark, now: float, kept: int) -> bool:
    *_, until = mark
    if until <= now:
        return False
    cursor.execute(
        "INSERT INTO marks (kind, mark, until) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        mark,
    )
    first = cursor.rowcount == 1
    _forget(cursor, now, kept)
    return first


def _put(cursor: sqlite3.Cursor, mark: _Mark, now: float, kept: int) -> None:
    cursor.execute(
        "INSERT INTO marks (kind, mark, until) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET until = max(until, excluded.until)",
        mark,
    )
    _forget(cursor, now, kept)


def _holds(cursor: sqlite3.Cursor, kind: str, mark: str, now: float) -> bool:
    found = cursor.execute(
        "SELECT 1 FROM marks WHERE kind = ? AND mark = ? AND until > ?",
        (kind, mark, now),
    )
    return found.fetchone() is not None


def _forget(cursor: sqlite3.Cursor, now: float, kept: int) -> None:
    cursor.execute(
        "DELETE FROM marks WHERE until <= ? "
        "AND number <= (SELECT max(number) FROM marks) - ?",
        (now, kept),
    )
