"""Conversion of Instantly's replies and failures to tool results.

Failures become error objects that a model can act on (code, message, hint), list
replies become pages, and results that are too large are cut, with a notice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen

from .._json_codec import Json, JsonObject, dumps
from ..api.errors import ApiError, Reason
from ..protocol.wire.errors import ProtocolError, invalid_params, not_served, overloaded
from .error_hints import hint_for

MAX_RESULT_BYTES = 60_000
"""The largest structured result: about 15,000 tokens. Claude Code warns at 10,000, and
reads at most 25,000."""

PAGE_RESERVE_BYTES = 2_000
"""Bytes reserved for the page and the notice next to the items that stay."""

CUT_NOTICE = f"The result was cut to {MAX_RESULT_BYTES // 1000} kB."

RETRY_SECONDS = 5
"""The wait that an overload suggests, unless the error names another one."""

MAX_WAITING_REQUESTS = 256
"""Most requests that may wait for the same reply from Instantly."""

CursorOf: TypeAlias = Callable[[JsonObject, JsonObject], str | None]
"""Returns the cursor after an item, from the item and the call's arguments."""


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


@frozen
class ErrorResult:
    """An error result that also carries facts, such as what was done before.

    :param error: the error object: code, message, hint and the facts.
    """

    error: JsonObject


ToolOutcome: TypeAlias = "Json | ErrorResult"
"""What the work of a tool returns: its result, or an error that carries facts."""


def error_object(error: ApiError, hint: str | None = None) -> JsonObject:
    """Return the error object of a failed call.

    :param hint: what to do, instead of the general hint for this kind of failure.
    """
    described: dict[str, Json] = {
        "code": error.reason.value,
        "message": error.message,
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
    return overloaded(
        error.message, error.retry_after or RETRY_SECONDS, error_object(error)
    )


def protocol_error(error: ApiError) -> ProtocolError:
    """Return the protocol error for a failed call, with its error object as data."""
    refused = overload_error(error)
    if refused is not None:
        return refused
    described = error_object(error)
    if error.reason in (Reason.BAD_ARGUMENT, Reason.INVALID_REQUEST):
        return invalid_params(error.message, described)
    return not_served(error.message, described)


def refusal_error(refusal: CallRefusedError) -> ProtocolError:
    """Return the protocol error for a refused resource or prompt.

    Many clients show the message only, so it also says the next step.
    """
    said = f"{refusal.message} {refusal.hint}"
    near = refusal.facts.get("candidates")
    if near:
        named = (" ".join(map(str, each.values())) for each in near)
        said += f" Candidates: {', '.join(named)}."
    return invalid_params(said, refusal.as_object())


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


def cut_to_size(
    value: Json, arguments: JsonObject, cursor_of: CursorOf | None = None
) -> tuple[Json, bytes]:
    """Return the value, or a copy cut to the limit with a notice; and its JSON.

    The JSON is encoded anyway, to measure it, so callers can use it.

    :param cursor_of: makes the cursor after the last item that is kept.
    """
    encoded = dumps(value)
    if len(encoded) <= MAX_RESULT_BYTES:
        return value, encoded
    if _is_page(value):
        value = _fewer_items(value, arguments, cursor_of)
    for longest, most in ((20_000, 500), (5_000, 100), (1_000, 25), (200, 5)):
        encoded = dumps(value)
        if len(encoded) <= MAX_RESULT_BYTES:
            return value, encoded
        value = _with_notice(_shorter(value, longest, most))
    return value, dumps(value)


def _is_page(value: Json) -> bool:
    if not isinstance(value, dict):
        return False
    return isinstance(value.get("items"), list) and isinstance(value.get("page"), dict)


def _fewer_items(
    value: JsonObject, arguments: JsonObject, cursor_of: CursorOf | None
) -> JsonObject:
    """Keep the items that fit, at least one, with a cursor after the last of them."""
    items = value["items"]
    room = MAX_RESULT_BYTES - PAGE_RESERVE_BYTES
    kept = 0
    for item in items:
        room -= len(dumps(item)) + 1
        if room < 0 and kept:
            break
        kept += 1
    if kept == len(items):
        return value
    cursor = cursor_of(items[kept - 1], arguments) if cursor_of else None
    cut: dict[str, Json] = {"has_more": True, "returned": kept}
    notice = f"{CUT_NOTICE} {len(items) - kept} items of this page are not shown: "
    if cursor is None:
        notice += f"call again with limit {kept}."
    else:
        cut["next_cursor"] = cursor
        notice += "continue with next_cursor."
    return {**value, "items": items[:kept], "page": cut, "notice": notice}


def _shorter(value: Json, longest: int, most: int) -> Json:
    """Cut long strings and lists at every level, stating how much was cut."""
    if isinstance(value, str) and len(value) > longest:
        return f"{value[:longest]}… [{len(value) - longest} characters cut]"
    if isinstance(value, dict):
        return {name: _shorter(each, longest, most) for name, each in value.items()}
    if isinstance(value, list):
        cut = [_shorter(each, longest, most) for each in value[:most]]
        if len(value) > most:
            cut.append(f"[{len(value) - most} more cut]")
        return cut
    return value


def _with_notice(value: Json) -> Json:
    if not isinstance(value, dict):
        return value
    return {**value, "notice": value.get("notice", CUT_NOTICE)}
