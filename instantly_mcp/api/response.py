"""Reads an HTTP reply: returns its value, or raises an `ApiError` with the next step.

A reply may come from the API, from a proxy in front of it, or be invalid. Bodies are
never quoted; of the API's error envelope the message is shown, after redaction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from attrs import field, frozen
from twisted.web.http_headers import Headers

from .._credential import Credential
from .._json_codec import MAX_DEPTH, Json, loads_lenient, nested_too_deeply
from ..catalog.operation import Operation
from ..catalog.reply import Form
from . import error_messages
from .errors import ApiError, Reason, whole_seconds
from .redaction import redacted
from .reported_failures import reported_failure

LOST_BEHIND_A_PROXY = frozenset({502, 504, 520, 521, 522, 523, 524, 525, 526, 527})
"""Statuses of a proxy that does not know whether the API carried a write out."""

_REASONS: Mapping[int, Reason] = {
    401: Reason.KEY_REJECTED,
    402: Reason.PLAN_REQUIRED,
    403: Reason.SCOPE_MISSING,
    404: Reason.NOT_FOUND,
    408: Reason.TIMEOUT,
    409: Reason.CONFLICT,
    413: Reason.TOO_LARGE,
    429: Reason.RATE_LIMITED,
}
_EXCERPT_CHARACTERS = 200
_EMPTY_IS_FINE = frozenset({202, 204, 205})
_NOT_A_BRACKET = bytes(byte for byte in range(256) if byte not in b"[]{}")
_SECONDS = re.compile(r"\d{1,9}")


@frozen(kw_only=True)
class HttpReply:
    """A complete reply. Its ``repr`` does not show headers and body."""

    status: int
    headers: Headers = field(repr=False)
    body: bytes = field(default=b"", repr=False)


def read(operation: Operation, reply: HttpReply, credential: Credential) -> Json:
    """Return the decoded value of a successful reply, ``None`` for an empty one.

    :raises ApiError: for every other reply.
    """
    if not 200 <= reply.status < 300:
        raise _refusal(operation, reply, credential)
    if not reply.body.strip():
        if reply.status in _EMPTY_IS_FINE and operation.reply.may_be_empty:
            return None
        raise unexpected(operation, reply, "an empty body")
    if is_csv(reply) and operation.reply.form is Form.ANYTHING:
        return reply.body.decode("utf-8", "replace")
    value = _decoded(operation, reply)
    envelope = _envelope_inside(value)
    if envelope is not None:
        inner = HttpReply(status=envelope, headers=reply.headers, body=reply.body)
        raise _refusal(operation, inner, credential)
    failure = reported_failure(operation, value)
    if failure is not None:
        said = redacted(failure, credential)
        raise ApiError(
            reason=Reason.REPORTED_FAILURE,
            message=f"Instantly accepted the call but reports a failure: {said}",
            operation_id=operation.id,
            status=reply.status,
            said=said,
        )
    misfit = operation.reply.misfit(value)
    if misfit is not None:
        raise unexpected(operation, reply, misfit)
    return value


def unexpected(operation: Operation, reply: HttpReply, what: str) -> ApiError:
    """Return the error for a reply that differs from the API's documentation.

    :param what: what the reply is instead, as a constant text.
    """
    done = (
        ""
        if operation.effect.read_only or not 200 <= reply.status < 300
        else f" It probably took effect. {error_messages.check_whether(operation)}"
    )
    return ApiError(
        reason=Reason.UNEXPECTED_REPLY,
        message=f"Unexpected reply: Instantly answered {reply.status} with {what}."
        f"{done}",
        operation_id=operation.id,
        status=reply.status,
    )


def is_page(reply: HttpReply) -> bool:
    """Say whether the body is a web page, regardless of its Content-Type."""
    return reply.body[:200].lstrip(b" \t\r\n\xef\xbb\xbf")[:1] == b"<"


def page_excerpt(reply: HttpReply, credential: Credential) -> str:
    """Return the beginning of a web page for the log; the empty string otherwise.

    Only web pages are quoted: broken JSON may contain personal data.
    """
    if not is_page(reply):
        return ""
    page = reply.body[: 4 * _EXCERPT_CHARACTERS].decode("utf-8", "replace")
    return ascii(redacted(page, credential, _EXCERPT_CHARACTERS // 2))[
        :_EXCERPT_CHARACTERS
    ]


def is_csv(reply: HttpReply) -> bool:
    """Say whether the body is a CSV file."""
    return _type_of(reply).startswith(b"text/csv")


def retry_after(headers: Headers) -> float | None:
    """Return the seconds of ``Retry-After``; ``None`` if absent or invalid.

    A date is compared with the reply's own ``Date``, so the local clock is not used.
    """
    raw = headers.getRawHeaders(b"retry-after")
    if not raw:
        return None
    text = raw[-1].decode("latin-1").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    date = headers.getRawHeaders(b"date")
    try:
        now = parsedate_to_datetime(date[-1].decode("latin-1") if date else "")
        seconds = (parsedate_to_datetime(text) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if seconds >= 0 else None


def _type_of(reply: HttpReply) -> bytes:
    raw = reply.headers.getRawHeaders(b"content-type")
    return raw[-1].strip().lower() if raw else b""


def _decoded(operation: Operation, reply: HttpReply) -> Json:
    if is_page(reply):
        raise unexpected(operation, reply, "a web page instead of JSON")
    try:
        value = loads_lenient(reply.body)
    except (ValueError, RecursionError):
        what = "something that is not complete JSON"
        raise unexpected(operation, reply, what) from None
    if _may_be_too_deep(reply.body) and nested_too_deeply(value):
        raise unexpected(operation, reply, "JSON that is nested too deeply")
    return value


def _may_be_too_deep(body: bytes) -> bool:
    """Return ``False`` if the body is certainly not nested too deeply.

    Works on the bytes with a few C-level passes; most replies need no other check.
    """
    brackets = body.translate(None, _NOT_A_BRACKET)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return False
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
    return bool(brackets)


def _envelope_inside(value: Json) -> int | None:
    """Return the status in an error envelope that a 2xx reply contains."""
    if not isinstance(value, dict) or "statusCode" not in value:
        return None
    status = value["statusCode"]
    if isinstance(status, int) and 400 <= status <= 599 and "message" in value:
        return status
    return None


def _refusal(
    operation: Operation, reply: HttpReply, credential: Credential
) -> ApiError:
    status = reply.status
    if 300 <= status < 400:
        return unexpected(operation, reply, "a redirect, which is never followed")
    if not 400 <= status < 600:
        return unexpected(operation, reply, "a status that HTTP does not have")
    if not operation.effect.idempotent and status in LOST_BEHIND_A_PROXY:
        why = f"A proxy in front of Instantly answered {status}."
        return error_messages.outcome_unknown(operation, why, status)
    if status == 401 and credential.kept_back:
        return error_messages.kept_back(operation)
    text = redacted(_envelope_text(reply), credential)
    reason = _reason(status, reply, text)
    wait = retry_after(reply.headers)
    sentence = _sentence(reason, operation, reply, credential, wait)
    return ApiError(
        reason=reason,
        message=f"{sentence} Instantly says: {text}" if text else sentence,
        operation_id=operation.id,
        status=status,
        retry_after=wait,
        scopes=operation.scopes if status in {401, 403} else (),
        said=text,
    )


def _reason(status: int, reply: HttpReply, text: str) -> Reason:
    if status >= 500:
        return Reason.UPSTREAM_FAILED
    if status == 403 and reply.body.strip()[:1] not in {b"", b"{"}:
        # The API always sends its envelope; a proxy sends a page or plain text.
        return Reason.UPSTREAM_FAILED
    if status == 401 and "scope" in text.lower():
        return Reason.SCOPE_MISSING
    return _REASONS.get(status, Reason.INVALID_REQUEST)


def _sentence(
    reason: Reason,
    operation: Operation,
    reply: HttpReply,
    credential: Credential,
    wait: float | None,
) -> str:
    if reason is Reason.KEY_REJECTED:
        return error_messages.key_rejected(operation, credential)
    if reason is Reason.PLAN_REQUIRED:
        return error_messages.plan_required()
    if reason is Reason.SCOPE_MISSING:
        return error_messages.scope_missing(operation, credential)
    if reason is Reason.NOT_FOUND:
        return error_messages.not_found(operation)
    if reason is Reason.RATE_LIMITED:
        return error_messages.rate_limited(wait)
    if reason is Reason.CONFLICT:
        return "Instantly refused the call because it conflicts with what exists."
    if reason is Reason.TOO_LARGE:
        return (
            "Instantly says the result is too large. Ask for less: filter or shorten."
        )
    if reason is Reason.UPSTREAM_FAILED:
        return _failed_sentence(operation, reply, wait)
    return f"Instantly refused the call ({reply.status})."


def _failed_sentence(operation: Operation, reply: HttpReply, wait: float | None) -> str:
    if reply.status == 403:
        return (
            "A proxy in front of Instantly refused the call (403). The server operator"
            " should check whether this server's IP address is blocked."
        )
    if operation.effect.idempotent:
        when = "a minute" if wait is None else f"{whole_seconds(wait)} s"
        return f"Instantly failed ({reply.status}). Try again in {when}."
    return (
        f"Instantly failed ({reply.status}) and was not asked again. The call may have"
        f" taken effect. {error_messages.check_whether(operation)}"
    )


def _envelope_text(reply: HttpReply) -> str:
    """Return the message of an error envelope; the empty string for other bodies."""
    if not reply.body or is_page(reply):
        return ""
    try:
        value = loads_lenient(reply.body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(value, dict):
        return ""
    for name in ("message", "error"):
        text = value.get(name)
        if isinstance(text, dict):
            text = text.get("message")
        if isinstance(text, str) and text.strip():
            return text
    return ""
