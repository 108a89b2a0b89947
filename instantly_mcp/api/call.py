"""One call on its way: its state, and what an exception means at that point.

It sends nothing and waits for nothing. Whether the API may have seen a write is
decided here and nowhere else.
"""

from __future__ import annotations

from typing import Any

from attrs import Factory, define, field
from twisted.internet.defer import CancelledError, Deferred

from .._credential import Credential
from .._json_codec import JsonObject
from ..catalog.operation import Operation
from . import error_messages
from .connection_errors import Diagnosis, Trouble, diagnose
from .errors import ApiError, Reason
from .http_exchange import Payload
from .left_writes import LeftWrite
from .retry import Kind, Setback


def _own_credential(call: Call) -> Credential:
    return call.credential


@define(eq=False)
class Call:
    """What deadlines and cancellation must know of a call.

    :param begun: clock seconds at which it was asked for.
    :param until: clock seconds at which the whole call is given up.
    :param acting: the credential with the key that the current attempt sends.
    :param traceparent: goes along as a header, if there is one.
    :param pending: what the current attempt waits for.
    :param payload: the body of the current attempt; ``None`` between attempts.
    :param overdue: a deadline passed.
    :param left: the caller has cancelled.
    :param stopped: the daemon stops.
    :param work: what runs the call; cancelling it ends the call wherever it is.
    :param doubtful: an attempt failed in a way that may have had its effect.
    :param settled: of a write that goes on without its caller: fires at its end.
    :param left_write: what the same call will find of it, if it is to be found.
    """

    operation: Operation
    arguments: JsonObject = field(repr=False)
    credential: Credential
    begun: float
    until: float
    traceparent: str | None = None
    pending: Deferred[Any] | None = None
    payload: Payload | None = None
    overdue: bool = False
    left: bool = False
    stopped: bool = False
    work: Deferred[Any] | None = None
    doubtful: bool = False
    settled: Deferred[object] | None = None
    left_write: LeftWrite | None = None
    acting: Credential = Factory(_own_credential, takes_self=True)

    @property
    def on_the_wire(self) -> bool:
        """Whether the API may already have seen this write."""
        return (
            not self.operation.effect.read_only
            and self.payload is not None
            and self.payload.handed
        )

    @property
    def may_have_deleted(self) -> bool:
        """Whether an attempt that failed may have deleted what the next misses."""
        return self.doubtful and self.operation.method == "DELETE"

    def stop(self) -> None:
        """The daemon stops: give up whatever is waited for."""
        self.stopped = True
        if self.work is not None:
            self.work.cancel()

    def expire(self) -> None:
        """A deadline passed: give up what is waited for, which closes it."""
        self.overdue = True
        if self.pending is not None:
            self.pending.cancel()


def explained(call: Call, error: Exception, late: str, max_reply: int) -> Exception:
    """Return what to raise for an exception that the exchange met.

    :param late: what did not happen in time, if it is the deadline that passed.
    """
    if call.stopped:
        return Setback(stopped(call))
    if call.overdue:
        return Setback(_late(call, late))
    if call.left and call.settled is None:
        return CancelledError()
    diagnosis = diagnose(error)
    if diagnosis is None:
        return error
    return _SETBACKS[diagnosis.trouble](call, diagnosis, max_reply)


def stopped(call: Call) -> ApiError:
    """Return what became of a call that was under way when the daemon stopped."""
    if call.on_the_wire or (call.doubtful and not call.operation.effect.read_only):
        why = "This server stopped before Instantly answered."
        return error_messages.outcome_unknown(call.operation, why)
    return error_messages.stopping(call.operation)


def _late(call: Call, late: str) -> ApiError:
    if call.on_the_wire:
        return error_messages.outcome_unknown(call.operation, f"Instantly {late}.")
    return error_messages.timed_out(call.operation, late)


def _no_connection(call: Call, diagnosis: Diagnosis, max_reply: int) -> Setback:
    return Setback(
        error_messages.unreachable(call.operation, diagnosis.words), Kind.CONNECT
    )


def _connect_timeout(call: Call, diagnosis: Diagnosis, max_reply: int) -> Setback:
    return Setback(error_messages.unreachable(call.operation, "connect timed out"))


def _untrusted(call: Call, diagnosis: Diagnosis, max_reply: int) -> Setback:
    return Setback(error_messages.untrusted(call.operation, diagnosis.words))


def _broken(call: Call, diagnosis: Diagnosis, max_reply: int) -> Setback:
    if call.on_the_wire:
        why = "The connection broke before the reply was complete."
        return Setback(error_messages.outcome_unknown(call.operation, why), Kind.BROKEN)
    return Setback(error_messages.broken(call.operation), Kind.BROKEN)


def _too_large(call: Call, diagnosis: Diagnosis, max_reply: int) -> Setback:
    return Setback(error_messages.too_large(call.operation, max_reply))


def _garbled(call: Call, diagnosis: Diagnosis, max_reply: int) -> Setback:
    if call.on_the_wire:
        why = f"Instantly's reply cannot be read ({diagnosis.words})."
        return Setback(error_messages.outcome_unknown(call.operation, why))
    error = ApiError(
        reason=Reason.UNEXPECTED_REPLY,
        message=f"Unexpected reply: it cannot be read ({diagnosis.words}).",
        operation_id=call.operation.id,
    )
    return Setback(error)


_SETBACKS = {
    Trouble.NO_CONNECTION: _no_connection,
    Trouble.CONNECT_TIMEOUT: _connect_timeout,
    Trouble.UNTRUSTED: _untrusted,
    Trouble.BROKEN: _broken,
    Trouble.TOO_LARGE: _too_large,
    Trouble.GARBLED: _garbled,
}
