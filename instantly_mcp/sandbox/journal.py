"""The operations that a workspace has executed, for tests and for the judge."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TypeAlias

from attrs import define, field

from .records import ApiObject
from .timeline import format_time

MAX_ENTRIES = 1_000

JournalEntry: TypeAlias = tuple[float, str, tuple[tuple[str, str], ...]]
"""Seconds since 1970, operation, variables of its path. A tuple of plain values, which
the garbage collector need not follow."""


@define(eq=False)
class Journal:
    """The last `MAX_ENTRIES` executed operations, oldest first."""

    _entries: deque[JournalEntry] = field(
        init=False, factory=lambda: deque(maxlen=MAX_ENTRIES)
    )

    def note(self, at: float, operation: str, path: Mapping[str, str]) -> None:
        """Add an operation that was just executed.

        :param at: seconds since 1970, in the time of the workspace.
        :param path: the variables of its path, such as the id of an object.
        """
        self._entries.append((at, operation, tuple(path.items())))

    def as_json(self) -> list[ApiObject]:
        """Return all entries as ``GET /sandbox/effects`` shows them."""
        return [
            {"at": format_time(at), "operation": operation, "path": dict(path)}
            for at, operation, path in self._entries
        ]
