"""The sentences of every failure: one cause, who must act, and what to do next.

It knows operations and credentials. It never sees a connection, and it puts nothing
into a sentence that came from the API: `response` scrubs and adds that.
"""

from __future__ import annotations

from .._credential import Credential, place_of
from ..catalog.operation import Limit, Operation
from .errors import ApiError, Reason, whole_seconds
from .redaction import key_tail

_NOTHING_CHANGED = "nothing was changed"
_BILLING = "app.instantly.ai/app/settings/billing"
_PERIODS = {1.0: "second", 60.0: "minute", 3600.0: "hour"}

_SHOWN = {
    "emails": "the sent mail",
    "email-verification": "the status of the verification",
}

DELETED_BEFORE = "The attempt before this one may have deleted it."
"""Said of a 404 to a DELETE that was sent again after a fault."""


def where_it_shows(operation: Operation) -> str:
    """Say what to look at to see whether a write of `operation` took effect."""
    resource = operation.path.removeprefix("/api/v2/").strip("/").split("/")[0]
    return _SHOWN.get(resource, f"the {resource.replace('-', ' ')}")


def check_whether(operation: Operation) -> str:
    """Say how to find out whether a write took effect; never that it be made again."""
    return f"Check {where_it_shows(operation)} to see whether it did."


def outcome_unknown(
    operation: Operation, why: str, status: int | None = None
) -> ApiError:
    """A write was sent, and it is not known whether it took effect."""
    return ApiError(
        reason=Reason.OUTCOME_UNKNOWN,
        message=f"{why} The call was sent, so it may have taken effect, and it was not"
        f" sent again. {check_whether(operation)}",
        operation_id=operation.id,
        status=status,
    )


def unreachable(operation: Operation, why: str) -> ApiError:
    """No connection: nothing was sent."""
    return ApiError(
        reason=Reason.UNREACHABLE,
        message=f"Instantly unreachable ({why}). Nothing was sent; try again in a"
        " minute, or ask the server operator to check its network.",
        operation_id=operation.id,
    )


def untrusted(operation: Operation, why: str) -> ApiError:
    """TLS did not convince us: nothing was sent."""
    return ApiError(
        reason=Reason.UNREACHABLE,
        message=f"The upstream's TLS certificate or protocol was refused: {why}."
        " Nothing was sent. The server operator must look at it.",
        operation_id=operation.id,
    )


def broken(operation: Operation) -> ApiError:
    """The connection of a read broke before the reply was complete."""
    return ApiError(
        reason=Reason.UPSTREAM_FAILED,
        message="The connection to Instantly broke before the reply was complete."
        " Try again.",
        operation_id=operation.id,
    )


def timed_out(operation: Operation, late: str) -> ApiError:
    """A read, or a write that was not sent, took too long."""
    sent = "" if operation.effect.read_only else " Nothing was sent."
    return ApiError(
        reason=Reason.TIMEOUT,
        message=f"Instantly {late}, and the call was given up.{sent} Try again, or ask"
        " for less at once.",
        operation_id=operation.id,
    )


def no_time_left(operation: Operation) -> ApiError:
    """What came before this call has used up the time of the whole."""
    return ApiError(
        reason=Reason.TIMEOUT,
        message="There was no time left for another call of Instantly. Nothing was sent"
        " by it. Ask for less at once.",
        operation_id=operation.id,
    )


def still_running(operation: Operation) -> ApiError:
    """A write was sent, and its caller cannot wait any longer."""
    return ApiError(
        reason=Reason.STILL_RUNNING,
        message="Instantly has not answered yet. The call goes on here, and is not sent"
        " a second time.",
        operation_id=operation.id,
    )


def too_large(operation: Operation, limit: int) -> ApiError:
    """The reply is above the limit."""
    then = (
        " Ask for less: a smaller limit, a filter or a shorter period."
        if operation.effect.read_only
        else f" The call itself succeeded: see {where_it_shows(operation)}."
    )
    return ApiError(
        reason=Reason.TOO_LARGE,
        message=f"Instantly's reply is larger than {limit // 1_000_000} MB and was"
        f" dropped.{then}",
        operation_id=operation.id,
    )


