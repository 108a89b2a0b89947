"""The error messages for people and models: the cause, who must act, the next step.

Nothing here quotes the API: `response` adds such text after redaction.
"""

from __future__ import annotations

from .._credential import OPERATOR, Credential, place_of
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
"""Added to a 404 for a DELETE that was repeated after a fault of the upstream."""


def where_it_shows(operation: Operation) -> str:
    """Return what to look at to see whether a write of `operation` took effect."""
    resource = operation.path.removeprefix("/api/v2/").strip("/").split("/")[0]
    return _SHOWN.get(resource, f"the {resource.replace('-', ' ')}")


def check_whether(operation: Operation) -> str:
    """Return how to find out whether a write took effect, without repeating it."""
    return f"Check {where_it_shows(operation)} to see whether it did."


def outcome_unknown(
    operation: Operation, why: str, status: int | None = None
) -> ApiError:
    """Return the error for a write that was sent and may have taken effect.

    :param why: a sentence that says what went wrong.
    """
    return ApiError(
        reason=Reason.OUTCOME_UNKNOWN,
        message=f"{why} The call was sent, so it may have taken effect, and it was not"
        f" sent again. {check_whether(operation)}",
        operation_id=operation.id,
        status=status,
    )


def unreachable(operation: Operation, why: str) -> ApiError:
    """Return the error for a failed connection: nothing was sent."""
    return ApiError(
        reason=Reason.UNREACHABLE,
        message=f"Instantly unreachable ({why}). Nothing was sent; try again in a"
        " minute, or ask the server operator to check its network.",
        operation_id=operation.id,
    )


def untrusted(operation: Operation, why: str) -> ApiError:
    """Return the error for a TLS handshake that failed: nothing was sent."""
    return ApiError(
        reason=Reason.UNREACHABLE,
        message=f"The upstream's TLS certificate or protocol was refused: {why}."
        " Nothing was sent. The server operator must check the upstream's certificate.",
        operation_id=operation.id,
    )


def broken(operation: Operation) -> ApiError:
    """Return the error for a read whose connection broke before its reply ended."""
    return ApiError(
        reason=Reason.UPSTREAM_FAILED,
        message="The connection to Instantly broke before the reply was complete."
        " Try again.",
        operation_id=operation.id,
    )


def timed_out(operation: Operation, late: str) -> ApiError:
    """Return the error for a read, or a write that was not sent, after a deadline.

    :param late: what Instantly did not do in time, as ``did not begin to answer``.
    """
    sent = "" if operation.effect.read_only else " Nothing was sent."
    return ApiError(
        reason=Reason.TIMEOUT,
        message=f"Instantly {late}, and the call was given up.{sent} Try again, or ask"
        " for less at once.",
        operation_id=operation.id,
    )


def no_time_left(operation: Operation) -> ApiError:
    """Return the error for a call that was not sent, as its caller's time was over."""
    return ApiError(
        reason=Reason.TIMEOUT,
        message="No time was left for another call to Instantly, so it was not sent."
        " Ask for less at once.",
        operation_id=operation.id,
    )


def not_granted(operation: Operation) -> ApiError:
    """Return the error for a call that nothing permits, which is a defect here."""
    return ApiError(
        reason=Reason.NOT_GRANTED,
        message="This server did not permit its own call to Instantly; nothing was"
        " sent.",
        operation_id=operation.id,
    )


def sending_off(operation: Operation) -> ApiError:
    """Return the error for a call during whose wait sending was switched off."""
    return ApiError(
        reason=Reason.SENDING_OFF,
        message="The operator of this server has switched sending off; nothing was"
        " sent.",
        operation_id=operation.id,
    )


def still_running(operation: Operation) -> ApiError:
    """Return the error for a write that goes on for longer than its caller waits."""
    return ApiError(
        reason=Reason.STILL_RUNNING,
        message="Instantly has not answered yet. This server keeps waiting for the"
        " answer and does not send the call a second time.",
        operation_id=operation.id,
    )


def too_large(operation: Operation, limit: int) -> ApiError:
    """Return the error for a reply above the limit.

    :param limit: in bytes.
    """
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
    """Return the error for a call that would wait too long for a rate limit.

    :param seconds: how long it would have to wait.
    """
    period = _PERIODS.get(limit.seconds, f"{limit.seconds:g} s")
    counted = operation.id if operation.limit == limit else "API"
    return ApiError(
        reason=Reason.RATE_LIMITED,
        message=f"This workspace reached Instantly's limit of {limit.calls} {counted}"
        f" calls a {period}, shared by everybody who uses it. The next slot is in"
        f" {whole_seconds(seconds)} s; nothing was sent.",
        operation_id=operation.id,
        retry_after=seconds,
    )


