"""Pagination of the lists that this server returns (tools, resources, prompts).

A cursor holds the name of the list and the position of the next item, sealed: a client
cannot edit it, nor use a cursor of one list for another one. The server stores nothing
per cursor, so each instance that has the same sealing keys accepts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from attrs import frozen

from ..._json_codec import Json, dumps, loads
from ..interfaces import ITokenSealer
from .errors import ProtocolError, invalid_params

CURSOR_PURPOSE = "cursor"

Item = TypeVar("Item")


@frozen
class Pager:
    """Cuts lists into pages of `size` items."""

    seal: ITokenSealer
    size: int

    def page(
        self, kind: str, items: Sequence[Item], cursor: Json
    ) -> tuple[Sequence[Item], str | None]:
        """Return a page and the cursor of the next page.

        :param kind: the name of the list; cursors of other lists are refused.
        :param cursor: ``None`` for the first page. An empty string is a wrong cursor.
        :returns: the items, and ``None`` as cursor on the last page.
        :raises ProtocolError: -32602 if this server did not issue the cursor.
        """
        start = 0 if cursor is None else self._position(kind, cursor)
        stop = start + self.size
        if stop >= len(items):
            return items[start:], None
        return items[start:stop], self.seal.seal(CURSOR_PURPOSE, dumps([kind, stop]))

    def _position(self, kind: str, cursor: Json) -> int:
        payload = None
        if isinstance(cursor, str) and cursor:
            payload = self.seal.unseal(CURSOR_PURPOSE, cursor)
        if payload is None:
            raise _invalid()
        sealed_kind, position = loads(payload)
        if sealed_kind != kind:
            raise _invalid()
        return int(position)


def _invalid() -> ProtocolError:
    return invalid_params("Invalid cursor: use the nextCursor of the page before")
