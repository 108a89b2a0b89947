"""Finds the longest idle sessions, without a timer for each session."""

from __future__ import annotations

from heapq import heapify, heappop, heappush, heapreplace
from itertools import count
from typing import final

from ..protocol.calls.session import McpSession

_MAX_LOOKS = 32
"""How many busy sessions are examined before one of them is chosen."""


def is_busy(session: McpSession) -> bool:
    """Say whether the session has an open stream or a running call.

    Such a session is active, however long ago its last request was.
    """
    return bool(session.streams or session.calls)


@final
class IdleQueue:
    """A priority queue of sessions by the time of their last activity.

    Activity does not update the queue, so requests cost nothing here. An entry with an
    outdated time is reordered when it reaches the top of the heap. Finding the oldest
    session thus takes a few steps for each session that was active since.
    """

    def __init__(self) -> None:
        self._order = count()
        self._heap: list[tuple[float, int, McpSession]] = []
        self._held = 0

    def __len__(self) -> int:
        return self._held

    def add(self, session: McpSession) -> None:
        """Add a session."""
        heappush(self._heap, (session.last_seen, next(self._order), session))
        self._held += 1

    def forget(self, session: McpSession) -> None:
        """Remove a session that was added and has ended."""
        self._held -= 1
        # Entries of ended sessions use memory, and each principal has a queue. They
        # are removed when they are the majority, so that the cost stays constant.
        if len(self._heap) > 2 * self._held:
            self._heap = [entry for entry in self._heap if not entry[2].ended]
            heapify(self._heap)

    def oldest(self) -> McpSession | None:
        """Return the session whose last activity is the oldest; ``None`` if empty."""
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
        """Return the session to evict: the oldest one that is not busy.

        After `_MAX_LOOKS` busy ones it is the oldest, although it is busy.

        :param now: clock seconds; the new time of last activity of busy sessions.
        """
        for _ in range(_MAX_LOOKS):
            session = self.oldest()
            if session is None or not is_busy(session) or session.last_seen >= now:
                return session
            session.touch(now)
        return self.oldest()
