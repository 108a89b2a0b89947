"""The preview of a reply: from whom, to whom, and the text as it is read."""

from __future__ import annotations

from collections.abc import Sequence

from ...._json_codec import JsonObject
from ....access.canonical import digest_of
from ...tools.workflows.reply import recipients_of
from ...workspace.reply_values import as_list
from .mail import mail_facts
from .parts import NOT_READABLE, Found, PreviewSubject, fact, known

_SHOWN = frozenset(
    {"body", "subject", "eaccount", "reply_to_uuid", "expected_recipient"}
    | {"additional_recipients", "cc_address_email_list", "bcc_address_email_list"}
)


async def recipients(subject: PreviewSubject) -> Sequence[str]:
    """Return the people to whom a reply goes by itself; no one if unreadable."""
    original = await _original(subject)
    if original is None:
        return ()
    return recipients_of(original, str(subject.arguments.get("eaccount") or ""))


async def build_reply(subject: PreviewSubject) -> Found:
    """Find what a reply sends."""
    given = subject.arguments
    original = await _original(subject)
    account = str(given.get("eaccount") or "")
    to = [NOT_READABLE] if original is None else recipients_of(original, account)
    to = [*to, *map(str, as_list(given.get("additional_recipients")))]
    answered = original or {}
    return Found(
        title="Send a reply.",
        facts=(
            fact("From", account),
            fact("To", ", ".join(to)),
            *known(
                ("Copy to", given.get("cc_address_email_list")),
                ("Blind copy to", given.get("bcc_address_email_list")),
                ("Subject", given.get("subject")),
                ("In answer to", answered.get("subject")),
            ),
        ),
        untrusted=tuple(mail_facts("Text of the reply", given.get("body"))),
        unseen=(digest_of([answered.get("id"), answered.get("timestamp_email")]),),
        covers=_SHOWN,
    )


async def _original(subject: PreviewSubject) -> JsonObject | None:
    return await subject.read("getEmail", {"id": subject.arguments["reply_to_uuid"]})
