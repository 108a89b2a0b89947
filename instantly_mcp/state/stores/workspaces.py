"""The workspaces of the operator, in the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import final

from attrs import define
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ...access.workspaces.entry import WorkspaceEntry
from ...access.workspaces.interfaces import IWorkspaceStore
from ..interfaces import IDatabase

_COLUMNS = "alias, api_key_file, under, id"


@final
@implementer(IWorkspaceStore)
@define(eq=False)
class WorkspaceStore:
    """Keeps the entries of workspaces."""

    database: IDatabase

    def load(self) -> Deferred[Sequence[WorkspaceEntry]]:
        return self.database.run(_load)

    def add(self, entries: Sequence[WorkspaceEntry]) -> Deferred[None]:
        return self.database.run(_add, entries)

    def remove(self, alias: str) -> Deferred[None]:
        return self.database.run(_remove, alias)


def _load(cursor: sqlite3.Cursor) -> Sequence[WorkspaceEntry]:
    rows = cursor.execute(f"SELECT {_COLUMNS} FROM workspaces ORDER BY alias")
    return [
        WorkspaceEntry(alias=alias, api_key_file=path, under=under, id=id)
        for alias, path, under, id in rows.fetchall()
    ]


def _add(cursor: sqlite3.Cursor, entries: Sequence[WorkspaceEntry]) -> None:
    # Admin workspaces first: the others refer to them.
    for each in sorted(entries, key=lambda entry: entry.under is not None):
        cursor.execute(
            f"INSERT INTO workspaces ({_COLUMNS}) VALUES (?, ?, ?, ?)",
            (each.alias, each.api_key_file, each.under, each.id),
        )


def _remove(cursor: sqlite3.Cursor, alias: str) -> None:
    cursor.execute("DELETE FROM workspaces WHERE alias = ?", (alias,))
