"""Failures that Instantly reports in a reply with status 2xx: one rule per operation.

Partial failures that the reply lists (``failed_emails``, ``failure_list``,
``invalid_count``) are not failures of the call: they are part of its value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from .._json_codec import JsonObject
from ..catalog.operation import Operation

Rule: TypeAlias = Callable[[JsonObject], str | None]

_TEST_EMAIL_ERRORS = {
    "ACC_AUTH_ERROR": "the sending account cannot log in to its mail server",
    "ACC_NOT_FOUND": "the sending account does not exist in this workspace",
    "ACC_UNKNOWN_ERROR": "the sending account failed for an unknown reason",
}


def reported_failure(operation: Operation, value: object) -> str | None:
    """Return the failure that a 2xx reply reports, else ``None``.

    :returns: text of the API, which the caller must redact before it shows it.
    """
    if not isinstance(value, Mapping):
        return None
    rule = _RULES.get(operation.id)
    if rule is not None:
        return rule(value)
    if operation.effect.read_only or value.get("success") is not False:
        return None
    return _first_text(value, "error", "message") or "it was not done"


def _test_email(value: JsonObject) -> str | None:
    error = value.get("error")
    if not error:
        return None
    meaning = _TEST_EMAIL_ERRORS.get(str(error))
    return str(error) if meaning is None else f"{meaning} ({error})"


def _order(value: JsonObject) -> str | None:
    reason = _first_text(value, "order_error", "payment_failure_reason")
    if reason:
        return reason
    if value.get("order_is_valid") is False:
        return "the order is not valid; see the lists of refused domains"
    return None


def _webhook_test(value: JsonObject) -> str | None:
    if value.get("success") is not False:
        return None
    reason = _first_text(value, "error", "message") or "the target did not accept it"
    status = value.get("status_code")
    return reason if status is None else f"{reason} (the target answered {status})"


def _oauth_session(value: JsonObject) -> str | None:
    if value.get("status") != "error":
        return None
    return _first_text(value, "error_description", "error") or "authorization failed"


def _first_text(value: JsonObject, *names: str) -> str | None:
    for name in names:
        text = value.get(name)
        if isinstance(text, str) and text:
            return text
    return None


_RULES: Mapping[str, Rule] = {
    "sendTestEmail": _test_email,
    "createDFYEmailAccountOrder": _order,
    "testWebhook": _webhook_test,
    "getOAuthSessionStatus": _oauth_session,
}
