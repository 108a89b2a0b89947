"""Requests for approval, in one table.

A request is stored as JSON, beside the columns by which it is found. What a person was
shown contains text of mails, so closed requests are removed after a while.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from attrs import asdict, frozen
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ..._json_codec import Json, dumps, loads
from ...access.approvals.approval import OPEN, Addition, Approval, ApprovalState
from ...access.approvals.interfaces import IApprovalStore
from ...access.preview import Preview
from ..interfaces import IDatabase

_OPEN_STATES = ", ".join(sorted(f"'{state.value}'" for state in OPEN))


@implementer(IApprovalStore)
@frozen
class SqlApprovalStore:
    """Requests for approval in the database."""

    database: IDatabase

    def add(self, approval: Approval, most_pending: int) -> Deferred[Addition]:
        return self.database.run(_add, approval, most_pending)

    def replace(self, approval: Approval, before: ApprovalState) -> Deferred[bool]:
        return self.database.run(_replace, approval, before)

    def get(self, id: str) -> Deferred[Approval | None]:
        return self.database.run(_one, "id = ?", id)

    def newest(self, subject: str) -> Deferred[Approval | None]:
        return self.database.run(_one, "subject = ? ORDER BY number DESC", subject)

    def open(self) -> Deferred[Sequence[Approval]]:
        return self.database.run(_several, f"state IN ({_OPEN_STATES}) ORDER BY number")

    def settled(self, most: int) -> Deferred[Sequence[Approval]]:
        where = "state != 'pending' ORDER BY number DESC LIMIT ?"
        return self.database.run(_several, where, most)

    def forget(self, before: float, most_bytes: int) -> Deferred[None]:
        return self.database.run(_forget, before, most_bytes)


def _add(cursor: sqlite3.Cursor, approval: Approval, most_pending: int) -> Addition:
    cursor.execute(
        "SELECT count(*) FROM approvals WHERE state = 'pending' AND principal = ?",
        (approval.principal,),
    )
    (pending,) = cursor.fetchone()
    if pending >= most_pending:
        return Addition.FULL
    cursor.execute(
        "INSERT INTO approvals (id, subject, principal, state, asked_at, document) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            approval.id,
            approval.subject,
            approval.principal,
            approval.state.value,
            approval.asked_at,
            _encoded(approval),
        ),
    )
    return Addition.ADDED if cursor.rowcount == 1 else Addition.EXISTS


def _replace(cursor: sqlite3.Cursor, approval: Approval, before: ApprovalState) -> bool:
    cursor.execute(
        "UPDATE approvals SET state = ?, document = ? WHERE id = ? AND state = ?",
        (approval.state.value, _encoded(approval), approval.id, before.value),
    )
    return cursor.rowcount == 1


def _one(cursor: sqlite3.Cursor, where: str, value: str) -> Approval | None:
    cursor.execute(f"SELECT document FROM approvals WHERE {where} LIMIT 1", (value,))
    row = cursor.fetchone()
    return None if row is None else _decoded(row[0])


def _several(cursor: sqlite3.Cursor, where: str, *values: int) -> Sequence[Approval]:
    cursor.execute(f"SELECT document FROM approvals WHERE {where}", values)
    return tuple(_decoded(document) for (document,) in cursor.fetchall())


def _forget(cursor: sqlite3.Cursor, before: float, most_bytes: int) -> None:
    cursor.execute(
        f"DELETE FROM approvals WHERE state NOT IN ({_OPEN_STATES}) AND asked_at < ?",
        (before,),
    )
    # A program can make requests without end, but a denial takes a person.
    cursor.execute(
        "DELETE FROM approvals "
        f"WHERE state NOT IN ({_OPEN_STATES}, 'denied') AND number IN ("
        "SELECT number FROM (SELECT number, sum(length(document)) "
        "OVER (ORDER BY number DESC) AS bytes FROM approvals) WHERE bytes > ?)",
        (most_bytes,),
    )


def _encoded(approval: Approval) -> bytes:
    return dumps({**asdict(approval), "state": approval.state.value})


def _decoded(document: bytes) -> Approval:
    fields: dict[str, Json] = loads(document)
    shown = fields["preview"]
    for name in ("facts", "untrusted"):
        shown[name] = tuple((label, text) for label, text in shown[name])
    shown["unseen"] = tuple(shown["unseen"])
    fields["preview"] = Preview(**shown)
    fields["state"] = ApprovalState(fields["state"])
    for name in ("targets", "risks"):
        fields[name] = tuple(fields[name])
    return Approval(**fields)
