"""Circuit breaker: stops calling an upstream that keeps failing, and probes it.

Closed, it lets every call pass and counts outcomes. When at least `min_failures` of the
last `considered_outcomes` calls failed within `memory_seconds`, and those are at least
half, it opens: calls are refused at once for `open_seconds`. Then it is half-open: one
call at a time passes as a probe. A probe that succeeds closes the breaker; one that
fails opens it again for twice as long, up to `max_open_seconds`.

`retry` decides which outcomes count as failures, and the client reports one outcome for
each call, not for each attempt.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

from attrs import define, field

from ..interfaces import ISeconds


class BreakerState(Enum):
    """The three states, as the readiness probe and the metrics show them."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@define(eq=False, kw_only=True)
class Breaker:
    """Refuses calls while the upstream fails, by the rules at the head of this module.

    Each change of state begins a new generation. The outcome of a call is ignored when
    the call began in an earlier generation.

    :param considered_outcomes: number of most recent outcomes that are considered.
    :param min_failures: minimum number of failures among them that opens the breaker.
    :param memory_seconds: time after which an outcome no longer counts.
    :param open_seconds: how long the breaker opens at first; doubles after each failed
        probe, up to `max_open_seconds`.
    """

    clock: ISeconds
    considered_outcomes: int = 20
    min_failures: int = 10
    memory_seconds: float = 60.0
    open_seconds: float = 5.0
    max_open_seconds: float = 60.0
    _outcomes: deque[tuple[float, bool]] = field(init=False)
    _generation: int = field(default=0, init=False)
    _open_until: float | None = field(default=None, init=False)
    _next_open_seconds: float = field(init=False)
    _probing: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._outcomes = deque(maxlen=self.considered_outcomes)
        self._next_open_seconds = self.open_seconds

    @property
    def state(self) -> BreakerState:
        """The current state; half-open while a probe is due or under way."""
        if self._open_until is None:
            return BreakerState.CLOSED
        if self.clock.seconds() < self._open_until:
            return BreakerState.OPEN
        return BreakerState.HALF_OPEN

    @property
    def retry_after(self) -> float:
        """Seconds until the next probe may pass; 0 when the breaker is closed."""
        if self._open_until is None:
            return 0.0
        return max(1.0, self._open_until - self.clock.seconds())

    def enter(self) -> int | None:
        """Let a call pass and return its generation; ``None`` if it is refused.

        Each call that passes must be reported with `leave`.
        """
        if self._open_until is None:
            return self._generation
        if self._probing or self.clock.seconds() < self._open_until:
            return None
        self._probing = True
        return self._generation

    def leave(self, entered: int, healthy: bool | None) -> None:
        """Report how a call ended.

        :param entered: what `enter` returned for it.
        :param healthy: whether the upstream worked; ``None`` if that is not known, for
            example because the call was cancelled.
        """
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
            self._next_open_seconds = self.open_seconds
        else:
            self._open()

    def _counted(self, healthy: bool) -> None:
        now = self.clock.seconds()
        self._outcomes.append((now, healthy))
        if healthy:
            return
        memory = self.memory_seconds
        recent = [good for at, good in self._outcomes if now - at <= memory]
        failures = recent.count(False)
        if failures >= self.min_failures and failures * 2 >= len(recent):
            self._generation += 1
            self._open()

    def _open(self) -> None:
        self._outcomes.clear()
        self._open_until = self.clock.seconds() + self._next_open_seconds
        doubled = self._next_open_seconds * 2
        self._next_open_seconds = min(self.max_open_seconds, doubled)
