"""The operations that a workspace has executed, for tests and for the judge."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from attrs import define, field, frozen

from .records import ApiObject
from .timeline import format_time

MAX_ENTRIES = 1_000


@frozen
class JournalEntry:
    """One executed operation; refused calls have no entry.

    :param at: seconds since 1970, in the time of the workspace.
    :param path: the variables of its path, such as the id of an object.
    """

    at: float
    operation: str
    path: Mapping[str, str]

    def as_object(self) -> ApiObject:
        """Return the entry as ``GET /sandbox/effects`` shows it."""
        return {
            "at": format_time(self.at),
            "operation": self.operation,
            "path": dict(self.path),
        }


@define(eq=False)
class Journal:
    """The last `MAX_ENTRIES` operations, oldest first."""

    _entries: deque[JournalEntry] = field(
        init=False, factory=lambda: deque(maxlen=MAX_ENTRIES)
    )

    def note(self, at: float, operation: str, path: Mapping[str, str]) -> None:
        """Add an operation that was just executed."""
        self._entries.append(JournalEntry(at, operation, path))

    def as_json(self) -> list[ApiObject]:
        """Return all entries."""
        return [entry.as_object() for entry in self._entries]
