"""What the client tells about itself, and the defaults for those who do not listen.

It holds plain facts. It computes nothing and decides nothing.
"""

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
"""Told of every call: operation id, ``ok`` or the reason's value, and seconds."""


@implementer(IDetached)
class Unwatched:
    """Lets detached writes finish with nobody waiting for them."""

    def track(self, work: Deferred[object]) -> None:
        """Do nothing: the client itself keeps the work going."""

    def hold(self, work: Deferred[object]) -> None:
        """Do nothing."""


@frozen(kw_only=True)
class Health:
    """What the readiness probe and the metrics show of the client.

    :param breaker: ``closed``, ``open`` or ``half-open``.
    :param in_flight: calls that were begun and have not ended.
    :param waiting: of those, calls that wait: for a turn, for a slot, to try again.
    :param detached: of those, writes whose caller has left.
    """

    breaker: str
    in_flight: int
    waiting: int
    detached: int

    @property
    def degraded(self) -> bool:
        """Whether calls are being refused for the upstream's sake."""
        return self.breaker != "closed"


def outcome_of(result: object) -> str:
    """Return the constant word for how a call ended."""
    if not isinstance(result, Failure):
        return "ok"
    if isinstance(result.value, ApiError):
        return result.value.reason.value
    return "cancelled" if isinstance(result.value, CancelledError) else "failed"
