"""Makes the e-mail objects that ``GET /emails`` returns: templates, threads, outbox.

``sending`` and ``reactions`` decide when and to whom mail is sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

from attrs import frozen

from .ids import random_bytes
from .records import Account, ApiObject, Lead, MailType
from .world import World

# The repeated part of a pattern must not match the character that begins the pattern.
# Otherwise a text of many beginnings without an end takes quadratic time.
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*(?:\|[^{}]*)?\}\}")
_BREAK = re.compile(r"<br\s*/?>|</p>\s*<p[^<>]*>|</div>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]+>")
_INHERITED = ("campaign_id", "list_id", "lead", "lead_id", "thread_id")
"""Fields that a reply has in common with the mail that it replies to."""
PREVIEW_CHARACTERS = 120


@frozen(kw_only=True)
class MailContent:
    """The subject and the body of a mail."""

    subject: str
    text: str
    html: str

    @classmethod
    def plain(cls, subject: str, text: str) -> MailContent:
        """Return the content of a mail without markup other than line breaks."""
        return cls(subject=subject, text=text, html=text.replace("\n", "<br/>"))


def text_of(html: str) -> str:
    """Return the plain text of a mail body."""
    return unescape(_TAG.sub("", _BREAK.sub("\n", html))).strip()


def fill(template: str, values: ApiObject) -> str:
    """Replace variables such as ``{{firstName}}``; an unknown one becomes empty."""

    def value_of(found: re.Match[str]) -> str:
        value = values.get(found[1])
        return "" if value is None else str(value)

    return _PLACEHOLDER.sub(value_of, template)


def variables_of(lead: Lead, sender: Account) -> ApiObject:
    """Return the variables that a campaign's templates can use."""
    return {
        **(lead.shown.get("payload") or {}),
        "email": lead.shown.get("email"),
        "accountSignature": sender.shown.get("signature"),
        "sendingAccountFirstName": sender.shown["first_name"],
    }


def reply_subject(subject: str) -> str:
    """Return the subject of a reply."""
    return subject if subject[:3].lower() == "re:" else f"Re: {subject}"


def campaign_mail(
    world: World,
    lead: Lead,
    sender: Account,
    content: MailContent,
    step: tuple[int, int],
) -> ApiObject:
    """Add a mail that a campaign sends to a lead.

    :param step: the indices of the step and of the variant, from 0.
    """
    mail = _new_mail(world, sender.email, content, MailType.CAMPAIGN)
    lead.thread = lead.thread or world.new_id()
    mail["campaign_id"] = lead.shown["campaign"]
    mail["list_id"] = lead.shown.get("list_id")
    mail["lead"] = lead.shown["email"]
    mail["lead_id"] = lead.id
    mail["thread_id"] = lead.thread
    mail["from_address_email"] = sender.email
    mail["to_address_email_list"] = lead.shown["email"]
    mail["step"] = f"0_{step[0]}_{step[1]}"
    world.add_email(mail)
    add_to_outbox(world, mail, "campaign")
    return mail


def received_mail(
    world: World,
    answered: ApiObject,
    content: MailContent,
    *,
    automatic: bool,
    interest: int,
) -> ApiObject:
    """Add a lead's reply to a mail of a campaign."""
    mail = _new_mail(world, answered["eaccount"], content, MailType.RECEIVED)
    mail.update({name: answered.get(name) for name in _INHERITED})
    mail["from_address_email"] = answered["lead"]
    mail["to_address_email_list"] = answered["eaccount"]
    mail["step"] = answered["step"]
    mail["is_unread"] = 1
    mail["is_auto_reply"] = int(automatic)
    mail["is_focused"] = int(not automatic)
    mail["i_status"] = interest
    mail["ai_interest_value"] = 0.9 if interest > 0 else 0.1
    world.add_email(mail)
    return mail


def manual_mail(
    world: World,
    answered: ApiObject,
    eaccount: str,
    content: MailContent,
    to: Sequence[str],
) -> ApiObject:
    """Return a reply that a user of the workspace writes, without adding it."""
    mail = _new_mail(world, eaccount, content, MailType.MANUAL)
    mail.update({name: answered.get(name) for name in _INHERITED})
    mail["i_status"] = answered.get("i_status")
    mail["from_address_email"] = eaccount
    mail["to_address_email_list"] = ",".join(to)
    return mail


def add_to_outbox(world: World, mail: ApiObject, kind: str) -> None:
    """Put a mail into the outbox in place of sending it."""
    if not world.live:
        return
    named = ("campaign_id", "lead", "thread_id", "subject", "body")
    entry: ApiObject = {
        "email_id": mail["id"],
        "kind": kind,
        "at": mail["timestamp_email"],
        "from": mail["from_address_email"],
        "to": mail["to_address_email_list"].split(","),
        "cc": _split(mail.get("cc_address_email_list")),
        "bcc": _split(mail.get("bcc_address_email_list")),
        **{name: mail.get(name) for name in named},
    }
    world.outbox.append(entry)


def _split(addresses: str | None) -> list[str]:
    return [one.strip() for one in (addresses or "").split(",") if one.strip()]


def _new_mail(
    world: World, eaccount: str, content: MailContent, kind: int
) -> ApiObject:
    id = world.new_id()
    domain = eaccount.partition("@")[2]
    stamp = world.timestamp()
    return {
        "id": id,
        "timestamp_created": stamp,
        "timestamp_email": stamp,
        "message_id": f"<{random_bytes(world.seed, id).hex()}@{domain}>",
        "subject": content.subject,
        "from_address_email": None,
        "to_address_email_list": "",
        "body": {"text": content.text, "html": content.html},
        "organization_id": world.id,
        "campaign_id": None,
        "subsequence_id": None,
        "eaccount": eaccount,
        "ue_type": kind,
        "is_unread": 0,
        "is_auto_reply": 0,
        "is_focused": 1,
        "content_preview": content.text[:PREVIEW_CHARACTERS].replace("\n", " "),
    }
