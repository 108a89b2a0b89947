"""Tools for campaigns."""

from __future__ import annotations

from ..._json_codec import Json, JsonObject
from ...catalog.codes import CAMPAIGN_STATUS
from ..workspace.conversions import comma_list
from ..workspace.labels import names_and_codes, to_code
from ..workspace.names import ACCOUNTS, CAMPAIGNS
from ..workspace.sending_status import sending_status
from ..workspace.views.campaigns import CAMPAIGN_VIEW, campaign_summary
from . import campaign_arguments
from .arguments import (
    CAMPAIGN_OUTPUT,
    FLAG,
    LIST_OUTPUT,
    NAME,
    TEXT,
    by_id,
    deleted,
    id_of,
    listing,
    paging,
    single,
)
from .declaration import ToolDeclaration, argument, assumed, required
from .hints import ADDITIVE, DESTRUCTIVE, IDEMPOTENT, READ_ONLY
from .workflows.activate_campaign import activate_campaign
from .workflows.create_campaign import DEFAULTS, WEEK, brief, create_campaign
from .workflows.update_campaign import update_campaign

STATUS = names_and_codes(CAMPAIGN_STATUS)
CAMPAIGN_ID = id_of("campaign_id", refers_to=CAMPAIGNS)
GAP = {"type": "integer", "minimum": 1, "maximum": 1440}
CLOCK_TIME = {"type": "string", "pattern": "^([01]\\d|2[0-3]):[0-5]\\d$"}
VARIANT_FIELDS = {"subject": TEXT, "body": TEXT}

STEPS: JsonObject = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "properties": {
            **VARIANT_FIELDS,
            "variants": {
                "type": "array",
                "description": "A/B alternatives",
                "items": {
                    "type": "object",
                    "properties": VARIANT_FIELDS,
                    "required": ["body"],
                    "additionalProperties": False,
                },
            },
            "wait": {
                "type": "number",
                "minimum": 0,
                "description": "before this step, default 3",
            },
            "wait_unit": {"enum": ["days", "hours", "minutes"]},
        },
        "required": ["body"],
        "additionalProperties": False,
    },
}


def stopped(reply: Json, given: JsonObject) -> JsonObject:
    """Return the campaign that was stopped."""
    facts = reply if isinstance(reply, dict) else {}
    return {"campaign": {**brief(facts), "id": given["id"]}}


