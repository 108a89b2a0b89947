"""reply_to_email: read the mail, check sender and recipient, then send once."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Sequence

from twisted.internet.defer import Deferred

from ...._json_codec import Json, JsonObject, loads, repeats_keys
from ....protocol.calls.call import Call
from ...results import CallRefusedError
from ...workspace.context import FeatureContext
from ...workspace.mail.addresses import read_address, require_few
from ...workspace.mail.html import as_html, one_line
from ...workspace.mail.text import shows, text_of_html
from ...workspace.memory.send_once import digest_of
from ...workspace.reply_values import as_object

RESULT_MEMBERS = ("id", "thread_id", "subject", "timestamp_email")
COPIES = {"cc": "cc_address_email_list", "bcc": "bcc_address_email_list"}
_OBJECT = re.compile(r'\s*"?\s*\{\s*\\?["\'}]')
_HTML = re.compile(
    r"<(?:p|br|div|html|body|a|b|i|ul|ol|li|span|table)\b[^<>]*>", re.IGNORECASE
)
_TRANSLATED = {"expected_recipient", "additional_recipients", *COPIES.values()}


async def reply_to_email(
    context: FeatureContext, given: JsonObject, call: Call
) -> Json:
    """Send a reply from the account that received the mail.

    The addresses of the arguments are checked before anything is read, and that of the
    mail before anything is sent.

    :raises CallRefusedError: when the recipient or the account is not the expected one,
        when an address is not one, or when there are too many.
    """
    body = _body(given["body"])
    original = await context.fetch("getEmail", {"id": given["reply_to_uuid"]}, call)
    account = _account(given.get("eaccount"), original)
    recipients = recipients_of(original, account)
    _require_expected(recipients, given.get("expected_recipient"))
    sent_to = _all_recipients(recipients, given)
    request: JsonObject = {
        **{name: given[name] for name in given if name not in _TRANSLATED},
        **_addressed(sent_to, len(recipients)),
        "eaccount": account,
        "body": body,
        "subject": one_line(given["subject"]),
    }

    async def described(sending: Deferred[Json]) -> JsonObject:
        reply = await sending
        facts = as_object(reply)
        shown = {name: facts[name] for name in RESULT_MEMBERS if facts.get(name)}
        # What Instantly says counts, should it differ from what was expected.
        real = {"to": _split(facts.get("to_address_email_list")) or sent_to["to"]}
        return {"sent": True, "from": account, **sent_to, **real, **shown}

    def send() -> Awaitable[JsonObject]:
        return described(context.execute("replyToEmail", request, call))

    def collect() -> Awaitable[JsonObject] | None:
        left = context.collect("replyToEmail", request, call)
        return None if left is None else described(left)

    digest = digest_of(call.caller.principal, request)
    if not context.send_once.knows(digest):
        await context.agree("replyToEmail", request, call)
    return await context.send_once.send(digest, send, collect)


def _require_expected(recipients: Sequence[str], expected: Json) -> None:
    wanted = str(expected or "").strip().lower()
    if wanted and [each.lower() for each in recipients] != [wanted]:
        raise CallRefusedError(
            "unexpected_recipient",
            f"The reply would go to {', '.join(recipients)}, not to {wanted}.",
            "Check reply_to_uuid: it is the id of the mail, not of the thread.",
        )


def _all_recipients(recipients: list[str], given: JsonObject) -> dict[str, list[str]]:
    """Return the recipients of each kind, each once.

    :raises CallRefusedError: when they are too many.
    """
    found = {"to": [*recipients, *given.get("additional_recipients", ())]}
    found |= {kind: given[name] for kind, name in COPIES.items() if given.get(name)}
    seen: set[str] = set()
    for kind, addresses in found.items():
        once: dict[str, str] = {}
        for each in addresses:
            if each.lower() not in seen:
                once.setdefault(each.lower(), each)
        seen |= set(once)
        found[kind] = list(once.values())
    require_few(len(seen), "The reply")
    return {kind: found[kind] for kind in found if found[kind]}


def mail_body(value: Json) -> Json:
    """Return the body of a mail that was given as an object or as plain text.

    An object may be encoded as text, too.

    :raises CallRefusedError: for text that looks like HTML or like an object that was
        cut off: people would read its code.
    """
    if not isinstance(value, str):
        return value
    if _OBJECT.match(value):
        body = _read_object(value)
        if body is not None:
            return body
    elif not _HTML.search(value):
        return {"text": value}
    raise CallRefusedError(
        "bad_argument",
        "body is not plain text.",
        "Give an object: body.text for plain text, body.html for HTML.",
    )


def _read_object(text: str) -> Json:
    """Return the body in a text, or ``None`` if its JSON is not one."""
    try:
        data = text.encode()
        body = loads(data)
        repeats = repeats_keys(data, body)
    except ValueError:
        return None
    if repeats or not isinstance(body, dict) or not body.keys() <= {"text", "html"}:
        return None
    return body if all(isinstance(each, str) for each in body.values()) else None


def _body(body: JsonObject) -> JsonObject:
    """Return a body with HTML, because plain text loses its line ends in delivery."""
    text, html = str(body.get("text") or ""), str(body.get("html") or "")
    made = {"html": as_html(html if html.strip() else text)}
    if not shows(text_of_html(made["html"])):
        raise CallRefusedError(
            "bad_argument",
            "The reply has no text.",
            "Give body.text, body.html, or both.",
        )
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


def _addressed(sent_to: dict[str, list[str]], own: int) -> JsonObject:
    """Return the recipients as Instantly's parameters.

    :param own: how many of the first that Instantly adds by itself.
    """
    parameters: dict[str, Json] = {
        COPIES[kind]: ",".join(sent_to[kind]) for kind in COPIES if kind in sent_to
    }
    if len(sent_to["to"]) > own:
        parameters["additional_recipients"] = sent_to["to"][own:]
    return parameters


def recipients_of(original: JsonObject, account: str) -> list[str]:
    """Return the addresses that get the reply: the other party of the mail.

    :raises CallRefusedError: when the mail has no such address, or one that a mail
        program could read in another way.
    """
    sender = original.get("from_address_email") or ""
    if not sender or str(sender).lower() == account.lower():
        sender = original.get("lead") or original.get("to_address_email_list") or ""
    found = [read_address(each) for each in _split(sender)]
    checked = [each for each in found if isinstance(each, str)]
    if not checked or len(checked) < len(found):
        raise CallRefusedError(
            "bad_address",
            "The mail of reply_to_uuid has no address that a reply can be sent to.",
            "Nothing was sent. Show the user the mail with get_email.",
        )
    return checked


def _split(addresses: Json) -> list[str]:
    """Return the addresses of a list that is separated by commas."""
    return [each.strip() for each in str(addresses or "").split(",") if each.strip()]
