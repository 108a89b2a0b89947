"""A periodic task that continues after errors.

`twisted.internet.task.LoopingCall` and `TimerService` stop at the first error; this one
logs it.
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
    """Calls `work`, and again `seconds` after each call has ended.

    :param work: may return a Deferred; the call ends when it fires.
    :param label: names the task in the log.
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
        """Start; the first call is `seconds` from now."""
        super().startService()
        self._wait()

    def stopService(self) -> None:
        """Stop, and cancel work that is running."""
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