TOOLS = (
    ToolDeclaration(
        name="create_campaign",
        title="Create campaign",
        description=(
            "Create a campaign (sequence, cold outreach, drip) as a draft; nothing is "
            "sent. Copy: subject and body, or steps. Text becomes HTML paragraphs. "
            "Without email_list it returns the accounts to choose from. Any IANA "
            "timezone; the result says which zone is used."
        ),
        toolset="campaigns",
        hints=ADDITIVE,
        operation="createCampaign",
        also=("listAccount",),
        work=create_campaign,
        output=CAMPAIGN_OUTPUT,
        arguments=(
            required("name", schema=NAME),
            argument("subject", schema=TEXT),
            argument("body", schema=TEXT),
            argument(
                "steps",
                schema=STEPS,
                description=(
                    "whole sequence; an empty follow-up subject joins the thread"
                ),
            ),
            argument("email_list", description="sending accounts", refers_to=ACCOUNTS),
            assumed("timezone", DEFAULTS["timezone"], schema=TEXT),
            assumed("timing_from", DEFAULTS["timing_from"], schema=CLOCK_TIME),
            assumed("timing_to", DEFAULTS["timing_to"], schema=CLOCK_TIME),
            argument(
                "days",
                schema={"type": "array", "minItems": 1, "items": {"enum": [*WEEK]}},
                description="default Monday to Friday",
            ),
            argument("start_date", schema=TEXT, description="YYYY-MM-DD"),
            argument("end_date", schema=TEXT),
            assumed("daily_limit", 30, schema={"type": "integer", "minimum": 1}),
            assumed("email_gap", 10, schema=GAP, description="minutes"),
            assumed("track_opens", False, to="open_tracking"),
            assumed("track_clicks", False, to="link_tracking", schema=FLAG),
            assumed("stop_on_reply", True, schema=FLAG),
            assumed("stop_on_auto_reply", True, schema=FLAG),
            argument("text_only", schema=FLAG),
            argument(
                "dry_run", schema=FLAG, description="only show what would be created"
            ),
        ),
    ),
    ToolDeclaration(
        name="list_campaigns",
        title="List campaigns",
        description=(
            "Show or find campaigns (sequences) with status and settings, without "
            "their copy (see get_campaign). Filter by status, not by search, to find "
            "running ones."
        ),
        toolset="campaigns",
        hints=READ_ONLY,
        operation="listCampaign",
        arguments=(
            *paging(),
            argument("search", description="part of the name"),
            argument("status", schema=STATUS, convert=to_code(CAMPAIGN_STATUS)),
            argument(
                "exclude_status",
                schema=STATUS,
                convert=to_code(CAMPAIGN_STATUS),
            ),
            argument("tag_ids", description="comma-separated", convert=comma_list),
        ),
        reshape=listing(campaign_summary),
        cursor_of=by_id,
        output=LIST_OUTPUT,
    ),
    ToolDeclaration(
        name="get_campaign",
        title="Get campaign",
        description=(
            "Read one campaign (sequence): copy with its subject lines, schedule, "
            "senders and settings."
        ),
        toolset="campaigns",
        hints=READ_ONLY,
        operation="getCampaign",
        arguments=(CAMPAIGN_ID,),
        reshape=single(CAMPAIGN_VIEW),
    ),
    ToolDeclaration(
        name="update_campaign",
        title="Update campaign",
        description=(
            "Change or edit a campaign (sequence): text, senders, limits. Only given "
            "settings change, but email_list (senders), sequences and "
            "campaign_schedule are replaced as a whole. A running campaign changes at "
            "once. Null resets."
        ),
        toolset="campaigns",
        hints=DESTRUCTIVE,
        operation="patchCampaign",
        changes=True,
        work=update_campaign,
        arguments=(
            CAMPAIGN_ID,
            argument("name", schema=NAME),
            argument("pl_value"),
            argument("is_evergreen"),
            argument(
                "campaign_schedule",
                schema={"type": "object"},
                description=(
                    '{schedules:[{name,timing:{from,to},days:{"0".."6"},timezone}],'
                    "start_date,end_date}; day 0 is Sunday, any IANA timezone"
                ),
                convert=campaign_arguments.schedule,
                unlisted=True,
            ),
            argument(
                "sequences",
                schema={"type": "array", "items": {"type": "object"}},
                description=(
                    "[{steps:[{type:'email',delay,delay_unit,variants:[{subject,body}]"
                    "}]}]; delay is the wait before the next step"
                ),
                convert=campaign_arguments.sequences,
                unlisted=True,
            ),
            argument("email_gap"),
            argument("random_wait_max"),
            argument("text_only"),
            argument("first_email_text_only"),
            argument("email_list", refers_to=ACCOUNTS),
            argument("daily_limit"),
            argument("stop_on_reply"),
            argument("email_tag_list"),
            argument("link_tracking"),
            argument("open_tracking"),
            argument("stop_on_auto_reply"),
            argument("daily_max_leads"),
            argument("prioritize_new_leads"),
            argument("auto_variant_select", convert=campaign_arguments.variant_choice),
            argument("match_lead_esp"),
            argument("stop_for_company"),
            argument("insert_unsubscribe_header"),
            argument("allow_risky_contacts"),
            argument("disable_bounce_protect"),
            argument(
                "limit_emails_per_company_override",
                convert=campaign_arguments.company_limit,
            ),
            argument("cc_list", schema={"type": "array", "items": TEXT}),
            argument("bcc_list", schema={"type": "array", "items": TEXT}),
            argument("owned_by"),
            argument(
                "provider_routing_rules",
                schema={"type": "array", "items": {"type": "object"}},
                description=(
                    "[{action:'send'|'do_not_send',recipient_esp:[],sender_esp:[]}]"
                ),
                convert=campaign_arguments.rules,
                unlisted=True,
            ),
        ),
    ),
    ToolDeclaration(
        name="activate_campaign",
        title="Activate campaign",
        description=(
            "Launch, start, resume, unpause or turn on a campaign (sequence): it sends "
            "real mail to real people. Show the user the copy, senders and number of "
            "leads first. Refused while copy, leads, senders or schedule are not ready."
        ),
        toolset="campaigns",
        hints=DESTRUCTIVE,
        operation="activateCampaign",
        also=("getCampaign", "listLeads", "getCampaignAnalytics", "listAccount"),
        work=activate_campaign,
        arguments=(
            CAMPAIGN_ID,
            argument("dry_run", schema=FLAG, description="only report the checks"),
        ),
        output=CAMPAIGN_OUTPUT,
    ),
    ToolDeclaration(
        name="pause_campaign",
        title="Pause campaign",
        description="Stop or hold a campaign (sequence); activate_campaign resumes it.",
        toolset="campaigns",
        hints=IDEMPOTENT,
        operation="pauseCampaign",
        arguments=(CAMPAIGN_ID,),
        reshape=stopped,
    ),
    ToolDeclaration(
        name="search_campaigns_by_contact",
        title="Find a contact's campaigns",
        description=(
            "List the campaigns (sequences) that contain a lead (prospect) with this "
            "address."
        ),
        toolset="campaigns",
        hints=READ_ONLY,
        operation="searchByContact",
        arguments=(id_of("contact_email", to="search"),),
        reshape=listing(campaign_summary),
        output=LIST_OUTPUT,
    ),
    ToolDeclaration(
        name="get_campaign_sending_status",
        title="Why is it not sending?",
        description=(
            "Tell whether a campaign (sequence) is sending, and if nothing goes out, "
            "what is wrong."
        ),
        toolset="campaigns",
        hints=READ_ONLY,
        operation="getCampaignSendingStatus",
        arguments=(CAMPAIGN_ID, argument("with_ai_summary")),
        reshape=sending_status,
        output={"status": TEXT, "meaning": TEXT},
    ),
    ToolDeclaration(
        name="delete_campaign",
        title="Delete campaign",
        description=(
            "Permanently delete a campaign, with its statistics. pause_campaign can be "
            "undone."
        ),
        toolset="campaigns",
        hints=DESTRUCTIVE,
        operation="deleteCampaign",
        arguments=(CAMPAIGN_ID,),
        reshape=deleted("id"),
        extra=True,
    ),
)
