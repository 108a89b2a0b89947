"""Tools for the inbox, and for the verification of addresses."""

from __future__ import annotations

from ..._json_codec import Json, JsonObject
from ...protocol.calls.call import Call
from ...protocol.primitives.tool import TaskSupport
from ..workspace.context import FeatureContext
from ..workspace.conversions import end_of_day
from ..workspace.job_following import MAX_WAIT_SECONDS
from ..workspace.labels import to_interest
from ..workspace.mail.text import text_of_mail
from ..workspace.names import ACCOUNTS, CAMPAIGNS, LEAD_LISTS
from ..workspace.views.emails import EMAIL_VIEW
from .arguments.shared import (
    FLAG,
    ID,
    LIST_OUTPUT,
    TEXT,
    TEXTS,
    addresses_of,
    comma_separated,
    id_of,
    paging,
    reference,
)
from .declaring.argument import Argument, argument, assumed, required
from .declaring.declaration import PREVIEW_CARD, ToolDeclaration
from .declaring.hints import ADDITIVE, DESTRUCTIVE_NOT_IDEMPOTENT, IDEMPOTENT, READ_ONLY
from .workflows.list_emails import (
    ALL,
    RECEIVED,
    cursor_after,
    list_emails,
)
from .workflows.reply import mail_body, reply_to_email
from .workflows.verify_email import verify_email

EMAIL_TYPES = (RECEIVED, "sent", "manual", ALL)
MODES = ("focused", "others", "all")


BODY: JsonObject = {
    "type": "object",
    "properties": {"text": TEXT, "html": TEXT},
    "additionalProperties": False,
}


def to_mode(value: Json) -> Json:
    """Return the API's name of an inbox mode: ``focused`` is ``emode_focused``."""
    return "emode_" + str(value).removeprefix("emode_")


async def get_email(context: FeatureContext, given: JsonObject, call: Call) -> Json:
    """Read a mail as text; its HTML only on request."""
    mail = EMAIL_VIEW(await context.fetch("getEmail", {"id": given["id"]}, call))
    if given.get("include_html") or not isinstance(mail.get("body"), dict):
        return mail
    return {**mail, "body": {"text": text_of_mail(mail)}}


def marked(reply: Json, given: JsonObject) -> JsonObject:
    """Return which thread is marked; the API client raises a reported failure."""
    return {"thread_id": given["thread_id"], "marked_as_read": True}


def unread(reply: Json, given: JsonObject) -> JsonObject:
    """Return the count and what it includes."""
    count = reply.get("count") if isinstance(reply, dict) else None
    return {"unread_count": count, "includes": "automatic replies too"}


def copies(name: str, description: str = "") -> Argument:
    """Declare the addresses that get a copy; a list is accepted as well."""
    return argument(
        name,
        schema={"type": ["string", "array"], "items": TEXT},
        listed=TEXT,
        description=description,
        convert=addresses_of(name),
    )


