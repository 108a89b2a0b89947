"""What can be observed of the client, and the defaults when nothing observes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure
from zope.interface import implementer

from .errors import ApiError
from .interfaces import IDetached

Observe: TypeAlias = Callable[[str, str, float], None]
"""Called at the end of each call: operation id, `outcome_of` it, and seconds."""


@implementer(IDetached)
class UntrackedWrites:
    """Does not wait for detached writes."""

    def track(self, work: Deferred[object]) -> None:
        """Do nothing: the client continues the work by itself."""

    def hold(self, work: Deferred[object]) -> None:
        """Do nothing."""


@frozen(kw_only=True)
class Health:
    """The state of the client, for the readiness probe and the metrics.

    :param breaker: ``closed``, ``open`` or ``half-open``.
    :param in_flight: calls that have begun and not ended.
    :param waiting: those of them that wait for a turn or a slot, or to try again.
    :param detached: those of them that are writes whose caller has left.
    """

    breaker: str
    in_flight: int
    waiting: int
    detached: int

    @property
    def degraded(self) -> bool:
        """Whether the breaker refuses calls because the upstream fails."""
        return self.breaker != "closed"


def outcome_of(result: object) -> str:
    """Return how a call ended: ``ok``, a value of `Reason`, ``cancelled`` or
    ``failed``, which means a bug.
    """
    if not isinstance(result, Failure):
        return "ok"
    if isinstance(result.value, ApiError):
        return result.value.reason.value
    return "cancelled" if isinstance(result.value, CancelledError) else "failed"
