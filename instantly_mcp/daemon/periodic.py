"""Work that is done again and again, also after it failed.

Twisted's own timers stop for good at their first error; this one logs it and goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure


class Periodic(Service):
    """Calls `work` every `seconds`, never twice at once.

    The pause is counted from the end of the work, which may return a Deferred.
    """

    log: ClassVar[Logger] = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        seconds: float,
        work: Callable[[], object],
        label: str,
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._work = work
        self._label = label
        self._next: IDelayedCall | None = None
        self._current: Deferred[object] | None = None

    def startService(self) -> None:
        """Begin; the first time is one pause from now."""
        super().startService()
        self._wait()

    def stopService(self) -> None:
        """Stop; work that waits for something is cancelled."""
        super().stopService()
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._current is not None:
            self._current.cancel()

    def _wait(self) -> None:
        self._next = self._clock.callLater(self._seconds, self._run)

    def _run(self) -> None:
        self._next = None
        work: Deferred[object] = maybeDeferred(self._work)
        self._current = work
        work.addErrback(self._log_failure)
        work.addBoth(self._ended)

    def _log_failure(self, failure: Failure) -> None:
        if self.running:
            self.log.failure("{label} failed", failure=failure, label=self._label)

    def _ended(self, _: object) -> None:
        self._current = None
        if self.running:
            self._wait()
