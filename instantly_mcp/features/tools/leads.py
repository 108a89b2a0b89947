"""Tools for leads."""

from __future__ import annotations

from attrs import evolve

from ..._json_codec import JsonObject
from ...catalog.codes import ENRICHMENT, ESP
from ...protocol.primitives.tool import TaskSupport
from ..workspace.labels import (
    names_and_codes,
    to_code,
)
from ..workspace.names import CAMPAIGNS, LEAD_LISTS
from ..workspace.views.leads import LEAD_VIEW, lead_summary
from .arguments.leads import (
    ESG,
    FILTER_NAMES,
    LEAD_ID,
    ONE_LEAD,
    details,
    selection,
    skips,
)
from .arguments.shared import (
    COUNT,
    DRY_RUN,
    FLAG,
    ID,
    JOB_OUTPUT,
    LIST_OUTPUT,
    TEXT,
    WAIT,
    listing,
    paging,
    reference,
    single,
)
from .declaring.argument import argument, required
from .declaring.declaration import ToolDeclaration
from .declaring.hints import (
    ADDITIVE,
    DESTRUCTIVE,
    DESTRUCTIVE_NOT_IDEMPOTENT,
    IDEMPOTENT,
    READ_ONLY,
)
from .workflows.add_leads import MAX_LEADS, add_leads
from .workflows.create_lead import create_lead
from .workflows.deletions import DELETE_LEAD
from .workflows.move_leads import move_leads
from .workflows.update_lead import update_lead


def cursor_after(lead: JsonObject, given: JsonObject) -> str | None:
    """Return the cursor after a lead: its id, or its address for distinct contacts."""
    return lead.get("email" if given.get("distinct_contacts") else "id")


TOOLS = (
    ToolDeclaration(
        name="list_leads",
        title="List leads",
        description=(
            "Find, list or search leads (prospects, people). No filter by date or "
            "lead status: use filter. Custom variables: get_lead. A search may take a "
            "minute."
        ),
        toolset="leads",
        hints=READ_ONLY,
        operation="listLeads",
        arguments=(
            *paging(),
            *selection(FILTER_NAMES),
            argument("distinct_contacts"),
            argument("is_website_visitor"),
            argument("organization_user_ids"),
            argument("smart_view_id"),
            argument(
                "enrichment_status",
                schema=names_and_codes(ENRICHMENT),
                convert=to_code(ENRICHMENT),
            ),
            ESG,
        ),
        reshape=listing(lead_summary),
        cursor_of=cursor_after,
        output=LIST_OUTPUT,
    ),
    ToolDeclaration(
        name="get_lead",
        title="Get lead",
        description=(
            "Read the details of one lead (prospect, contact) with its custom "
            "variables (payload)."
        ),
        toolset="leads",
        hints=READ_ONLY,
        operation="getLead",
        arguments=(LEAD_ID,),
        reshape=single(LEAD_VIEW),
    ),
    ToolDeclaration(
        name="create_lead",
        title="Create lead",
        description=(
            "Add one lead (prospect, person) to a campaign (needs email) or a list. An "
            "active campaign mails it. custom_variables become variables of the "
            "campaign. skip_if_in_… means any campaign or list."
        ),
        toolset="leads",
        hints=ADDITIVE,
        operation="createLead",
        also=("getCampaign",),
        work=create_lead,
        arguments=(
            reference("campaign", CAMPAIGNS, description="campaign id"),
            reference("list_id", LEAD_LISTS),
            argument("email", schema=TEXT),
            *details(TEXT),
            *skips(),
            argument("blocklist_id"),
            argument("verify_leads_for_lead_finder"),
            argument("verify_leads_on_import", description="costs credits"),
        ),
    ),
    ToolDeclaration(
        name="update_lead",
        title="Update lead",
        description=(
            "Change one lead (prospect, contact, person); only given settings change. "
            "custom_variables are merged into the existing ones."
        ),
        toolset="leads",
        hints=IDEMPOTENT,
        operation="patchLead",
        also=("getLead", "updateLeadInterestStatus"),
        changes=True,
        work=update_lead,
        arguments=(LEAD_ID, *details(TEXT)),
    ),
    ToolDeclaration(
        name="delete_lead",
        title="Delete lead",
        description=(
            "Permanently delete, remove or erase one lead (prospect, person), with its "
            "history."
        ),
        toolset="leads",
        hints=DESTRUCTIVE,
        operation="deleteLead",
        also=("getLead",),
        arguments=(LEAD_ID, DRY_RUN),
        work=DELETE_LEAD,
    ),
    ToolDeclaration(
        name="add_leads_to_campaign_or_list_bulk",
        title="Add leads in bulk",
        description=(
            "Import or upload many leads (prospects, people; a CSV, Excel file, "
            "spreadsheet) to one campaign or list. An active campaign mails them. "
            "Each needs an email, in a list an email or a name. Bad addresses and "
            "duplicates are left out and named."
        ),
        toolset="leads",
        hints=ADDITIVE,
        operation="bulkAddLeads",
        also=("getCampaign",),
        work=add_leads,
        task=TaskSupport.OPTIONAL,
        arguments=(
            required(
                "leads",
                schema={
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MAX_LEADS,
                    "items": ONE_LEAD,
                },
            ),
            reference("campaign_id", CAMPAIGNS),
            reference("list_id", LEAD_LISTS),
            argument("blocklist_id", schema=TEXT),
            argument("assigned_to"),
            argument("verify_leads_on_import", description="costs credits"),
            argument(
                "skip_incomplete",
                schema=FLAG,
                description="leave out leads without these, too",
            ),
            *skips(),
        ),
        output={"leads_uploaded": COUNT, "not_added": COUNT},
    ),
    ToolDeclaration(
        name="move_leads_to_campaign_or_list",
        title="Move or copy leads",
        description=(
            "Move (transfer) or, with copy_leads, copy the selected leads (prospects) "
            "to one campaign or list, as a background job. ids need campaign or "
            "list_id as the source."
        ),
        toolset="leads",
        hints=DESTRUCTIVE_NOT_IDEMPOTENT,
        operation="moveLeads",
        also=("getCampaign", "getBackgroundJob"),
        work=move_leads,
        arguments=(
            reference("to_campaign_id", CAMPAIGNS),
            reference("to_list_id", LEAD_LISTS),
            *selection("as in list_leads", ID),
            argument("copy_leads"),
            argument("limit", schema={"type": "integer", "minimum": 1}),
            argument("check_duplicates"),
            argument("check_duplicates_in_campaigns"),
            argument("skip_leads_in_verification"),
            argument("ignore_resource_filter_clauses"),
            argument("reset_interest_status"),
            argument("assigned_to"),
            argument(
                "esp_code",
                schema=names_and_codes(ESP),
                convert=to_code(ESP),
                unlisted=True,
            ),
            evolve(ESG, unlisted=True),
            WAIT,
        ),
        task=TaskSupport.OPTIONAL,
        output=JOB_OUTPUT,
    ),
)
