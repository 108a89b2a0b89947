"""Pages of our own lists. A cursor is sealed: an edited or foreign one is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from attrs import frozen

from ..._json import Json, dumps, loads
from ..interfaces import ISeal
from .errors import ProtocolError, invalid_params

PURPOSE = "cursor"

Item = TypeVar("Item")


@frozen
class Pager:
    """Cuts a list into pages.

    :param size: items a page.
    """

    seal: ISeal
    size: int

    def page(
        self, kind: str, items: Sequence[Item], cursor: Json
    ) -> tuple[Sequence[Item], str | None]:
        """Return a page and the cursor of the next one.

        :param kind: which list; a cursor of one list is refused by another.
        :param cursor: ``None`` for the first page; also ``""`` is a cursor.
        :raises ProtocolError: -32602 for a cursor that is none of ours.
        """
        start = 0 if cursor is None else self._position(kind, cursor)
        stop = start + self.size
        if stop >= len(items):
            return items[start:], None
        return items[start:stop], self.seal.seal(PURPOSE, dumps([kind, stop]))

    def _position(self, kind: str, cursor: Json) -> int:
        payload = None
        if isinstance(cursor, str) and cursor:
            payload = self.seal.unseal(PURPOSE, cursor)
        if payload is None:
            raise _invalid()
        sealed_kind, position = loads(payload)
        if sealed_kind != kind:
            raise _invalid()
        return int(position)


def _invalid() -> ProtocolError:
    return invalid_params("Invalid cursor: use the nextCursor of the page before")
