"""Leads, accounts, threads and jobs as resources."""

from __future__ import annotations

from ..._json_codec import Json, JsonObject
from ...protocol.calls.call import Call
from ..workspace.context import FeatureContext, Values
from ..workspace.jobs import started
from ..workspace.senders import obstacle
from ..workspace.threads import mails_of
from ..workspace.untrusted_text import (
    UNTRUSTED_NOTICE,
    UntrustedMarks,
    cleaned_deeply,
    in_one_line,
    unquoted_text,
)
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
    """Read a lead; its fields are untrusted text."""
    found = await context.fetch("getLead", {"id": values["id"]}, call)
    return {"lead": cleaned_deeply(LEAD_VIEW(found)), "untrusted": UNTRUSTED_NOTICE}


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
    """Read a thread, oldest mail first, with its texts marked as untrusted."""
    mails, more = await mails_of(context, values["thread_id"], call)
    marks = UntrustedMarks()
    return {
        "thread_id": values["thread_id"],
        "subject": in_one_line(mails[-1].get("subject")),
        "untrusted": marks.notice,
        "mails": [mail_view(mail, marks) for mail in mails],
        "older_not_shown": more,
    }


def mail_view(mail: JsonObject, marks: UntrustedMarks) -> JsonObject:
    """Return a mail without quoted mails, its text marked as untrusted."""
    brief = EMAIL_PREVIEW(mail)
    shown = {name: brief[name] for name in MAIL_MEMBERS if name in brief}
    subject = in_one_line(mail.get("subject"))
    return {**shown, "subject": subject, "text": marks.around(unquoted_text(mail))}
