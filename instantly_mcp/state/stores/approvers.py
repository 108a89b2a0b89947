"""The approvers."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from attrs import frozen
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ...access.approvals.approver import Approver
from ...access.approvals.interfaces import IApproverStore
from ..interfaces import IDatabase


@implementer(IApproverStore)
@frozen
class SqlApproverStore:
    """The approvers in the database."""

    database: IDatabase

    def all(self) -> Deferred[Sequence[Approver]]:
        return self.database.run(_all)

    def add(self, approver: Approver) -> Deferred[bool]:
        return self.database.run(_add, approver)

    def remove(self, name: str) -> Deferred[bool]:
        return self.database.run(_remove, name)


def _all(cursor: sqlite3.Cursor) -> Sequence[Approver]:
    cursor.execute("SELECT name, digest, added_at FROM approvers ORDER BY name")
    return tuple(
        Approver(name=name, digest=digest, added_at=added_at)
        for name, digest, added_at in cursor.fetchall()
    )


def _add(cursor: sqlite3.Cursor, approver: Approver) -> bool:
    cursor.execute(
        "INSERT INTO approvers (name, digest, added_at) VALUES (?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (approver.name, approver.digest, approver.added_at),
    )
    return cursor.rowcount == 1


def _remove(cursor: sqlite3.Cursor, name: str) -> bool:
    cursor.execute("DELETE FROM approvers WHERE name = ?", (name,))
    return cursor.rowcount == 1
