"""Leads, accounts, threads and jobs as resources."""

from __future__ import annotations

from ..._json_codec import Json, JsonObject
from ...protocol.calls.call import Call
from ..untrusted.cleaning import cleaned
from ..workspace.context import FeatureContext, Values
from ..workspace.jobs import started
from ..workspace.mail.text import unquoted_text
from ..workspace.mail.threads import MAX_TEXT_CHARACTERS, mails_of
from ..workspace.senders import obstacle
from ..workspace.views.accounts import ACCOUNT_VIEW
from ..workspace.views.emails import EMAIL_PREVIEW
from ..workspace.views.leads import LEAD_VIEW

MAIL_MEMBERS = (
    "id",
    "timestamp_email",
    "ue_type_label",
    "from_address_email",
    "to_address_email_list",
    "cc_address_email_list",
    "eaccount",
    "is_unread",
    "is_auto_reply",
    "i_status",
    "i_status_label",
)


async def lead(context: FeatureContext, values: Values, call: Call) -> Json:
    """Read a lead."""
    return {
        "lead": LEAD_VIEW(await context.fetch("getLead", {"id": values["id"]}, call))
    }


async def account(context: FeatureContext, values: Values, call: Call) -> Json:
    """Read a sending account, and whether it can send."""
    found = await context.fetch("getAccount", {"email": values["email"]}, call)
    why = obstacle(found)
    result: dict[str, Json] = {"account": ACCOUNT_VIEW(found), "can_send": not why}
    if why:
        result["because"] = why
    return result


async def job(context: FeatureContext, values: Values, call: Call) -> Json:
    """Read a background job; its subscribers are notified of a change."""
    reply = await context.execute("getBackgroundJob", {"id": values["id"]}, call)
    context.job_changes.record(reply, call.caller.principal)
    return started(reply, values)


async def thread(context: FeatureContext, values: Values, call: Call) -> Json:
    """Read a thread, oldest mail first."""
    mails, more = await mails_of(context, values["thread_id"], call)
    return {
        "thread_id": values["thread_id"],
        "subject": mails[-1].get("subject"),
        "mails": [mail_view(mail) for mail in mails],
        "older_not_shown": more,
    }


def mail_view(mail: JsonObject) -> JsonObject:
    """Return a mail without quoted mails."""
    brief = EMAIL_PREVIEW(mail)
    shown = {name: brief[name] for name in MAIL_MEMBERS if name in brief}
    text = cleaned(unquoted_text(mail), MAX_TEXT_CHARACTERS)
    return {**shown, "subject": mail.get("subject"), "text": text}