def asked_to_slow_down(operation: Operation, seconds: float) -> ApiError:
    """Return the error for a call during the pause after a 429.

    :param seconds: how long the pause still lasts.
    """
    return ApiError(
        reason=Reason.RATE_LIMITED,
        message="Instantly asked this workspace to slow down (429 on an earlier call)."
        f" Nothing was sent; try again in {whole_seconds(seconds)} s.",
        operation_id=operation.id,
        retry_after=seconds,
    )


def overloaded(operation: Operation, waited: float, seconds: float) -> ApiError:
    """Return the error for a call that found no slot.

    :param waited: seconds that it waited for one.
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
    """Return the error for a call that the stop of the daemon ended without effect."""
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


def calls_paused(operation: Operation, seconds: float) -> ApiError:
    """Return the error for a call while the breaker is open.

    :param seconds: until the breaker lets a call pass.
    """
    return ApiError(
        reason=Reason.UPSTREAM_FAILED,
        message="Too many calls to Instantly failed, so this server pauses them."
        f" Nothing was sent; try again in {whole_seconds(seconds)} s.",
        operation_id=operation.id,
        retry_after=seconds,
    )


def key_rejected(operation: Operation, credential: Credential) -> str:
    """Return the message for a 401."""
    if _is_of_the_server(credential):
        return (
            f"Instantly rejected the API key that this server has"
            f"{_for_workspace(credential)}. The operator of this server must replace"
            f" it; {_NOTHING_CHANGED}."
        )
    return (
        f"Instantly rejected the API key ({key_tail(credential)}), which was found in"
        f" {place_of(credential.source)}. The owner of the key must replace it;"
        f" {_NOTHING_CHANGED}."
    )


def kept_back(operation: Operation) -> ApiError:
    """Return the error for a real Instantly key that was presented to a sandbox."""
    return ApiError(
        reason=Reason.KEY_KEPT_BACK,
        message="This is the sandbox; it does not accept Instantly keys and has not"
        f" stored yours; {_NOTHING_CHANGED}.",
        operation_id=operation.id,
        status=401,
    )


def plan_required() -> str:
    """Return the message for a 402."""
    return (
        "Instantly says this workspace has no suitable paid plan, so this part of its"
        f" API is not available; {_NOTHING_CHANGED} (billing: {_BILLING})."
    )


def scope_missing(operation: Operation, credential: Credential) -> str:
    """Return the message for a 403, or a 401 whose text names scopes."""
    if credential.workspace is not None:
        return (
            "Instantly does not let this key act for the requested workspace, or the"
            " key lacks a scope. Check the Workspace Group membership;"
            f" {_NOTHING_CHANGED}."
        )
    if not operation.scopes:
        return f"Instantly does not permit this key to do that; {_NOTHING_CHANGED}."
    create = (
        "The operator of this server can use a key that has it"
        if _is_of_the_server(credential)
        else "Create a key that has it"
    )
    return (
        "The API key is valid but lacks a scope; any one of"
        f" {', '.join(operation.scopes)} suffices. {create}; {_NOTHING_CHANGED}."
    )


def not_found(operation: Operation) -> str:
    """Return the message for a 404."""
    if operation.reads_many:
        return (
            "Instantly has nothing to read there (404), for this workspace or with "
            "these filters."
        )
    return "This workspace has nothing with that id."


def rate_limited(retry_after: float | None) -> str:
    """Return the message for a 429 that is not retried any more."""
    wait = (
        "Wait a minute"
        if retry_after is None
        else f"Wait {whole_seconds(retry_after)} s"
    )
    return (
        "Instantly's rate limit is reached; it is shared by everybody who uses this"
        f" workspace. {wait}, then try again."
    )


def _is_of_the_server(credential: Credential) -> bool:
    """Say whether the operator keeps the key, so that no caller can replace it."""
    return credential.source == OPERATOR or credential.rights.token is not None


def _for_workspace(credential: Credential) -> str:
    name = credential.workspace_name
    return f" for workspace {name}" if name else ""
