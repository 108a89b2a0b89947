"""The state of one call, and the error that an exception means at that point.

Writes whose outcome is unknown
-------------------------------
An API without idempotency keys leaves one question open whenever a write fails: did it
take effect? `ApiCall.on_the_wire` answers it, and only there: the API may have seen a
write from the moment its body was handed to the connection. Every write has a body for
that reason, possibly an empty one (`http.payload.Payload`). From this follow four
rules:

1. Before that moment a write can be cancelled, and every error says that nothing was
   sent.
2. After it, a deadline, a lost connection or an unreadable reply makes the error
   ``outcome_unknown``, which names where to look, and never suggests a repetition.
3. A write on the wire is not interrupted when its caller leaves; `left_writes` keeps
   its result for the same call. Only the stop of the daemon ends it.
4. Only operations that are idempotent are sent a second time (`retry`). A DELETE that
   is repeated after a fault of the upstream and then gets 404 says that the first
   attempt may have deleted the object (`ApiCall.may_have_deleted`).
"""

from __future__ import annotations

from attrs import Factory, define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.web.iweb import IResponse

from .._credential import Credential
from .._json_codec import Json, JsonObject
from ..catalog.operation import Operation
from . import error_messages
from .errors import ApiError, Reason
from .grant import Grant
from .http.connection_errors import ConnectionProblem, Diagnosis, diagnose
from .http.payload import Payload
from .left_writes import LeftWrite
from .pace.retry import AttemptFailed, FailureKind


def _own_credential(call: ApiCall) -> Credential:
    return call.grant.credential


@define(eq=False)
class ApiCall:
    """The state of a call that deadlines, cancellation and the daemon's stop read.

    :param grant: what permits the call.
    :param begun: clock seconds at which the call was requested.
    :param until: clock seconds at which the whole call times out.
    :param acting: the credential with the key that the current attempt sends.
    :param traceparent: value of the ``traceparent`` header, if any.
    :param pending: the Deferred that the current attempt waits for.
    :param payload: the body of the current attempt; ``None`` between attempts.
    :param overdue: a deadline passed.
    :param left: the caller has cancelled.
    :param stopped: the daemon stops.
    :param work: runs the call; cancelling it ends the call at any point.
    :param doubtful: an attempt failed that may have taken effect.
    :param settled: fires at the end of a write whose caller has left; else ``None``.
    :param left_write: the entry under which the same call finds that write's result.
    """

    operation: Operation
    arguments: JsonObject = field(repr=False)
    grant: Grant
    begun: float
    until: float
    traceparent: str | None = None
    pending: Deferred[IResponse] | Deferred[bytes] | None = None
    payload: Payload | None = None
    overdue: bool = False
    left: bool = False
    stopped: bool = False
    work: Deferred[Json] | None = None
    doubtful: bool = False
    settled: Deferred[object] | None = None
    left_write: LeftWrite | None = None
    acting: Credential = Factory(_own_credential, takes_self=True)

    @property
    def credential(self) -> Credential:
        """The credential with which it is called."""
        return self.grant.credential

    @property
    def on_the_wire(self) -> bool:
        """Whether the API may already have seen this write."""
        return (
            not self.operation.effect.read_only
            and self.payload is not None
            and self.payload.handed
        )

    @property
    def in_doubt(self) -> bool:
        """Whether an earlier attempt of this write may have taken effect."""
        return self.doubtful and not self.operation.effect.read_only

    @property
    def may_have_deleted(self) -> bool:
        """Whether an earlier attempt may have deleted the object."""
        return self.doubtful and self.operation.method == "DELETE"

    def attach(self, body: bytes | None) -> None:
        """Set the body of the next attempt; a write without one has an empty body."""
        self.payload = Payload(body or b"")

    def leave(self) -> bool:
        """Note that the caller has left; return whether the write goes on."""
        self.left = True
        self.grant.may_have_acted = self.on_the_wire or self.in_doubt
        self.grant.goes_on = self.on_the_wire
        return self.grant.goes_on

    def note_doubt(self, may_have_acted: bool) -> None:
        """Note that an attempt failed, and whether it may have taken effect."""
        self.doubtful = self.doubtful or may_have_acted
        self.grant.may_have_acted = self.in_doubt

    def note_defect(self) -> None:
        """Note that the call failed; by a defect, if an attempt has not ended.

        What such an attempt did is not known. The others have said it.
        """
        if self.on_the_wire:
            self.grant.may_have_acted = True

    def stop(self) -> None:
        """Cancel the call because the daemon stops."""
        self.stopped = True
        if self.work is not None:
            self.work.cancel()

    def expire(self) -> None:
        """Cancel the current attempt, and close its connection: a deadline passed."""
        self.overdue = True
        if self.pending is not None:
            self.pending.cancel()


