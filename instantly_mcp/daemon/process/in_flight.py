"""Counts the work that must finish before the daemon stops."""

from __future__ import annotations

from typing import TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ...api.interfaces import IDetached
from ...protocol.interfaces import ITracker, PendingWork

T = TypeVar("T")


@implementer(ITracker, IDetached)
@define(eq=False)
class InFlight:
    """Counts work that has started and not finished."""

    _count: int = field(default=0, init=False)
    _held: int = field(default=0, init=False)
    _waiters: list[Deferred[None]] = field(factory=list, init=False)

    @property
    def count(self) -> int:
        """The number of calls that are in flight now."""
        return self._count

    def track(self, work: PendingWork) -> None:
        """Count `work` until it fires; its result passes through unchanged."""
        self._count += 1
        work.addBoth(self._ended, 1)

    def hold(self, work: PendingWork) -> None:
        """Also wait for `work`, which is part of other work and not counted itself."""
        self._held += 1
        work.addBoth(self._ended, 0)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to wait for."""
        return not self._count and not self._held

    def when_empty(self) -> Deferred[None]:
        """Return a new Deferred that fires once `is_empty`. It can be cancelled."""
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
