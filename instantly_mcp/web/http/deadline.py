"""A deadline that can be moved.

After a long iteration the reactor runs timers before it reads what has arrived in the
meantime. So a deadline passes only after one more iteration: bytes that the peer sent
in time count, however late they are read.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define
from twisted.internet.interfaces import IDelayedCall, IReactorTime


@define(eq=False)
class Deadline:
    """Calls `passed` when the deadline passes.

    Every request moves it to a later time. That costs one assignment: the timer goes on
    running, and sets itself again when it finds that the deadline has moved.
    """

    clock: IReactorTime
    passed: Callable[[], None]
    _due: float | None = None
    _timer: IDelayedCall | None = None

    def within(self, seconds: float) -> None:
        """Set the deadline to `seconds` from now."""
        self._due = due = self.clock.seconds() + seconds
        if self._timer is None:
            self._timer = self.clock.callLater(seconds, self._look)
        elif self._timer.getTime() > due:
            self._timer.reset(seconds)

    def lift(self) -> None:
        """Remove the deadline; the timer may go on running."""
        self._due = None

    def stop(self) -> None:
        """Remove the deadline and cancel the timer."""
        self._due = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._due is None:
            return
        left = self._due - self.clock.seconds()
        if left > 0:
            self._timer = self.clock.callLater(left, self._look)
        else:
            self._timer = self.clock.callLater(0, self._pass)

    def _pass(self) -> None:
        self._timer = None
        if self._due is None:
            return
        if self._due > self.clock.seconds():
            self._look()
            return
        self._due = None
        self.passed()
