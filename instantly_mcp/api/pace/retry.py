"""Decides whether and when a failed attempt is made again.

Retry and breaker
-----------------
A call makes at most three attempts (`MAX_RETRIES`). What is repeated depends on how the
attempt failed:

- No connection, so nothing was sent: idempotent operations. (A timeout while connecting
  is not repeated: the caller has already waited long enough.)
- The connection broke after something was sent: reads, once.
- The API answered 429, 502, 503 or 504: idempotent operations, after the time that
  ``Retry-After`` asks for. A longer time than `MAX_RETRY_AFTER_SECONDS` is reported to
  the caller instead.
- Everything else, such as 400, a refused certificate, or an unreadable reply: never.

A write that is not idempotent is thus never repeated, not even when the connection
failed.

The pauses double and have jitter, so that clients that failed together do not return
together. All retries together are limited to a share of the traffic (`RetryPolicy`):
when everything fails, retries must not multiply the load.

`breaker` stops calling an upstream that keeps failing. It counts calls, not attempts:
a failure that a retry repaired is not a failure. Only faults of the upstream count (see
`AttemptFailed.counts_as_failure`); an answer such as 404 shows that it works.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from attrs import define, field

from ...catalog.operation import Operation
from ..errors import ApiError, Reason

MAX_RETRIES = 2
RETRIED_STATUSES = frozenset({429, 502, 503, 504})
MAX_RETRY_AFTER_SECONDS = 10.0
"""With a longer ``Retry-After`` the call is not repeated but fails, with that time."""

_BUDGET_SHARE = 0.2
"""The retries that each call adds to the budget of all calls."""

_BUDGET_RESERVE = 10.0
"""The budget at the start, which is also its maximum."""

_FIRST_PAUSE_SECONDS = 0.5


class FailureKind(Enum):
    """How an attempt failed, as far as it matters for another attempt.

    :cvar CONNECT: the connection failed; nothing was sent.
    :cvar BROKEN: the connection broke after something was sent.
    :cvar ANSWERED: the API answered with an error.
    :cvar FINAL: another attempt would not help.
    """

    CONNECT = "connect"
    BROKEN = "broken"
    ANSWERED = "answered"
    FINAL = "final"


@define(eq=False)
class AttemptFailed(Exception):
    """One attempt failed.

    :param error: what the caller gets if this was the last attempt.
    :param entered: what `Breaker.enter` returned; ``None`` if it was not asked.
    """

    error: ApiError
    kind: FailureKind = FailureKind.FINAL
    entered: int | None = None

    @property
    def is_server_error(self) -> bool:
        """Whether the upstream answered with a status of 500 or above."""
        return self.kind is FailureKind.ANSWERED and (self.error.status or 0) >= 500

    @property
    def counts_as_failure(self) -> bool:
        """Whether the breaker counts it as a failure of the upstream."""
        if self.kind is FailureKind.ANSWERED:
            return self.is_server_error
        return self.error.reason is not Reason.TOO_LARGE


@define(eq=False, kw_only=True)
class RetryPolicy:
    """Allows two retries per call, and in total one retry per five calls.

    A reserve of 10 retries allows bursts.

    :param random: returns a float in [0, 1), for the jitter.
    """

    random: Callable[[], float]
    _budget: float = field(default=_BUDGET_RESERVE, init=False)

    def count_call(self) -> None:
        """Add the share of a call that begins to the budget of retries."""
        self._budget = min(_BUDGET_RESERVE, self._budget + _BUDGET_SHARE)

    def pause(
        self, operation: Operation, failed: AttemptFailed, attempt: int
    ) -> float | None:
        """Return the seconds to wait before the next attempt; ``None`` to stop.

        :param failed: how the last attempt failed.
        :param attempt: how many attempts failed before that one.
        """
        if attempt >= MAX_RETRIES or not _may_repeat(operation, failed, attempt):
            return None
        wait = self._wait(failed.error.retry_after, attempt)
        if wait is None or self._budget < 1:
            return None
        self._budget -= 1
        return wait

    def backoff(self, attempt: int) -> float:
        """Return a pause in seconds that doubles with each attempt, with jitter."""
        return float(_FIRST_PAUSE_SECONDS * 2**attempt * (0.5 + self.random() / 2))

    def _wait(self, asked: float | None, attempt: int) -> float | None:
        if asked is None:
            return self.backoff(attempt)
        if asked > MAX_RETRY_AFTER_SECONDS:
            return None
        return asked + self.backoff(0) * 0.2


def _may_repeat(operation: Operation, failed: AttemptFailed, attempt: int) -> bool:
    effect = operation.effect
    if failed.kind is FailureKind.CONNECT:
        return effect.idempotent
    if failed.kind is FailureKind.BROKEN:
        return effect.read_only and attempt == 0
    if failed.kind is FailureKind.ANSWERED:
        return effect.idempotent and failed.error.status in RETRIED_STATUSES
    return False
