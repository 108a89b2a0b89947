"""The API's documented rate limits.

A limit of n calls in s seconds means: at most n calls in *any* s seconds.
"""

from __future__ import annotations

from collections import deque

from attrs import define, field

from ..catalog.operation import Limit, Operation

WORKSPACE_LIMITS = (Limit(calls=100, seconds=1.0), Limit(calls=6000, seconds=60.0))


@define(eq=False)
class SlidingWindow:
    """The times of the last calls that one limit admitted."""

    limit: Limit
    _moments: deque[float] = field(init=False)

    @_moments.default
    def _room_for_all(self) -> deque[float]:
        return deque(maxlen=self.limit.calls)

    def has_room(self, now: float) -> bool:
        """Whether the limit admits one more call."""
        full = len(self._moments) == self.limit.calls
        return not full or now - self._moments[0] >= self.limit.seconds

    def note(self, now: float) -> None:
        """Count a call."""
        self._moments.append(now)


@define(eq=False)
class RateLimits:
    """The limits of one workspace and of its operations."""

    _shared: tuple[SlidingWindow, ...] = field(init=False)
    _own: dict[str, SlidingWindow] = field(init=False, factory=dict)

    @_shared.default
    def _for_all_operations(self) -> tuple[SlidingWindow, ...]:
        return tuple(SlidingWindow(limit) for limit in WORKSPACE_LIMITS)

    def admit(self, operation: Operation, now: float) -> bool:
        """Count a call if every limit admits it; a refused call is not counted."""
        windows = self._shared
        if operation.limit is not None:
            own = self._own.setdefault(operation.id, SlidingWindow(operation.limit))
            windows = (*windows, own)
        if not all(window.has_room(now) for window in windows):
            return False
        for window in windows:
            window.note(now)
        return True
