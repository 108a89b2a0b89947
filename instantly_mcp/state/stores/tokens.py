"""Connection tokens in the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, final

from attrs import frozen
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ..._json_codec import Json, dumps, loads
from ..._rights import Level
from ...access.tokens.interfaces import ITokenStore
from ...access.tokens.token import ConnectionToken, TokenState
from ..interfaces import IDatabase

_COLUMNS = (
    *("id", "name", "digest", "level", "toolsets", "workspaces", "caps"),
    *("created", "expires", "state", "ended", "last_used"),
)
_NAMES = ", ".join(_COLUMNS)
_VALUES = ", ".join(f":{name}" for name in _COLUMNS)


@final
@implementer(ITokenStore)
@frozen
class TokenStore:
    """Keeps tokens in the table ``tokens``."""

    database: IDatabase

    def tokens(self) -> Deferred[Sequence[ConnectionToken]]:
        return self.database.run(_read)

    def add(self, token: ConnectionToken) -> Deferred[None]:
        return self.database.run(_add, token)

    def change(self, token: ConnectionToken) -> Deferred[None]:
        return self.database.run(_change, token)

    def used(self, token_id: str, at: float) -> Deferred[None]:
        return self.database.run(_used, token_id, at)


def _read(cursor: sqlite3.Cursor) -> Sequence[ConnectionToken]:
    rows = cursor.execute(f"SELECT {_NAMES} FROM tokens ORDER BY created, id")
    return [_token_of(dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def _add(cursor: sqlite3.Cursor, token: ConnectionToken) -> None:
    cursor.execute(f"INSERT INTO tokens ({_NAMES}) VALUES ({_VALUES})", _row_of(token))


def _change(cursor: sqlite3.Cursor, token: ConnectionToken) -> None:
    # A token that has ended stays as it is: a change that was overtaken by a
    # revocation must not undo it.
    cursor.execute(
        "UPDATE tokens SET level = :level, toolsets = :toolsets, state = :state, "
        "ended = :ended WHERE id = :id AND state = 'valid'",
        _row_of(token),
    )


def _used(cursor: sqlite3.Cursor, token_id: str, at: float) -> None:
    cursor.execute("UPDATE tokens SET last_used = ? WHERE id = ?", (at, token_id))


def _row_of(token: ConnectionToken) -> dict[str, object]:
    row = {name: getattr(token, name) for name in _COLUMNS}
    return row | {
        "level": token.level.value,
        "toolsets": None if token.toolsets is None else _text(token.toolsets),
        "workspaces": _text(token.workspaces),
        "caps": dumps(dict(token.caps)).decode(),
        "state": token.state.value,
    }


def _token_of(row: dict[str, Any]) -> ConnectionToken:
    toolsets = row["toolsets"]
    return ConnectionToken(
        **row
        | {
            "level": Level(row["level"]),
            "toolsets": None if toolsets is None else tuple(_json(toolsets)),
            "workspaces": tuple(_json(row["workspaces"])),
            "caps": _json(row["caps"]),
            "state": TokenState(row["state"]),
        }
    )


def _text(names: Sequence[str]) -> str:
    return dumps(list(names)).decode()


def _json(text: str) -> Json:
    return loads(text.encode())