def explained(call: ApiCall, error: Exception, late: str, max_reply: int) -> Exception:
    """Return the exception to raise for one that the HTTP exchange raised.

    :param late: what did not happen in time, used when a deadline has passed.
    :param max_reply: the limit of a decoded reply in bytes, for the message.
    """
    if call.stopped:
        return AttemptFailed(stopped(call))
    if call.overdue:
        return AttemptFailed(_late(call, late))
    if call.left and call.settled is None:
        return CancelledError()
    diagnosis = diagnose(error)
    if diagnosis is None:
        return error
    return _FAILURES[diagnosis.problem](call, diagnosis, max_reply)


def stopped(call: ApiCall) -> ApiError:
    """Return the error for a call that was under way when the daemon stopped."""
    if call.on_the_wire or call.in_doubt:
        why = "This server stopped before Instantly answered."
        return error_messages.outcome_unknown(call.operation, why)
    return error_messages.stopping(call.operation)


def _late(call: ApiCall, late: str) -> ApiError:
    if call.on_the_wire:
        return error_messages.outcome_unknown(call.operation, f"Instantly {late}.")
    return error_messages.timed_out(call.operation, late)


def _no_connection(call: ApiCall, found: Diagnosis, max_reply: int) -> AttemptFailed:
    return AttemptFailed(
        error_messages.unreachable(call.operation, found.words), FailureKind.CONNECT
    )


def _connect_timeout(call: ApiCall, found: Diagnosis, max_reply: int) -> AttemptFailed:
    return AttemptFailed(
        error_messages.unreachable(call.operation, "connect timed out")
    )


def _untrusted(call: ApiCall, found: Diagnosis, max_reply: int) -> AttemptFailed:
    return AttemptFailed(error_messages.untrusted(call.operation, found.words))


def _broken(call: ApiCall, found: Diagnosis, max_reply: int) -> AttemptFailed:
    if call.on_the_wire:
        why = "The connection broke before the reply was complete."
        return AttemptFailed(
            error_messages.outcome_unknown(call.operation, why), FailureKind.BROKEN
        )
    return AttemptFailed(error_messages.broken(call.operation), FailureKind.BROKEN)


def _too_large(call: ApiCall, found: Diagnosis, max_reply: int) -> AttemptFailed:
    return AttemptFailed(error_messages.too_large(call.operation, max_reply))


def _garbled(call: ApiCall, found: Diagnosis, max_reply: int) -> AttemptFailed:
    if call.on_the_wire:
        why = f"Instantly's reply cannot be read ({found.words})."
        return AttemptFailed(error_messages.outcome_unknown(call.operation, why))
    error = ApiError(
        reason=Reason.UNEXPECTED_REPLY,
        message=f"Unexpected reply: it cannot be read ({found.words}).",
        operation_id=call.operation.id,
    )
    return AttemptFailed(error)


_FAILURES = {
    ConnectionProblem.NO_CONNECTION: _no_connection,
    ConnectionProblem.CONNECT_TIMEOUT: _connect_timeout,
    ConnectionProblem.UNTRUSTED: _untrusted,
    ConnectionProblem.BROKEN: _broken,
    ConnectionProblem.TOO_LARGE: _too_large,
    ConnectionProblem.GARBLED: _garbled,
}
