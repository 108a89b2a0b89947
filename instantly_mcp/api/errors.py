"""The error of a call to Instantly that did not succeed."""

from __future__ import annotations

from enum import Enum
from math import ceil

from attrs import define, field
from attrs.converters import optional


class Reason(Enum):
    """The kinds of failure that a caller handles differently.

    :cvar NOT_GRANTED: nothing was sent, because nothing permits this call. It is a
        defect of this server, not of the caller.
    :cvar KEY_KEPT_BACK: a real Instantly key was presented to a sandbox.
    :cvar STILL_RUNNING: a write is on the wire for longer than its caller waits. It
        goes on, and the same call gets its result.
    :cvar OVERLOADED: nothing was sent, because this server has too many calls under
        way. The whole request is refused (503), also when this call is only a part.
    :cvar SENDING_OFF: the operator switched sending off while the call waited for its
        turn; it was not sent.
    :cvar STOPPING: the daemon stops, and the call had no effect: it only reads, or was
        not sent.
    :cvar OUTCOME_UNKNOWN: a write was sent, and may have taken effect.
    :cvar REPORTED_FAILURE: the API reported a failure in a reply with status 2xx.
    """

    BAD_ARGUMENT = "bad_argument"
    NOT_GRANTED = "not_granted"
    INVALID_REQUEST = "invalid_request"
    KEY_REJECTED = "key_rejected"
    KEY_KEPT_BACK = "not_a_sandbox_key"
    PLAN_REQUIRED = "plan_required"
    SCOPE_MISSING = "scope_missing"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    SENDING_OFF = "sending_off"
    STOPPING = "server_stopping"
    UPSTREAM_FAILED = "upstream_failed"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    STILL_RUNNING = "still_running"
    UNEXPECTED_REPLY = "unexpected_reply"
    OUTCOME_UNKNOWN = "outcome_unknown"
    REPORTED_FAILURE = "reported_failure"


def whole_seconds(seconds: float) -> int:
    """Return seconds as they are shown: rounded up, and at least 1.

    All waits are rounded here, so that a message, its hint and its data agree.
    """
    # Minus a millisecond: sums of floats are often slightly too large.
    return max(1, ceil(seconds - 0.001))


@define(eq=False, kw_only=True)
class ApiError(Exception):
    """A failed call. It contains no secret.

    :param message: what happened, for people; the model sees it too.
    :param status: the HTTP status of the API, if it answered.
    :param retry_after: whole seconds until it makes sense to try again, if known.
    :param scopes: the key scopes of which any one would suffice, for a 401 or 403.
    :param operation_id: the operation that failed.
    :param argument: the parameter that is wrong, if the error is about one.
    :param said: what Instantly wrote, with which `message` then ends: untrusted text.
    """

    reason: Reason
    message: str
    operation_id: str
    status: int | None = None
    retry_after: int | None = field(default=None, converter=optional(whole_seconds))
    scopes: tuple[str, ...] = field(default=())
    argument: str | None = None
    said: str = ""

    def __str__(self) -> str:
        return f"{self.operation_id}: {self.reason.value}: {self.message}"
