"""Write records in the database: what was sent, and may have taken effect."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from typing import final

from attrs import define
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ...access.rails.interfaces import IWriteRecords
from ...access.rails.records import WriteRecord, WriteState
from ..interfaces import IDatabase

KEPT_WRITES = 20_000
"""How many writes are remembered, the latest ones, whatever became of them."""

_COLUMNS = "act, request, owner, operation, at, state"


@final
@implementer(IWriteRecords)
@define(eq=False)
class StoredWriteRecords:
    """Records in the table ``writes``; the latest of a request comes last."""

    database: IDatabase
    kept: int = KEPT_WRITES

    def begin(
        self, record: WriteRecord, against: Mapping[WriteState, float]
    ) -> Deferred[WriteRecord | None]:
        return self.database.run(_begin, record, against)

    def end(self, act: str, state: WriteState) -> Deferred[None]:
        return self.database.run(_end, act, state, self.kept)

    def latest(
        self, request: str, states: Mapping[WriteState, float]
    ) -> Deferred[WriteRecord | None]:
        return self.database.run(_latest, request, states)

    def look(
        self, owner: str, operations: Collection[str], before: float
    ) -> Deferred[int]:
        return self.database.run(_look, owner, operations, before)

    def recover(self) -> Deferred[int]:
        return self.database.run(_recover)

    def unknown_since(self, since: float) -> Deferred[Collection[tuple[str, str]]]:
        return self.database.run(_unknown_since, since)


def _begin(
    cursor: sqlite3.Cursor, record: WriteRecord, against: Mapping[WriteState, float]
) -> WriteRecord | None:
    equal = _latest(cursor, record.request, against)
    if equal is not None:
        return equal
    cursor.execute(
        "UPDATE writes SET state = 'settled' WHERE request = ? AND state = 'looked_at'",
        (record.request,),
    )
    cursor.execute(
        f"INSERT INTO writes ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
        (
            record.act,
            record.request,
            record.owner,
            record.operation,
            record.at,
            record.state.value,
        ),
    )
    return None


def _end(cursor: sqlite3.Cursor, act: str, state: WriteState, kept: int) -> None:
    cursor.execute("UPDATE writes SET state = ? WHERE act = ?", (state.value, act))
    cursor.execute("DELETE FROM writes WHERE act = ? AND state = 'settled'", (act,))
    cursor.execute(
        "DELETE FROM writes WHERE state != 'sending' "
        "AND number <= (SELECT max(number) FROM writes) - ?",
        (kept,),
    )


def _latest(
    cursor: sqlite3.Cursor, request: str, states: Mapping[WriteState, float]
) -> WriteRecord | None:
    rows = cursor.execute(
        f"SELECT {_COLUMNS} FROM writes WHERE request = ? "
        f"AND state IN ({_marks(states)}) ORDER BY number DESC",
        (request, *(state.value for state in states)),
    )
    for record in map(_record, rows):
        if record.at > states[record.state]:
            return record
    return None


def _look(
    cursor: sqlite3.Cursor, owner: str, operations: Collection[str], before: float
) -> int:
    cursor.execute(
        "UPDATE writes SET state = 'looked_at' WHERE state = 'unknown' AND owner = ? "
        f"AND at < ? AND operation IN ({_marks(operations)})",
        (owner, before, *operations),
    )
    (left,) = cursor.execute(
        "SELECT count(*) FROM writes WHERE state = 'unknown' AND owner = ? "
        f"AND operation IN ({_marks(operations)})",
        (owner, *operations),
    ).fetchone()
    return int(left)


def _recover(cursor: sqlite3.Cursor) -> int:
    cursor.execute("UPDATE writes SET state = 'unknown' WHERE state = 'sending'")
    return cursor.rowcount


def _unknown_since(cursor: sqlite3.Cursor, since: float) -> Collection[tuple[str, str]]:
    return cursor.execute(
        "SELECT DISTINCT owner, operation FROM writes "
        "WHERE state = 'unknown' AND at > ?",
        (since,),
    ).fetchall()


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def _record(row: tuple[str, str, str, str, float, str]) -> WriteRecord:
    act, request, owner, operation, at, state = row
    return WriteRecord(
        act=act,
        request=request,
        owner=owner,
        operation=operation,
        at=at,
        state=WriteState(state),
    )