def throttled(operation: Operation, limit: Limit, seconds: float) -> ApiError:
    """The workspace's own budget is used up for longer than a call may wait."""
    period = _PERIODS.get(limit.seconds, f"{limit.seconds:g} s")
    whose = operation.id if operation.limit == limit else "API"
    return ApiError(
        reason=Reason.RATE_LIMITED,
        message=f"This workspace reached Instantly's limit of {limit.calls} {whose}"
        f" calls a {period}, shared by everybody who uses it. The next slot is in"
        f" {whole_seconds(seconds)} s; nothing was sent.",
        operation_id=operation.id,
        retry_after=seconds,
    )


def asked_to_slow_down(operation: Operation, seconds: float) -> ApiError:
    """An earlier call was answered 429, and the pause is not over."""
    return ApiError(
        reason=Reason.RATE_LIMITED,
        message="Instantly asked this workspace to slow down (429 on an earlier call)."
        f" Nothing was sent; try again in {whole_seconds(seconds)} s.",
        operation_id=operation.id,
        retry_after=seconds,
    )


def overloaded(operation: Operation, waited: float, seconds: float) -> ApiError:
    """Too many calls are under way.

    :param waited: seconds that this one waited for the others.
    :param seconds: after which it makes sense to try again.
    """
    after = f" and none ended within {waited:.1f} s" if waited >= 1 else ""
    return ApiError(
        reason=Reason.OVERLOADED,
        message=f"This server has too many calls to Instantly under way{after}."
        f" Nothing was sent; try again in {whole_seconds(seconds)} s.",
        operation_id=operation.id,
        retry_after=seconds,
    )


def stopping(operation: Operation) -> ApiError:
    """The daemon stops before the call could have an effect."""
    why = (
        "before Instantly answered. Nothing was changed"
        if operation.effect.read_only
        else "before the call was sent. Instantly has not seen it"
    )
    return ApiError(
        reason=Reason.STOPPING,
        message=f"This server stopped {why}; it is safe to repeat the call.",
        operation_id=operation.id,
    )


def resting(operation: Operation, seconds: float) -> ApiError:
    """The breaker is open: the API failed too often a moment ago."""
    return ApiError(
        reason=Reason.UPSTREAM_FAILED,
        message="Instantly failed too many calls in a row, so calls pause. Nothing"
        f" was sent; try again in {whole_seconds(seconds)} s.",
        operation_id=operation.id,
        retry_after=seconds,
    )


def key_rejected(operation: Operation, credential: Credential) -> str:
    """401."""
    return (
        f"Instantly rejected the API key ({key_tail(credential)}), which was found in"
        f" {place_of(credential.source)}. The owner of the key must replace it;"
        f" {_NOTHING_CHANGED}."
    )


def kept_back(operation: Operation) -> ApiError:
    """401 of the sandbox, to a caller who brought a real key."""
    return ApiError(
        reason=Reason.KEY_KEPT_BACK,
        message="This is the sandbox; it does not accept Instantly keys and has not"
        f" stored yours; {_NOTHING_CHANGED}.",
        operation_id=operation.id,
        status=401,
    )


def plan_required() -> str:
    """402."""
    return (
        "Instantly says this workspace has no suitable paid plan, so this part of its"
        f" API is closed; {_NOTHING_CHANGED} (billing: {_BILLING})."
    )


def scope_missing(operation: Operation, credential: Credential) -> str:
    """403, or a 401 that speaks of scopes."""
    if credential.workspace is not None:
        return (
            "Instantly does not let this key act for the workspace that was named, or"
            " the key lacks a scope. Check the Workspace Group membership;"
            f" {_NOTHING_CHANGED}."
        )
    if not operation.scopes:
        return f"Instantly does not permit this key to do that; {_NOTHING_CHANGED}."
    return (
        "The API key is valid but lacks a scope; any one of"
        f" {', '.join(operation.scopes)} suffices. Create a key that has"
        f" it; {_NOTHING_CHANGED}."
    )


def not_found(operation: Operation) -> str:
    """404."""
    return (
        "This workspace has nothing with that id. Look the id up with a"
        " list or a search, and check that the key belongs to the right workspace."
    )


def rate_limited(retry_after: float | None) -> str:
    """429, after what retrying was allowed."""
    wait = (
        "Wait a minute"
        if retry_after is None
        else f"Wait {whole_seconds(retry_after)} s"
    )
    return (
        "Instantly's rate limit is reached; it is shared by everybody who uses this"
        f" workspace. {wait}, then try again."
    )
