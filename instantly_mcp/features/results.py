"""Conversion of Instantly's replies and failures to tool results.

Failures become error objects that a model can act on (code, message, hint), and list
replies become pages. `sizes` cuts results that are too large.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen
from twisted.internet.defer import CancelledError

from .._json_codec import Json, JsonObject
from ..api.errors import ApiError, Reason
from ..protocol.wire.errors import ProtocolError, invalid_params, not_served, overloaded
from .error_hints import hint_for
from .untrusted.fence import error_data
from .untrusted.marking import quoted

RETRY_SECONDS = 5
"""The wait that an overload suggests, unless the error names another one."""

MAX_WAITING_REQUESTS = 256
"""Most requests that may wait for the same reply from Instantly."""


class CallRefusedError(Exception):
    """A tool refuses a call, for a reason that the caller can correct.

    :param code: a short stable word for programs.
    :param message: one sentence: what is wrong.
    :param hint: one sentence: what to do.
    :param facts: further members of the error object.
    """

    def __init__(self, code: str, message: str, hint: str, **facts: Json) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.facts = facts

    def as_object(self) -> JsonObject:
        """Return the error object of a result."""
        named = {"code": self.code, "message": self.message, "hint": self.hint}
        return {**named, **self.facts}


class LeftBeforeSendingError(CancelledError):
    """The caller left before a write was sent: surely nothing was done."""


@frozen
class ErrorResult:
    """An error result that also carries facts, such as what was done before.

    :param error: the error object: code, message, hint and the facts.
    """

    error: JsonObject


ToolOutcome: TypeAlias = "Json | ErrorResult"
"""What the work of a tool returns: its result, or an error that carries facts."""


def message_of(error: ApiError) -> str:
    """Return the message of a failed call; what Instantly says in it is marked."""
    if not error.said or not error.message.endswith(error.said):
        return error.message
    return error.message.removesuffix(error.said) + quoted(error.said)


def error_object(error: ApiError, hint: str | None = None) -> JsonObject:
    """Return the error object of a failed call.

    :param hint: what to do, instead of the general hint for this kind of failure.
    """
    described: dict[str, Json] = {
        "code": error.reason.value,
        "message": message_of(error),
        "hint": hint or hint_for(error),
        "operation": error.operation_id,
    }
    if error.retry_after is not None:
        described["retry_after"] = error.retry_after
    if error.status is not None:
        described["upstream_status"] = error.status
    if error.scopes and error.reason in (Reason.SCOPE_MISSING, Reason.KEY_REJECTED):
        described["scopes"] = list(error.scopes)
    return described


def too_many_waiting(operation_id: str) -> ApiError:
    """Return the error for one waiting call too many."""
    return ApiError(
        reason=Reason.OVERLOADED,
        message="Too many requests are waiting for the same reply from Instantly. "
        f"Nothing was sent; try again in {RETRY_SECONDS} s.",
        operation_id=operation_id,
        retry_after=RETRY_SECONDS,
    )


def overload_error(error: ApiError) -> ProtocolError | None:
    """Return the protocol error for an overload of this server, else ``None``.

    An overload has nothing to do with the tool or its arguments, so it is reported
    with HTTP status 503, which clients and proxies understand.
    """
    if error.reason is not Reason.OVERLOADED:
        return None
    data = error_data(error_object(error))
    return overloaded(error.message, error.retry_after or RETRY_SECONDS, data)


def protocol_error(error: ApiError) -> ProtocolError:
    """Return the protocol error for a failed call, with its error object as data."""
    refused = overload_error(error)
    if refused is not None:
        return refused
    data = error_data(error_object(error))
    if error.reason in (Reason.BAD_ARGUMENT, Reason.INVALID_REQUEST):
        return invalid_params(data["message"], data)
    return not_served(data["message"], data)


def refusal_error(refusal: CallRefusedError) -> ProtocolError:
    """Return the protocol error for a refused resource or prompt.

    Many clients show the message only, so it also says the next step.
    """
    data = error_data(refusal.as_object())
    said = f"{data['message']} {data['hint']}"
    near = data.get("candidates")
    if near:
        named = (" ".join(map(str, each.values())) for each in near)
        said += f" Candidates: {', '.join(named)}."
    return invalid_params(said, data)


def page(reply: Json, shape: Callable[[JsonObject], JsonObject]) -> dict[str, Json]:
    """Return a list reply as ``items`` and ``page``.

    The cursor of an empty page is not passed on: it leads to further empty pages.

    :param shape: makes the view of each item.
    """
    facts = reply if isinstance(reply, dict) else {"items": reply}
    items = facts.get("items")
    cursor = facts.get("next_starting_after")
    if not isinstance(items, list):
        items = ()
    shaped = [shape(item) for item in items if isinstance(item, dict)]
    described: dict[str, Json] = {"has_more": bool(cursor and shaped)}
    if described["has_more"]:
        described["next_cursor"] = cursor
    described["returned"] = len(shaped)
    return {"items": shaped, "page": described}
