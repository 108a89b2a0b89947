"""The calls that are under way, and what becomes of them when the daemon stops.

A write on the wire is waited for, whoever asked for it. What has not ended when the
time is over is given up, and fails in words that say whether Instantly may have seen
it, so that its caller can still be answered.
"""

from __future__ import annotations

from typing import ClassVar, TypeVar

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from .call import Call, stopped
from .interfaces import IDetached

T = TypeVar("T")


@define(eq=False)
class UnderWay:
    """Every call from its beginning to its end.

    :param detached: told of what the daemon's stop is to wait for.
    """

    log: ClassVar[Logger] = Logger()

    detached: IDetached
    _calls: set[Call] = field(factory=set, init=False)
    _draining: bool = field(default=False, init=False)
    _stopped: bool = field(default=False, init=False)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._calls)

    def begin(self, call: Call) -> None:
        """A call begins.

        :raises ApiError: when the daemon has stopped.
        """
        if self._stopped:
            raise stopped(call)
        self._calls.add(call)

    def begun(self, call: Call) -> None:
        """It can be waited for now."""
        if self._draining:
            self._hold(call)

    def end(self, call: Call) -> None:
        """It has ended."""
        self._calls.discard(call)

    def drain(self) -> None:
        """Let the daemon's stop wait for writes, also for those that no caller awaits.

        A task goes on after its call was answered; its writes must not be cut off.
        """
        self._draining = True
        for call in self._calls:
            self._hold(call)

    def stop(self) -> None:
        """End every call, and let no other begin."""
        self._stopped = True
        for call in tuple(self._calls):
            self.log.warn(
                "{operation_id} for {principal} was given up because the daemon stops:"
                " {outcome}",
                operation_id=call.operation.id,
                principal=call.credential.principal,
                outcome=stopped(call).reason.value,
            )
            call.stop()

    def explained(self, call: Call, error: Exception) -> Exception:
        """Return what to tell the caller of a call that failed."""
        if call.stopped and isinstance(error, CancelledError):
            return stopped(call)
        return error

    def _hold(self, call: Call) -> None:
        if not call.operation.effect.read_only and call.work is not None:
            held: Deferred[object] = Deferred()
            self.detached.hold(held)
            call.work.addBoth(_fire, held)


def _fire(result: T, held: Deferred[object]) -> T:
    held.callback(None)
    return result
