"""One deadline that moves.

After a long turn the reactor runs timers before it reads what has arrived meanwhile. So
a deadline that is over passes only after one more look at the sockets: what its peer
sent in time counts, however late it is read.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define
from twisted.internet.interfaces import IDelayedCall, IReactorTime


@define(eq=False)
class Deadline:
    """Calls back when a moment passes that was not moved in time.

    Moving it to a later moment, which every request does, costs an assignment: the
    timer is left to run, and looks again.
    """

    clock: IReactorTime
    passed: Callable[[], None]
    _due: float | None = None
    _timer: IDelayedCall | None = None

    def within(self, seconds: float) -> None:
        """Let it pass `seconds` from now, whatever was said before."""
        self._due = due = self.clock.seconds() + seconds
        if self._timer is None:
            self._timer = self.clock.callLater(seconds, self._look)
        elif self._timer.getTime() > due:
            self._timer.reset(seconds)

    def lift(self) -> None:
        """Let it not pass, until it is set again."""
        self._due = None

    def stop(self) -> None:
        """Lift it, and leave no timer behind."""
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
