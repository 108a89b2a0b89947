"""Why a call to Instantly did not succeed. Knows no MCP: features translate."""

from __future__ import annotations

from enum import Enum
from math import ceil

from attrs import define, field
from attrs.converters import optional


class Reason(Enum):
    """The kinds of failure that a caller can act on differently.

    :cvar STILL_RUNNING: a write is on the wire for longer than its caller waits. It
        goes on, and the same call gets its outcome.
    :cvar OVERLOADED: nothing was sent, because too many calls are under way here. It
        is a fact about this server and refuses the whole request, whatever the call
        was a part of.
    :cvar STOPPING: the daemon stops, and the call had no effect: it only reads, or was
        not sent.
    """

    BAD_ARGUMENT = "bad_argument"
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
    STOPPING = "server_stopping"
    UPSTREAM_FAILED = "upstream_failed"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    STILL_RUNNING = "still_running"
    UNEXPECTED_REPLY = "unexpected_reply"
    OUTCOME_UNKNOWN = "outcome_unknown"
    REPORTED_FAILURE = "reported_failure"


def whole_seconds(seconds: float) -> int:
    """Return seconds as they are told: rounded up, and at least one.

    Each wait is rounded here alone, so that a message, its hint and its data agree.
    """
    # A millisecond less: sums of floats lie a little above what they mean.
    return max(1, ceil(seconds - 0.001))


@define(eq=False, kw_only=True)
class ApiError(Exception):
    """One failed call, without any secret in it.

    :param message: one sentence for a person: what happened.
    :param status: the HTTP status of the API, when it answered.
    :param retry_after: whole seconds until it makes sense to try again, when known.
    :param scopes: key scopes that would have sufficed, for a 401 or 403.
    :param operation_id: which operation failed.
    :param argument: which parameter of it was wrong, where one is to blame.
    """

    reason: Reason
    message: str
    operation_id: str
    status: int | None = None
    retry_after: int | None = field(default=None, converter=optional(whole_seconds))
    scopes: tuple[str, ...] = field(default=())
    argument: str | None = None

    def __str__(self) -> str:
        return f"{self.operation_id}: {self.reason.value}: {self.message}"
