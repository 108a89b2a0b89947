"""Knows what must finish before the daemon stops. Knows nothing of why."""

from __future__ import annotations

from typing import TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ..api.interfaces import IDetached
from ..protocol.interfaces import ITracker, Work

T = TypeVar("T")


@implementer(ITracker, IDetached)
@define(eq=False)
class InFlight:
    """Counts work that has begun and not ended."""

    _count: int = field(default=0, init=False)
    _held: int = field(default=0, init=False)
    _waiters: list[Deferred[None]] = field(factory=list, init=False)

    @property
    def count(self) -> int:
        """How much work is open now."""
        return self._count

    def track(self, work: Work) -> None:
        """Count `work` until it fires; its result passes through untouched."""
        self._count += 1
        work.addBoth(self._ended, 1)

    def hold(self, work: Work) -> None:
        """Wait for `work` as well, which is a part of other work: it does not count."""
        self._held += 1
        work.addBoth(self._ended, 0)

    @property
    def is_empty(self) -> bool:
        """Nothing is open."""
        return not self._count and not self._held

    def when_empty(self) -> Deferred[None]:
        """Return a fresh Deferred that fires when nothing is open. Cancellable."""
        waiter: Deferred[None] = Deferred(self._forget)
        if self.is_empty:
            waiter.callback(None)
        else:
            self._waiters.append(waiter)
        return waiter

    def _forget(self, waiter: Deferred[None]) -> None:
        self._waiters.remove(waiter)

    def _ended(self, result: T, counted: int) -> T:
        self._count -= counted
        self._held -= 1 - counted
        if self.is_empty:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                waiter.callback(None)
        return result
