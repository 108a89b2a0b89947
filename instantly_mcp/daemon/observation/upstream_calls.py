"""Remembers the last calls to Instantly: whether they succeed, and how long they take.

The outcomes of a call fall into three groups. Instantly answered, though perhaps with a
refusal, so that it works. Or it did not answer as it should. Or this server did not
send the call, which says nothing about Instantly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from attrs import define, field, frozen

from ...api.errors import Reason
from ...api.observation import Observe
from ...metrics.last_hour import LastHour

KEPT_CALLS = 200
"""Number of last calls whose duration is remembered."""

FAILURES = frozenset(
    each.value
    for each in (
        Reason.UPSTREAM_FAILED,
        Reason.UNREACHABLE,
        Reason.TIMEOUT,
        Reason.UNEXPECTED_REPLY,
        Reason.OUTCOME_UNKNOWN,
    )
)
"""Instantly did not answer as it should."""

NOT_SENT = frozenset(
    {
        "cancelled",
        "failed",
        *(
            each.value
            for each in (
                Reason.BAD_ARGUMENT,
                Reason.NOT_GRANTED,
                Reason.KEY_KEPT_BACK,
                Reason.STILL_RUNNING,
                Reason.OVERLOADED,
                Reason.SENDING_OFF,
                Reason.STOPPING,
            )
        ),
    }
)
"""They say nothing about Instantly."""


@frozen
class EndedCall:
    """One call that has ended.

    :param at: seconds since the epoch.
    :param outcome: see `api.observation.outcome_of`.
    """

    at: float
    operation: str
    outcome: str
    seconds: float


@frozen(kw_only=True)
class Latency:
    """The durations of the last calls, in seconds."""

    calls: int
    median: float
    slowest_of_20: float
    longest: float


@define(eq=False)
class UpstreamCalls:
    """The last calls to Instantly.

    :param wall: returns seconds since the epoch.
    :param outcomes: counts the outcomes that are not ``ok``.
    """

    wall: Callable[[], float]
    outcomes: LastHour
    last_answer: EndedCall | None = field(default=None, init=False)
    last_failure: EndedCall | None = field(default=None, init=False)
    _seconds: deque[float] = field(factory=lambda: deque(maxlen=KEPT_CALLS), init=False)

    def ended(self, operation: str, outcome: str, seconds: float) -> None:
        """Note a call that has ended; see `api.observation.Observe`."""
        if outcome != "ok":
            self.outcomes.add(outcome)
            if outcome in NOT_SENT:
                return
        call = EndedCall(self.wall(), operation, outcome, seconds)
        if outcome in FAILURES:
            self.last_failure = call
        else:
            self.last_answer = call
            self._seconds.append(seconds)

    def before(self, also: Observe) -> Observe:
        """Return an observer that notes a call and then calls another observer."""

        def observe(operation: str, outcome: str, seconds: float) -> None:
            self.ended(operation, outcome, seconds)
            also(operation, outcome, seconds)

        return observe

    @property
    def latency(self) -> Latency | None:
        """The durations of the last calls that were answered; ``None`` without any."""
        ordered = sorted(self._seconds)
        if not ordered:
            return None
        return Latency(
            calls=len(ordered),
            median=ordered[len(ordered) // 2],
            slowest_of_20=ordered[min(len(ordered) - 1, len(ordered) * 19 // 20)],
            longest=ordered[-1],
        )
