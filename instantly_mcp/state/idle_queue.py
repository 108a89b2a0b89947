"""Sessions by how long they have been idle, without a timer for each of them."""

from __future__ import annotations

from heapq import heapify, heappop, heappush, heapreplace
from itertools import count
from typing import final

from ..protocol.calls.session import McpSession

_MAX_LOOKS = 32
"""How many busy sessions are looked at before one of them has to go."""


def is_busy(session: McpSession) -> bool:
    """Say whether something of the session is open: that counts as activity."""
    return bool(session.streams or session.calls)


@final
class IdleQueue:
    """Finds the session that has been idle for longest.

    A heap of last signs of life as they were when a session was last looked at.
    Touching a session tells nobody; whoever comes to the front with an old entry is
    put back where it belongs. So a request costs nothing here, and finding the
    longest idle one costs a few steps for each session that was touched since.
    """

    def __init__(self) -> None:
        self._order = count()
        self._heap: list[tuple[float, int, McpSession]] = []
        self._held = 0

    def __len__(self) -> int:
        return self._held

    def add(self, session: McpSession) -> None:
        """Follow a session."""
        heappush(self._heap, (session.last_seen, next(self._order), session))
        self._held += 1

    def forget(self, session: McpSession) -> None:
        """Follow a session no longer; it must have been added, and be ended."""
        self._held -= 1
        # An entry keeps all of an ended session, and there is a queue for each
        # principal: no room is left for some of them beyond what pays for the work.
        if len(self._heap) > 2 * self._held:
            self._heap = [entry for entry in self._heap if not entry[2].ended]
            heapify(self._heap)

    def oldest(self) -> McpSession | None:
        """Return the session whose last sign of life is the oldest."""
        while self._heap:
            seen, order, session = self._heap[0]
            if session.ended:
                heappop(self._heap)
            elif session.last_seen > seen:
                heapreplace(self._heap, (session.last_seen, order, session))
            else:
                return session
        return None

    def expendable(self, now: float) -> McpSession | None:
        """Return the oldest session with nothing open; a busy one if all seem busy."""
        for _ in range(_MAX_LOOKS):
            session = self.oldest()
            if session is None or not is_busy(session) or session.last_seen >= now:
                return session
            session.touch(now)
        return self.oldest()
