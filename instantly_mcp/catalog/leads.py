"""Leads: the people to whom campaigns send mail."""

from __future__ import annotations

from . import replies
from .codes import ENRICHMENT, ESG_FILTERS, ESP, INTEREST
from .fragments import (
    BOOLEAN,
    DELETES,
    EMAIL,
    NUMBER,
    OPTIONAL_NUMBER,
    OPTIONAL_STRING,
    STRING,
    body_of,
    in_path,
    list_of,
    one_of,
    record,
    scopes,
)
from .operation import (
    ONE,
    READ,
    WRITE,
    WRITE_AGAIN,
    Amount,
    Effect,
    Operation,
    Risk,
    Through,
)

CUSTOM_VARIABLES = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}

DETAILS = {
    "personalization": OPTIONAL_STRING,
    "website": OPTIONAL_STRING,
    "last_name": OPTIONAL_STRING,
    "first_name": OPTIONAL_STRING,
    "company_name": OPTIONAL_STRING,
    "job_title": OPTIONAL_STRING,
    "phone": OPTIONAL_STRING,
    "lt_interest_status": one_of(INTEREST, "number"),
    "pl_value_lead": OPTIONAL_STRING,
    "assigned_to": OPTIONAL_STRING,
    "custom_variables": CUSTOM_VARIABLES,
}

_QUERY = record(
    {
        "actionType": one_of(
            (
                "reply",
                "email-open",
                "last-contacted",
                "link-click",
                "lead-status",
                "lead-status-change",
            )
        ),
        "values": record(
            {
                "occurrence-days": NUMBER,
                "occurrence-count": record(
                    {
                        "condition": one_of(("more", "less", "equal")),
                        "count": NUMBER,
                    }
                ),
                "lead-status": record(
                    {"status": NUMBER, "condition": one_of(("is", "is-not"))}
                ),
            }
        ),
    },
    "actionType",
    "values",
)

SELECTION = {
    "search": STRING,
    "filter": STRING,
    "campaign": STRING,
    "list_id": STRING,
    "in_campaign": BOOLEAN,
    "in_list": BOOLEAN,
    "ids": list_of(STRING),
    "queries": list_of(_QUERY),
    "excluded_ids": list_of(STRING),
    "contacts": list_of(EMAIL),
}
"""How leads are selected, both to list and to move them."""

_SKIPS = {
    "skip_if_in_workspace": BOOLEAN,
    "skip_if_in_campaign": BOOLEAN,
    "skip_if_in_list": BOOLEAN,
}
"""Each means *any* campaign or list of the workspace, not the one added to."""

_ID = in_path("id")

LEAVES_ITS_PLACE = Effect(read_only=False, idempotent=False, destructive=True)

