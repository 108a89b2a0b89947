"""Whether a failed attempt is made again, and when. Pure but for its budget.

It knows kinds of failure. It refuses to know how they came about, and it never
lets a write that may have been carried out go twice.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from attrs import define, field

from ..catalog.operation import Operation
from .errors import ApiError, Reason

MAX_RETRIES = 2
RETRIED_STATUSES = frozenset({429, 502, 503, 504})
MAX_RETRY_AFTER = 10.0
"""A ``Retry-After`` above this many seconds is told to the caller instead."""

_BUDGET_SHARE = 0.2
_BUDGET_RESERVE = 10.0
_FIRST_PAUSE = 0.5


class Kind(Enum):
    """How an attempt failed, as far as trying again is concerned.

    :cvar CONNECT: there was no connection: nothing was sent.
    :cvar BROKEN: the connection broke after something was sent.
    :cvar ANSWERED: the API answered, with an error.
    :cvar FINAL: trying again would not help.
    """

    CONNECT = "connect"
    BROKEN = "broken"
    ANSWERED = "answered"
    FINAL = "final"


@define(eq=False)
class Setback(Exception):
    """One attempt that failed, with the error to report if it was the last.

    :param entered: the pass with which it went through the breaker, if it did.
    """

    error: ApiError
    kind: Kind = Kind.FINAL
    entered: int | None = None

    @property
    def is_fault(self) -> bool:
        """Whether the upstream answered, and with a fault of its own."""
        return self.kind is Kind.ANSWERED and (self.error.status or 0) >= 500

    @property
    def is_trouble(self) -> bool:
        """Whether it speaks against the upstream, not against this one call."""
        if self.kind is Kind.ANSWERED:
            return self.is_fault
        return self.error.reason is not Reason.TOO_LARGE


@define(eq=False, kw_only=True)
class RetryPolicy:
    """At most two retries a call, and over time at most a fifth of the traffic.

    :param random: returns a float in [0, 1): the jitter.
    """

    random: Callable[[], float]
    _budget: float = field(default=_BUDGET_RESERVE, init=False)

    @property
    def budget(self) -> float:
        """How many retries could be made right now."""
        return self._budget

    def count_call(self) -> None:
        """A call begins: it adds its share to the budget of retries."""
        self._budget = min(_BUDGET_RESERVE, self._budget + _BUDGET_SHARE)

    def pause(
        self, operation: Operation, setback: Setback, attempt: int
    ) -> float | None:
        """Return the seconds to wait before the next attempt, ``None`` for no more.

        :param attempt: how many attempts failed before this one.
        """
        if attempt >= MAX_RETRIES or not _may_repeat(operation, setback, attempt):
            return None
        wait = self._wait(setback.error.retry_after, attempt)
        if wait is None or self._budget < 1:
            return None
        self._budget -= 1
        return wait

    def backoff(self, attempt: int) -> float:
        """Return a jittered pause that doubles with each attempt."""
        return float(_FIRST_PAUSE * 2**attempt * (0.5 + self.random() / 2))

    def _wait(self, asked: float | None, attempt: int) -> float | None:
        if asked is None:
            return self.backoff(attempt)
        if asked > MAX_RETRY_AFTER:
            return None
        return asked + self.backoff(0) * 0.2


def _may_repeat(operation: Operation, setback: Setback, attempt: int) -> bool:
    effect = operation.effect
    if setback.kind is Kind.CONNECT:
        return effect.idempotent
    if setback.kind is Kind.BROKEN:
        return effect.read_only and attempt == 0
    if setback.kind is Kind.ANSWERED:
        return effect.idempotent and setback.error.status in RETRIED_STATUSES
    return False
