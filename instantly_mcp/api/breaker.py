"""Stops calling an upstream that keeps failing, and probes it now and then.

It counts outcomes. It refuses to know what was called, for whom, or why it failed.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

from attrs import define, field

from .interfaces import ISeconds


class BreakerState(Enum):
    """What the readiness probe shows."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@define(eq=False, kw_only=True)
class Breaker:
    """Opens when half of the recent calls failed; one probe at a time closes it.

    Every pass belongs to a generation: outcomes of calls that began before the
    breaker changed its state tell nothing about the state after it.

    :param window: how many outcomes are looked at.
    :param least: how many failures there must be at least.
    :param memory: seconds after which an outcome is forgotten.
    :param rest: seconds of the first rest; doubles up to `longest_rest`.
    """

    clock: ISeconds
    window: int = 20
    least: int = 10
    memory: float = 60.0
    rest: float = 5.0
    longest_rest: float = 60.0
    _outcomes: deque[tuple[float, bool]] = field(init=False)
    _generation: int = field(default=0, init=False)
    _open_until: float | None = field(default=None, init=False)
    _next_rest: float = field(init=False)
    _probing: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._outcomes = deque(maxlen=self.window)
        self._next_rest = self.rest

    @property
    def state(self) -> BreakerState:
        """Closed, open, or half-open: the rest is over, the probe is due or out."""
        if self._open_until is None:
            return BreakerState.CLOSED
        if self.clock.seconds() < self._open_until:
            return BreakerState.OPEN
        return BreakerState.HALF_OPEN

    @property
    def retry_after(self) -> float:
        """Seconds until the next probe may pass; 0 when calls pass freely."""
        if self._open_until is None:
            return 0.0
        return max(1.0, self._open_until - self.clock.seconds())

    def enter(self) -> int | None:
        """Let a call pass and return its pass, or ``None``: not now."""
        if self._open_until is None:
            return self._generation
        if self._probing or self.clock.seconds() < self._open_until:
            return None
        self._probing = True
        return self._generation

    def leave(self, entered: int, healthy: bool | None) -> None:
        """Report how a call that passed ended; ``None``: it was given up."""
        if entered != self._generation:
            return
        if self._open_until is not None:
            self._probed(healthy)
        elif healthy is not None:
            self._counted(healthy)

    def _probed(self, healthy: bool | None) -> None:
        self._probing = False
        if healthy is None:
            return
        self._generation += 1
        if healthy:
            self._open_until = None
            self._next_rest = self.rest
        else:
            self._take_rest()

    def _counted(self, healthy: bool) -> None:
        now = self.clock.seconds()
        self._outcomes.append((now, healthy))
        if healthy:
            return
        recent = [good for at, good in self._outcomes if now - at <= self.memory]
        failures = recent.count(False)
        if failures >= self.least and failures * 2 >= len(recent):
            self._generation += 1
            self._take_rest()

    def _take_rest(self) -> None:
        self._outcomes.clear()
        self._open_until = self.clock.seconds() + self._next_rest
        self._next_rest = min(self.longest_rest, self._next_rest * 2)