OPERATIONS = (
    Operation(
        id="listLeads",
        reply=replies.LEADS,
        method="POST",
        path="/api/v2/leads/list",
        summary="List and search leads, page by page",
        effect=READ,
        scopes=scopes("leads", "read"),
        parameters=body_of(
            {
                **SELECTION,
                "limit": {"type": "integer", "minimum": 1, "maximum": 100},
                "starting_after": STRING,
                "organization_user_ids": list_of(STRING),
                "smart_view_id": STRING,
                "is_website_visitor": BOOLEAN,
                "distinct_contacts": BOOLEAN,
                "enrichment_status": one_of(ENRICHMENT, "number"),
                "esg_code": one_of(ESG_FILTERS),
            }
        ),
        first_byte_seconds=120.0,
    ),
    Operation(
        id="getLead",
        reply=replies.ONE_LEAD,
        method="GET",
        path="/api/v2/leads/{id}",
        summary="Read one lead",
        effect=READ,
        scopes=scopes("leads", "read"),
        parameters=(_ID,),
    ),
    Operation(
        id="createLead",
        reply=replies.CREATED,
        method="POST",
        path="/api/v2/leads",
        summary="Create one lead in a campaign or a list",
        effect=WRITE,
        risks_of={
            "verify_leads_on_import": Risk.SPENDS,
            "verify_leads_for_lead_finder": Risk.SPENDS,
        },
        sends_if_active=Through("campaign", "campaign"),
        spends_if_enriching="list_id",
        amounts={
            "leads": ONE,
            "credits": Amount(
                when=("verify_leads_on_import", "verify_leads_for_lead_finder")
            ),
        },
        scopes=scopes("leads", "create"),
        parameters=body_of(
            {
                "campaign": OPTIONAL_STRING,
                "email": OPTIONAL_STRING,
                **DETAILS,
                "list_id": OPTIONAL_STRING,
                **_SKIPS,
                "blocklist_id": STRING,
                "verify_leads_for_lead_finder": BOOLEAN,
                "verify_leads_on_import": BOOLEAN,
            }
        ),
    ),
    Operation(
        id="patchLead",
        reply=replies.WRITTEN,
        method="PATCH",
        path="/api/v2/leads/{id}",
        summary="Change one lead",
        effect=WRITE_AGAIN,
        sends_if_active=Through("lead", "id"),
        scopes=scopes("leads", "update"),
        parameters=(_ID, *body_of(DETAILS)),
    ),
    Operation(
        id="updateLeadInterestStatus",
        reply=replies.WRITTEN,
        method="POST",
        path="/api/v2/leads/update-interest-status",
        summary="Start to set or reset the interest status of a lead",
        effect=WRITE_AGAIN,
        # The status can start a subsequence of the campaign.
        sends_if_active=Through("campaign", "campaign_id"),
        scopes=scopes("leads", "update"),
        parameters=body_of(
            {
                "lead_email": STRING,
                "interest_value": OPTIONAL_NUMBER,
                "campaign_id": STRING,
                "list_id": STRING,
                "ai_interest_value": NUMBER,
                "disable_auto_interest": BOOLEAN,
            },
            "lead_email",
            "interest_value",
        ),
    ),
    Operation(
        id="deleteLead",
        reply=replies.WRITTEN,
        method="DELETE",
        path="/api/v2/leads/{id}",
        summary="Delete one lead permanently",
        effect=DELETES,
        risks={Risk.DESTRUCTIVE},
        amounts={"deletions": ONE},
        scopes=scopes("leads", "delete"),
        parameters=(_ID,),
    ),
    Operation(
        id="bulkAddLeads",
        reply=replies.ADDED,
        method="POST",
        path="/api/v2/leads/add",
        summary="Add up to 1000 leads to a campaign or a list",
        effect=WRITE,
        risks_of={"verify_leads_on_import": Risk.SPENDS},
        sends_if_active=Through("campaign", "campaign_id"),
        spends_if_enriching="list_id",
        amounts={
            "leads": Amount(items_of=("leads",)),
            "credits": Amount(items_of=("leads",), when=("verify_leads_on_import",)),
        },
        scopes=scopes("leads", "create"),
        parameters=body_of(
            {
                "campaign_id": STRING,
                "list_id": STRING,
                "leads": list_of(
                    record(
                        {"email": OPTIONAL_STRING, **DETAILS},
                        additionalProperties=False,
                    ),
                    minItems=1,
                    maxItems=1000,
                ),
                "blocklist_id": OPTIONAL_STRING,
                "assigned_to": STRING,
                "verify_leads_on_import": BOOLEAN,
                **_SKIPS,
            },
            "leads",
        ),
        first_byte_seconds=120.0,
    ),
    Operation(
        id="moveLeads",
        reply=replies.ONE_JOB,
        method="POST",
        path="/api/v2/leads/move",
        summary="Start a job that moves or copies leads",
        effect=LEAVES_ITS_PLACE,
        sends_if_active=Through("campaign", "to_campaign_id"),
        spends_if_enriching="to_list_id",
        amounts={"leads": Amount(items_of=("ids",), value_of="limit")},
        scopes=scopes("leads", "update"),
        parameters=body_of(
            {
                **SELECTION,
                "to_campaign_id": STRING,
                "to_list_id": STRING,
                "ignore_resource_filter_clauses": BOOLEAN,
                "check_duplicates_in_campaigns": BOOLEAN,
                "skip_leads_in_verification": BOOLEAN,
                "limit": NUMBER,
                "assigned_to": STRING,
                "esp_code": one_of(ESP, "number"),
                "esg_code": one_of(ESG_FILTERS),
                "copy_leads": BOOLEAN,
                "check_duplicates": BOOLEAN,
                "reset_interest_status": BOOLEAN,
            }
        ),
        first_byte_seconds=60.0,
    ),
)
