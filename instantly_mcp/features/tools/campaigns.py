"""Tools for campaigns."""

from __future__ import annotations

from ..._json_codec import Json, JsonObject
from ...catalog.codes import CAMPAIGN_STATUS
from ..workspace.campaigns.sending_status import campaign_sending_status
from ..workspace.conversions import visible_name
from ..workspace.labels import names_and_codes, to_code
from ..workspace.names import CAMPAIGNS
from ..workspace.reply_values import as_object
from ..workspace.views.campaigns import CAMPAIGN_VIEW, campaign_brief, campaign_summary
from .arguments import campaigns as campaign_arguments
from .arguments.identifiers import known_address
from .arguments.shared import (
    CAMPAIGN_OUTPUT,
    DRY_RUN,
    FLAG,
    LIST_OUTPUT,
    NAME,
    TEXT,
    by_id,
    comma_separated,
    id_of,
    listing,
    paging,
    single,
)
from .declaring.argument import argument, required
from .declaring.declaration import PREVIEW_CARD, ToolDeclaration
from .declaring.hints import ADDITIVE, DESTRUCTIVE, IDEMPOTENT, READ_ONLY
from .workflows.activate_campaign import activate_campaign
from .workflows.create_campaign import DEFAULTS, create_campaign
from .workflows.deletions import DELETE_CAMPAIGN
from .workflows.update_campaign import update_campaign

STATUS = names_and_codes(CAMPAIGN_STATUS)
CAMPAIGN_ID = id_of("campaign_id", refers_to=CAMPAIGNS)


def stopped(reply: Json, given: JsonObject) -> JsonObject:
    """Return the campaign that was stopped."""
    facts = as_object(reply)
    return {"campaign": {**campaign_brief(facts), "id": given["id"]}}


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
            required("name", schema=NAME, convert=visible_name),
            *campaign_arguments.for_create(DEFAULTS),
            argument(
                "dry_run",
                schema=FLAG,
                description="only check and show what would be created",
            ),
        ),
    ),
    ToolDeclaration(
        name="list_campaigns",
        title="List campaigns",
        description=(
            "Show or find campaigns (sequences) with settings, without their copy (see "
            "get_campaign). For running or paused ones filter by status, not by search."
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
            comma_separated("tag_ids"),
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
            "Change or edit a campaign (sequence): text, days, hours, limits, add "
            "senders. Only what is given changes: subject and body are the first "
            "mail's; steps and email_list (senders) are replaced as a whole. A running "
            "campaign changes at once."
        ),
        toolset="campaigns",
        hints=DESTRUCTIVE,
        operation="patchCampaign",
        also=("getCampaign", "listLeads"),
        changes=True,
        work=update_campaign,
        arguments=(
            CAMPAIGN_ID,
            argument("name", schema=NAME, convert=visible_name),
            *campaign_arguments.for_update(),
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
        card=PREVIEW_CARD,
        arguments=(
            CAMPAIGN_ID,
            argument("dry_run", schema=FLAG, description="only report the checks"),
        ),
        output=CAMPAIGN_OUTPUT,
    ),
    ToolDeclaration(
        name="pause_campaign",
        title="Pause campaign",
        description="Stop or halt a campaign (sequence); activate_campaign resumes it.",
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
        arguments=(
            id_of("contact_email", to="search", convert=known_address("contact_email")),
        ),
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
        also=("getCampaign",),
        work=campaign_sending_status,
        arguments=(CAMPAIGN_ID, argument("with_ai_summary")),
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
        also=("getCampaign", "getCampaignAnalytics"),
        arguments=(CAMPAIGN_ID, DRY_RUN),
        work=DELETE_CAMPAIGN,
        extra=True,
    ),
)