TOOLS = (
    ToolDeclaration(
        name="list_emails",
        title="List emails",
        description=(
            "Show the inbox (unibox): replies and messages that leads wrote back, "
            "newest first, a line for each thread. search takes a lead's address or "
            "thread:<thread_id> (all its mail). Full text: get_email. At most 20 calls "
            "a minute."
        ),
        toolset="emails",
        hints=READ_ONLY,
        operation="listEmail",
        work=list_emails,
        cursor_of=cursor_after,
        output=LIST_OUTPUT,
        arguments=(
            *paging(20),
            argument("search"),
            reference("campaign_id", CAMPAIGNS),
            reference("list_id", LEAD_LISTS),
            argument(
                "i_status",
                schema={"type": ["string", "integer"]},
                description="interest, as a name or number",
                convert=to_interest,
            ),
            comma_separated("eaccount", refers_to=ACCOUNTS),
            argument("is_unread"),
            argument("has_reminder"),
            argument(
                "mode",
                schema={"enum": [*MODES, *map(to_mode, MODES)]},
                listed={"type": "string", "enum": [*MODES]},
                convert=to_mode,
            ),
            argument("unread_first", schema=FLAG),
            assumed("preview_only", True),
            argument("latest_of_thread", schema=FLAG),
            argument("sort_order"),
            argument("scheduled_only"),
            argument("assigned_to"),
            argument("lead", description="address"),
            argument("company_domain"),
            argument("marked_as_done"),
            argument("email_type", schema={"enum": [*EMAIL_TYPES]}),
            argument("min_timestamp_created", description="date or ISO time"),
            argument("max_timestamp_created", convert=end_of_day),
        ),
    ),
    ToolDeclaration(
        name="get_email",
        title="Get email",
        description="Read one mail (message) in full, as text.",
        toolset="emails",
        hints=READ_ONLY,
        operation="getEmail",
        work=get_email,
        arguments=(id_of("email_id"), argument("include_html", schema=FLAG)),
    ),
    ToolDeclaration(
        name="reply_to_email",
        title="Reply to email",
        description=(
            "Send a reply, respond, write back: real mail, at once, from the account "
            "that got the mail. Show the user recipient and text first. "
            "expected_recipient protects from the wrong thread."
        ),
        toolset="emails",
        hints=DESTRUCTIVE_NOT_IDEMPOTENT,
        operation="replyToEmail",
        also=("getEmail",),
        work=reply_to_email,
        card=PREVIEW_CARD,
        arguments=(
            id_of(
                "reply_to_uuid",
                to="reply_to_uuid",
                description="id of the mail answered",
            ),
            required("subject"),
            required(
                "body",
                schema={"anyOf": [BODY, {"type": "string", "pattern": "\\S"}]},
                listed=BODY,
                convert=mail_body,
            ),
            argument("eaccount"),
            argument("expected_recipient", schema=ID),
            argument(
                "additional_recipients",
                schema=TEXTS,
                convert=addresses_of("additional_recipients"),
            ),
            copies("cc_address_email_list", description="comma-separated"),
            copies("bcc_address_email_list"),
            argument("reminder_ts", schema=TEXT, description="ISO time"),
            argument("assigned_to"),
        ),
    ),
    ToolDeclaration(
        name="count_unread_emails",
        title="Count unread emails",
        description="Count the unread mail (messages), automatic replies included.",
        toolset="emails",
        hints=READ_ONLY,
        operation="countUnreadEmails",
        reshape=unread,
    ),
    ToolDeclaration(
        name="mark_thread_as_read",
        title="Mark thread as read",
        description="Mark all mail of a thread (conversation) as read.",
        toolset="emails",
        hints=IDEMPOTENT,
        operation="markThreadAsRead",
        reshape=marked,
        arguments=(id_of("thread_id", to="thread_id"),),
    ),
    ToolDeclaration(
        name="verify_email",
        title="Verify email address",
        description=(
            "Check whether an address (mailbox) is valid and can receive mail. Costs a "
            "credit. If it is still pending, call again with check_only, which is "
            "free. list_id verifies a whole list: the first call only says the price."
        ),
        toolset="emails",
        hints=ADDITIVE,
        operation="createEmailVerification",
        also=(
            *("checkVerificationStatus", "getLeadList", "getVerificationStats"),
            *("getEnrichmentForResource", "createSuperSearchEnrichment"),
            "getWorkspacePlanDetails",
        ),
        work=verify_email,
        card=PREVIEW_CARD,
        task=TaskSupport.OPTIONAL,
        arguments=(
            argument("email", schema=ID),
            reference("list_id", LEAD_LISTS),
            argument(
                "agreed_credits",
                schema={"type": "integer", "minimum": 1},
                description="the price of the list, once the user agrees",
            ),
            argument(
                "check_only", schema=FLAG, description="only read the status, free"
            ),
            argument(
                "max_wait_seconds",
                schema={"type": "integer", "minimum": 0, "maximum": MAX_WAIT_SECONDS},
                default=MAX_WAIT_SECONDS,
            ),
        ),
        output={"verification_status": TEXT, "finished": FLAG},
    ),
)
