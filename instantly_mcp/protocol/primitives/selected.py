"""What callers see of a list of tools, resources or prompts, by their rights.

A caller sees an item if its access level suffices and if its toolsets contain the
item's. Callers with equal rights get the same list object, so that it is encoded once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from ..._rights import Level, Rights

MAX_SELECTIONS = 1000
"""Different rights for which the lists are kept; operators name few.

Those that were not used for the longest time are dropped.
"""


class Selectable(Protocol):
    """An item of a list."""

    @property
    def toolset(self) -> str | None:
        """The toolset that it belongs to; ``None`` for one that all callers see."""

    @property
    def level(self) -> Level:
        """The least access level with which it is of use."""


Item = TypeVar("Item", bound=Selectable)


def permits(rights: Rights, item: Selectable) -> bool:
    """Say whether rights suffice to see and to use an item."""
    toolsets = rights.toolsets
    if toolsets is not None and item.toolset is not None:
        return item.level.rank <= rights.level.rank and item.toolset in toolsets
    return item.level.rank <= rights.level.rank


class SelectedItems(Generic[Item]):
    """A list that does not change, and what callers see of it."""

    def __init__(self, items: Sequence[Item] = ()) -> None:
        self.all = tuple(items)
        self._seen: dict[tuple[Level, tuple[str, ...] | None], Sequence[Item]] = {}

    def seen_with(self, rights: Rights) -> Sequence[Item]:
        """Return what a caller with these rights sees, in the order of the list."""
        key = (rights.level, rights.toolsets)
        seen = self._seen.pop(key, None)
        if seen is None:
            if len(self._seen) >= MAX_SELECTIONS:
                del self._seen[next(iter(self._seen))]
            seen = tuple(item for item in self.all if permits(rights, item))
            if len(seen) == len(self.all):
                seen = self.all
        self._seen[key] = seen
        return seen
