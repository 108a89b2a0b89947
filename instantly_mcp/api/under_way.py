"""The calls that are under way, and how they end when the daemon stops.

The stop waits for every write on the wire, including those without a caller. A call
that has not ended when that time is over is cancelled. Its error says whether Instantly
may have seen it, so its caller can still be answered.
"""

from __future__ import annotations

from typing import ClassVar, TypeVar

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from . import error_messages
from .call import ApiCall, stopped
from .errors import ApiError, Reason
from .interfaces import IDetached

T = TypeVar("T")

_LAST_ATTEMPT_NOT_SENT = frozenset(
    {
        Reason.RATE_LIMITED,
        Reason.SENDING_OFF,
        Reason.TIMEOUT,
        Reason.UNREACHABLE,
        Reason.UPSTREAM_FAILED,
    }
)
"""The reasons that, without a status, say that the last attempt was not sent."""


@define(eq=False)
class UnderWay:
    """The calls that have begun and not ended.

    :param detached: gets the writes that the stop of the daemon must wait for.
    """

    log: ClassVar[Logger] = Logger()

    detached: IDetached
    _calls: set[ApiCall] = field(factory=set, init=False)
    _draining: bool = field(default=False, init=False)
    _stopped: bool = field(default=False, init=False)

    @property
    def count(self) -> int:
        """How many calls are under way."""
        return len(self._calls)

    def begin(self, call: ApiCall) -> None:
        """Add a call.

        :raises ApiError: `Reason.STOPPING` when the daemon has stopped.
        """
        if self._stopped:
            raise stopped(call)
        self._calls.add(call)

    def work_started(self, call: ApiCall) -> None:
        """Note that ``call.work`` is set, so that the stop can wait for the call."""
        if self._draining:
            self._hold(call)

    def end(self, call: ApiCall) -> None:
        """Remove a call that has ended."""
        self._calls.discard(call)

    def drain(self) -> None:
        """Let the stop wait for the writes that are under way and those that follow.

        A task goes on after its ``tools/call`` was answered; its writes must not be
        interrupted.
        """
        self._draining = True
        for call in self._calls:
            self._hold(call)

    def stop(self) -> None:
        """Cancel every call, and refuse new ones."""
        self._stopped = True
        for call in tuple(self._calls):
            self.log.warn(
                "{operation_id} for {principal} was cancelled because the daemon stops:"
                " {outcome}",
                operation_id=call.operation.id,
                principal=call.credential.principal,
                outcome=stopped(call).reason.value,
            )
            call.stop()

    def explained(self, call: ApiCall, error: Exception) -> Exception:
        """Return the error that the caller of a failed call gets."""
        if call.stopped and isinstance(error, CancelledError):
            return stopped(call)
        if call.in_doubt and _was_not_sent(error):
            why = (
                "Instantly answered with a server error, and no other attempt was made."
            )
            return error_messages.outcome_unknown(call.operation, why)
        return error

    def _hold(self, call: ApiCall) -> None:
        if not call.operation.effect.read_only and call.work is not None:
            held: Deferred[object] = Deferred()
            self.detached.hold(held)
            call.work.addBoth(_fire, held)


def _was_not_sent(error: Exception) -> bool:
    return (
        isinstance(error, ApiError)
        and error.status is None
        and error.reason in _LAST_ATTEMPT_NOT_SENT
    )


def _fire(result: T, held: Deferred[object]) -> T:
    held.callback(None)
    return result
