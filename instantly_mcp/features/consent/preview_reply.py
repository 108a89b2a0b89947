"""The preview of a reply: from whom, to whom, and the text as it is read."""

from __future__ import annotations

from collections.abc import Sequence

from ..._json_codec import Json, JsonObject
from ...access.canonical import digest_of
from ..tools.workflows.reply import recipients_of
from ..workspace.mail_text import text_of_html
from ..workspace.reply_values import as_list, as_object
from .preview_parts import NOT_READABLE, Found, PreviewSubject, fact, known

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
        untrusted=(("Text of the reply", body_text(given.get("body"))),),
        unseen=(digest_of([answered.get("id"), answered.get("timestamp_email")]),),
        covers=_SHOWN,
    )


def body_text(body: Json) -> str:
    """Return the text of a body as its recipient reads it."""
    parts: JsonObject = as_object(body)
    html = str(parts.get("html") or "")
    return text_of_html(html) if html.strip() else str(parts.get("text") or body)


async def _original(subject: PreviewSubject) -> JsonObject | None:
    return await subject.read("getEmail", {"id": subject.arguments["reply_to_uuid"]})
