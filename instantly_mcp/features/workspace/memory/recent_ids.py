"""Remembers which ids a create operation has returned, to recognize a repetition."""

from __future__ import annotations

from collections import OrderedDict

from attrs import define, field

MAX_REMEMBERED_IDS = 5000


@define(eq=False)
class RecentIds:
    """The ids that each principal's creations returned; the oldest is forgotten first.

    :param most: how many ids are remembered.
    """

    most: int = MAX_REMEMBERED_IDS
    _seen: OrderedDict[tuple[str, str], None] = field(factory=OrderedDict, init=False)

    def record(self, principal: str, id: str) -> bool:
        """Record an id; return whether it was returned before."""
        key = (principal, id)
        known = key in self._seen
        self._seen[key] = None
        self._seen.move_to_end(key)
        if len(self._seen) > self.most:
            self._seen.popitem(last=False)
        return known
