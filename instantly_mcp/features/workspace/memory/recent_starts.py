"""Remembers what was started a moment ago, before Instantly shows that it runs."""

from __future__ import annotations

from collections import OrderedDict

from attrs import define, field
from twisted.internet.interfaces import IReactorTime

VISIBLE_SECONDS = 60.0
"""Within this time Instantly shows that a job runs, by all experience."""

MAX_REMEMBERED_STARTS = 1000


@define(eq=False)
class RecentStarts:
    """What each principal started; the oldest is forgotten first."""

    clock: IReactorTime
    _begun: OrderedDict[tuple[str, str], float] = field(factory=OrderedDict, init=False)

    def begin(self, principal: str, id: str) -> bool:
        """Record a start; return ``False`` if the same was started a moment ago."""
        key, now = (principal, id), self.clock.seconds()
        begun = self._begun.get(key)
        if begun is not None and now - begun < VISIBLE_SECONDS:
            return False
        self._begun[key] = now
        self._begun.move_to_end(key)
        if len(self._begun) > MAX_REMEMBERED_STARTS:
            self._begun.popitem(last=False)
        return True

    def failed(self, principal: str, id: str) -> None:
        """Forget a start that certainly had no effect."""
        self._begun.pop((principal, id), None)
