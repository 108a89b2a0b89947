"""From what Instantly answers to what a tool answers.

Failures become results that a model can act on, lists become pages, and whatever is
too large is cut with a word about it. Knows no HTTP and no single tool.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen

from .._json_codec import Json, JsonObject, dumps
from ..api.errors import ApiError, Reason
from ..protocol.wire.errors import ProtocolError, overloaded
from .error_hints import hint_for

MAX_BYTES = 100_000
"""The largest structured result; clients drown in more."""

RESERVE = 2_000
"""Room for the page and the notice beside the items that stay."""

CUT_NOTICE = f"The result was cut to {MAX_BYTES // 1000} kB."

RETRY_SECONDS = 5

CursorOf: TypeAlias = Callable[[JsonObject, JsonObject], str | None]
"""Says, for an item and the arguments, where a list goes on behind that item."""


class Refusal(Exception):
    """A tool will not do what it was asked, for a reason that the caller can mend.

    :param code: a short stable word for programs.
    :param message: one sentence: what is wrong.
    :param hint: one sentence: what to do.
    """

    def __init__(self, code: str, message: str, hint: str, **details: Json) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details = details

    def as_object(self) -> JsonObject:
        """Return the structured error."""
        named = {"code": self.code, "message": self.message, "hint": self.hint}
        return {**named, **self.details}


@frozen
class Failed:
    """A result that must be read as a failure although it carries facts."""

    structured: JsonObject


def error_object(error: ApiError, hint: str | None = None) -> JsonObject:
    """Describe a failed call: code, message, hint, and what helps to go on."""
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


def crowded(operation_id: str) -> ApiError:
    """Return the error of a call that would be one too many waiting for another."""
    return ApiError(
        reason=Reason.OVERLOADED,
        message="Too many requests wait for the same answer of Instantly. Nothing was"
        f" sent; try again in {RETRY_SECONDS} s.",
        operation_id=operation_id,
        retry_after=RETRY_SECONDS,
    )


def refusal_of_request(error: ApiError) -> ProtocolError | None:
    """Return the protocol error of a call that is refused as a request.

    That this server is overloaded says nothing about the tool or its arguments: the
    client is told with a status that clients and proxies know, 503.
    """
    if error.reason is not Reason.OVERLOADED:
        return None
    return overloaded(
        error.message, error.retry_after or RETRY_SECONDS, error_object(error)
    )


def page(reply: Json, shape: Callable[[JsonObject], JsonObject]) -> dict[str, Json]:
    """Return a list reply as items and the page that they are.

    A cursor behind an empty page leads nowhere, so it is not passed on.
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


def fitted(
    value: Json, arguments: JsonObject, cursor_of: CursorOf | None = None
) -> tuple[Json, bytes]:
    """Return the value, or a cut copy that says so, within `MAX_BYTES`; and its JSON.

    The JSON has to be made anyhow, to measure it.
    """
    encoded = dumps(value)
    if len(encoded) <= MAX_BYTES:
        return value, encoded
    if _is_page(value):
        value = _fewer_items(value, arguments, cursor_of)
    for longest, most in ((20_000, 500), (5_000, 100), (1_000, 25), (200, 5)):
        encoded = dumps(value)
        if len(encoded) <= MAX_BYTES:
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
    """Keep the items that fit, at least one, and point behind the last of them."""
    items = value["items"]
    room = MAX_BYTES - RESERVE
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
        notice += "go on with next_cursor."
    return {**value, "items": items[:kept], "page": cut, "notice": notice}


def _shorter(value: Json, longest: int, most: int) -> Json:
    """Cut long texts and long lists wherever they are, saying how much is gone."""
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
