"""reply_to_email: read the mail, check sender and recipient, then send once."""

from __future__ import annotations

from collections.abc import Awaitable

from twisted.internet.defer import Deferred

from ...._json_codec import Json, JsonObject
from ....protocol.calls.call import Call
from ...results import CallRefusedError
from ...workspace.context import FeatureContext
from ...workspace.mail_html import as_html, one_line
from ...workspace.send_once import digest_of

RESULT_MEMBERS = (
    "id",
    "thread_id",
    "subject",
    "to_address_email_list",
    "timestamp_email",
)


async def reply_to_email(
    context: FeatureContext, given: JsonObject, call: Call
) -> Json:
    """Send a reply from the account that received the mail.

    :raises CallRefusedError: when the recipient or the account is not the expected one.
    """
    body = _body(given["body"])
    original = await context.fetch("getEmail", {"id": given["reply_to_uuid"]}, call)
    account = _account(given.get("eaccount"), original)
    recipient = _recipient(original, account)
    _require_expected(recipient, given.get("expected_recipient"))
    request = {name: given[name] for name in given if name != "expected_recipient"}
    request |= {
        "eaccount": account,
        "body": body,
        "subject": one_line(given["subject"]),
    }

    async def described(sending: Deferred[Json]) -> JsonObject:
        reply = await sending
        facts = reply if isinstance(reply, dict) else {}
        shown = {name: facts[name] for name in RESULT_MEMBERS if facts.get(name)}
        return {"sent": True, "from": account, "to": recipient, **shown}

    def send() -> Awaitable[JsonObject]:
        return described(context.execute("replyToEmail", request, call))

    def collect() -> Awaitable[JsonObject] | None:
        left = context.collect("replyToEmail", request, call)
        return None if left is None else described(left)

    digest = digest_of(call.caller.principal, request)
    return await context.send_once.send(digest, send, collect)


def _require_expected(recipient: str, expected: Json) -> None:
    if expected and expected.strip().lower() != recipient.lower():
        raise CallRefusedError(
            "unexpected_recipient",
            f"The reply would go to {recipient or 'an unknown address'}, "
            f"not to {expected.strip()}.",
            "Check reply_to_uuid: it is the id of the mail, not of the thread.",
        )


def _body(body: JsonObject) -> JsonObject:
    """Return a body with HTML, because plain text loses its line ends in delivery."""
    text, html = str(body.get("text") or ""), str(body.get("html") or "")
    if not text.strip() and not html.strip():
        raise CallRefusedError(
            "bad_argument",
            "The reply has no text.",
            "Give body.text, body.html, or both.",
        )
    made = {"html": as_html(html if html.strip() else text)}
    return {**made, "text": text} if text.strip() else made


def _account(given: Json, original: JsonObject) -> str:
    owner = str(original.get("eaccount") or "")
    wanted = str(given or "").strip() or owner
    if owner and wanted.lower() != owner.lower():
        raise CallRefusedError(
            "wrong_sender",
            f"The mail belongs to {owner}; a reply from {wanted} breaks the thread.",
            "Leave eaccount out, or give the account that received the mail.",
        )
    if not wanted:
        raise CallRefusedError(
            "bad_argument",
            "Instantly does not say which account the mail belongs to.",
            "Give eaccount, the account that received it.",
        )
    return owner or wanted


def _recipient(original: JsonObject, account: str) -> str:
    """Return the address that gets the reply: the other party of the mail."""
    sender = str(original.get("from_address_email") or "")
    if sender and sender.lower() != account.lower():
        return sender
    return str(original.get("lead") or original.get("to_address_email_list") or "")
