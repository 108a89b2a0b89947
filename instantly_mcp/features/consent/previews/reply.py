"""The preview of a reply: from whom, to whom, and the text as it is read."""

from __future__ import annotations

from ....access.canonical import digest_of
from ...tools.workflows.reply import recipients_of
from ...workspace.reply_values import as_list
from ..assessment.redirects import original_of
from ..assessment.subject import NOT_READABLE, WriteSubject
from .mail import mail_facts
from .parts import Found, fact, known

_SHOWN = frozenset(
    {"body", "subject", "eaccount", "reply_to_uuid", "expected_recipient"}
    | {"additional_recipients", "cc_address_email_list", "bcc_address_email_list"}
)


async def build_reply(subject: WriteSubject) -> Found:
    """Find what a reply sends."""
    given = subject.arguments
    original = await original_of(subject)
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
