"""The prompts morning_inbox and reply_triage: unread mail, and one thread."""

from __future__ import annotations

from ..._json_codec import JsonObject
from ...protocol.calls.call import Call
from ...protocol.wire.errors import invalid_params
from ..untrusted.marking import quoted, quoted_line
from ..workspace.context import FeatureContext
from ..workspace.fetching import Gathered, gather
from ..workspace.mail.html import one_line
from ..workspace.mail.text import unquoted_text
from ..workspace.mail.threads import (
    MAX_LISTED,
    MAX_TEXT_CHARACTERS,
    mails_of,
    newest_of_threads,
)
from ..workspace.views.emails import EMAIL_PREVIEW
from ..workspace.views.leads import LEAD_VIEW
from .rendering import (
    ASK_FIRST,
    Given,
    as_json,
    message,
    not_known,
    numbered,
    section,
)
from .steps import INBOX, TRIAGE, steps_for

DEFAULT_THREADS = 20
MAX_THREADS = 50
PREVIEW_CHARACTERS = 300
MAX_MAILS_SHOWN = 15
"""Most mails of a thread that are shown; older ones are left out."""

LEAD_FIELDS = (
    "id",
    "email",
    "first_name",
    "last_name",
    "company_name",
    "job_title",
    "campaign",
    "status_label",
    "lt_interest_status_label",
    "timestamp_last_contact",
    "timestamp_last_reply",
)


async def morning_inbox(context: FeatureContext, given: Given, call: Call) -> str:
    """Write the unread mails: one count, one list."""
    limit = _limit(given.get("limit", ""))
    # Instantly's own latest_of_thread leaves out unread mail that was answered.
    asked = {
        "limit": min(2 * limit, MAX_LISTED),
        "is_unread": True,
        "preview_only": True,
        "email_type": "received",
    }
    found = await gather(
        {
            "mails": context.execute("listEmail", asked, call),
            "count": context.execute("countUnreadEmails", {}, call),
        }
    )
    if not found.has("mails"):
        raise found.failures["mails"]
    mails = newest_of_threads(found.items("mails"))[:limit]
    return message(
        "Go through my unread mail with me.",
        section("Known", _counted(found, mails), "Previews only, newest first."),
        section("Mail", *map(_row, mails)) if mails else "",
        not_known(found.unknown()),
        section(
            "What to do",
            numbered(steps_for(context, call, INBOX)),
        )
        if mails
        else "There is nothing unread. Say so, and stop.",
        ASK_FIRST,
    )


async def reply_triage(context: FeatureContext, given: Given, call: Call) -> str:
    """Write a thread, its lead and its campaign, for one reply."""
    thread_id = given["thread"].strip().removeprefix("instantly://threads/")
    if not thread_id:
        raise invalid_params("Name the thread by its thread_id")
    mails, older = await mails_of(context, thread_id, call)
    last = mails[-1]
    around = await _around(context, last, call)
    shown = mails[-MAX_MAILS_SHOWN:]
    left_out = older or len(shown) < len(mails)
    received = [mail for mail in mails if mail.get("ue_type") == 2]
    answered = received[-1] if received else last
    return message(
        "Help me decide how to reply in this thread, and draft the reply.",
        section(
            "Known",
            f"- Thread {thread_id}: {len(mails)} mails"
            + (", older ones are left out." if left_out else "."),
            f"- The last mail is {'theirs' if last in received else 'ours'}. The last "
            f"one received has id {answered.get('id')}, in the mailbox "
            f"{answered.get('eaccount')}.",
            "- It may be an automatic reply." if answered.get("is_auto_reply") else "",
            _campaign_line(around),
        ),
        section(
            "The lead, and the mails, oldest first",
            _lead_line(around),
            *map(_mail, shown),
        ),
        not_known(around.unknown()),
        section(
            "What to do",
            numbered(steps_for(context, call, TRIAGE, answered=_named(answered))),
        ),
        ASK_FIRST,
    )


def _limit(text: str) -> int:
    if not text.strip():
        return DEFAULT_THREADS
    if not text.strip().isdecimal() or not 1 <= int(text) <= MAX_THREADS:
        raise invalid_params(f"limit is a number from 1 to {MAX_THREADS}")
    return int(text)


def _counted(found: Gathered, mails: list[JsonObject]) -> str:
    count = found.object("count").get("count")
    total = f" of {count} unread (automatic mail included)" if count is not None else ""
    return f"- {len(mails)} threads are shown{total}."


def _row(mail: JsonObject) -> str:
    brief = EMAIL_PREVIEW(mail)
    facts = {
        name: brief[name]
        for name in ("id", "thread_id", "eaccount", "timestamp_email", "is_auto_reply")
        if brief.get(name)
    }
    return f"{as_json(facts)}\n{_letter(mail, PREVIEW_CHARACTERS)}"


def _mail(mail: JsonObject) -> str:
    brief = EMAIL_PREVIEW(mail)
    at, kind = quoted_line(mail.get("timestamp_email")), brief.get("ue_type_label")
    return f"### {at} {kind or 'mail'}\n{_letter(mail, MAX_TEXT_CHARACTERS)}"


def _letter(mail: JsonObject, longest: int) -> str:
    """Return sender, subject and text of a mail, marked as untrusted."""
    subject = one_line(str(mail.get("subject") or ""))
    head = f"From: {mail.get('from_address_email')}\nSubject: {subject}\n"
    return quoted(f"{head}\n{unquoted_text(mail)}", longest)


async def _around(context: FeatureContext, mail: JsonObject, call: Call) -> Gathered:
    """Read the lead and the campaign of a mail, if it has them."""
    works = {}
    if mail.get("lead_id"):
        id = str(mail["lead_id"])
        works["lead"] = context.execute("getLead", {"id": id}, call)
    if mail.get("campaign_id"):
        id = str(mail["campaign_id"])
        works["campaign"] = context.execute("getCampaign", {"id": id}, call)
    return await gather(works)


def _campaign_line(around: Gathered) -> str:
    if not around.has("campaign"):
        return ""
    campaign = around.object("campaign")
    return f'- Campaign "{quoted_line(campaign.get("name"))}" ({campaign.get("id")}).'


def _lead_line(around: Gathered) -> str:
    if not around.has("lead"):
        return ""
    lead = LEAD_VIEW(around.object("lead"))
    shown = {name: lead[name] for name in LEAD_FIELDS if lead.get(name) is not None}
    return f"### The lead\n{quoted(_plain(shown))}"


def _plain(facts: JsonObject) -> str:
    return "; ".join(f"{name} {one_line(str(facts[name]))}" for name in facts)


def _named(answered: JsonObject) -> str:
    return f"reply_to_uuid {answered.get('id')}, eaccount {answered.get('eaccount')}"
