"""Campaigns: their copy, schedule and status, and why they do not send."""

from __future__ import annotations

from . import replies
from .codes import CAMPAIGN_STATUS
from .fragments import (
    BOOLEAN,
    DELETES,
    EMAIL,
    NUMBER,
    OPTIONAL_BOOLEAN,
    OPTIONAL_NUMBER,
    OPTIONAL_STRING,
    PAGE,
    STRING,
    body_of,
    in_path,
    in_query,
    list_of,
    one_of,
    record,
    scopes,
)
from .operation import ONE, READ, WRITE, WRITE_AGAIN, Effect, Operation, Risk, Through
from .timezones import TIMEZONES

_CLOCK_TIME = {
    "type": "string",
    "pattern": "^([01][0-9]|2[0-3]):([0-5][0-9])$",
}
_DATE = {"type": ["string", "null"], "format": "date"}
_DELAY_UNIT = one_of(("minutes", "hours", "days"))
_ESP_NAMES = list_of(one_of(("all", "google", "outlook", "other")))

SCHEDULE = record(
    {
        "start_date": _DATE,
        "end_date": _DATE,
        "schedules": list_of(
            record(
                {
                    "name": STRING,
                    "timing": record(
                        {"from": _CLOCK_TIME, "to": _CLOCK_TIME}, "from", "to"
                    ),
                    "days": record(dict.fromkeys("0123456", BOOLEAN), minProperties=1),
                    "timezone": one_of(TIMEZONES),
                },
                "name",
                "timing",
                "days",
                "timezone",
            ),
            minItems=1,
        ),
    },
    "schedules",
)
"""Day ``"0"`` is Sunday."""

SEQUENCES = list_of(
    record(
        {
            "steps": list_of(
                record(
                    {
                        "type": one_of(("email",)),
                        "delay": NUMBER,
                        "delay_unit": _DELAY_UNIT,
                        "pre_delay": NUMBER,
                        "pre_delay_unit": _DELAY_UNIT,
                        "variants": list_of(
                            record(
                                {
                                    "subject": STRING,
                                    "body": STRING,
                                    "v_disabled": BOOLEAN,
                                },
                                "subject",
                                "body",
                            )
                        ),
                    },
                    "type",
                    "delay",
                    "variants",
                )
            )
        },
        "steps",
    )
)
"""The API uses only the first sequence. A step's delay is the wait *before the next*
step."""

SETTINGS = {
    "name": STRING,
    "pl_value": OPTIONAL_NUMBER,
    "is_evergreen": OPTIONAL_BOOLEAN,
    "campaign_schedule": SCHEDULE,
    "sequences": SEQUENCES,
    "email_gap": OPTIONAL_NUMBER,
    "random_wait_max": OPTIONAL_NUMBER,
    "text_only": OPTIONAL_BOOLEAN,
    "first_email_text_only": OPTIONAL_BOOLEAN,
    "email_list": list_of(STRING),
    "daily_limit": OPTIONAL_NUMBER,
    "stop_on_reply": OPTIONAL_BOOLEAN,
    "email_tag_list": list_of(STRING),
    "link_tracking": OPTIONAL_BOOLEAN,
    "open_tracking": BOOLEAN,
    "stop_on_auto_reply": OPTIONAL_BOOLEAN,
    "daily_max_leads": {"type": ["integer", "null"], "minimum": 0},
    "prioritize_new_leads": OPTIONAL_BOOLEAN,
    "auto_variant_select": {
        "type": ["object", "null"],
        "properties": {"trigger": one_of(("reply_rate", "click_rate", "open_rate"))},
        "required": ("trigger",),
    },
    "match_lead_esp": OPTIONAL_BOOLEAN,
    "stop_for_company": OPTIONAL_BOOLEAN,
    "insert_unsubscribe_header": OPTIONAL_BOOLEAN,
    "allow_risky_contacts": OPTIONAL_BOOLEAN,
    "disable_bounce_protect": OPTIONAL_BOOLEAN,
    "limit_emails_per_company_override": {
        "type": ["object", "null"],
        "properties": {
            "mode": one_of(("custom", "disabled")),
            "daily_limit": {"type": "number", "minimum": 1},
            "scope": one_of(("per_campaign", "across_workspace")),
        },
        "required": ("mode",),
    },
    "cc_list": list_of(EMAIL),
    "bcc_list": list_of(EMAIL),
    "owned_by": OPTIONAL_STRING,
    "provider_routing_rules": list_of(
        record(
            {
                "action": one_of(("send", "do_not_send")),
                "recipient_esp": _ESP_NAMES,
                "sender_esp": _ESP_NAMES,
            }
        )
    ),
}

_ID = in_path("id")

REPLACES = Effect(read_only=False, idempotent=True, destructive=True)
"""A patch that replaces copy and senders: the former ones are lost."""

OPERATIONS = (
    Operation(
        id="listCampaign",
        reply=replies.CAMPAIGNS,
        method="GET",
        path="/api/v2/campaigns",
        summary="List the campaigns, page by page",
        effect=READ,
        scopes=scopes("campaigns", "read"),
        parameters=(
            *PAGE,
            in_query("search"),
            in_query("tag_ids"),
            in_query("ai_sales_agent_id"),
            in_query("status", one_of(CAMPAIGN_STATUS, "number")),
            in_query("exclude_status", one_of(CAMPAIGN_STATUS, "number")),
        ),
        first_byte_seconds=60.0,
    ),
    Operation(
        id="getCampaign",
        reply=replies.ONE_CAMPAIGN,
        method="GET",
        path="/api/v2/campaigns/{id}",
        summary="Read one campaign with its copy and settings",
        effect=READ,
        scopes=scopes("campaigns", "read"),
        parameters=(_ID,),
    ),
    Operation(
        id="createCampaign",
        reply=replies.CREATED,
        method="POST",
        path="/api/v2/campaigns",
        summary="Create a campaign as a draft",
        effect=WRITE,
        risks_of={"cc_list": Risk.REDIRECTS, "bcc_list": Risk.REDIRECTS},
        scopes=scopes("campaigns", "create"),
        parameters=body_of(
            {**SETTINGS, "ai_sdr_id": OPTIONAL_STRING}, "name", "campaign_schedule"
        ),
    ),
    Operation(
        id="patchCampaign",
        reply=replies.WRITTEN,
        method="PATCH",
        path="/api/v2/campaigns/{id}",
        summary="Change a campaign; a running one changes at once",
        effect=REPLACES,
        risks_of={"cc_list": Risk.REDIRECTS, "bcc_list": Risk.REDIRECTS},
        sends_if_active=Through("campaign", "id"),
        scopes=scopes("campaigns", "update"),
        parameters=(_ID, *body_of(SETTINGS)),
    ),
    Operation(
        id="deleteCampaign",
        reply=replies.WRITTEN,
        method="DELETE",
        path="/api/v2/campaigns/{id}",
        summary="Delete a campaign permanently",
        effect=DELETES,
        risks={Risk.DESTRUCTIVE},
        amounts={"deletions": ONE},
        scopes=scopes("campaigns", "delete"),
        parameters=(_ID,),
    ),
    Operation(
        id="activateCampaign",
        reply=replies.WRITTEN,
        method="POST",
        path="/api/v2/campaigns/{id}/activate",
        summary="Start a campaign: it begins to send real mail",
        effect=WRITE_AGAIN,
        risks={Risk.SENDS},
        amounts={"activations": ONE},
        scopes=scopes("campaigns", "update"),
        parameters=(_ID,),
    ),
    Operation(
        id="pauseCampaign",
        reply=replies.WRITTEN,
        method="POST",
        path="/api/v2/campaigns/{id}/pause",
        summary="Stop a campaign from sending",
        effect=WRITE_AGAIN,
        stops=True,
        scopes=scopes("campaigns", "update"),
        parameters=(_ID,),
    ),
    Operation(
        id="searchByContact",
        reply=replies.CAMPAIGNS,
        method="GET",
        path="/api/v2/campaigns/search-by-contact",
        summary="Find the campaigns that contain a lead's address",
        effect=READ,
        scopes=scopes("campaigns", "read"),
        parameters=(
            in_query("search"),
            in_query("sort_column"),
            in_query("sort_order"),
        ),
    ),
    Operation(
        id="getCampaignSendingStatus",
        reply=replies.SENDING_STATUS,
        method="GET",
        path="/api/v2/campaigns/{id}/sending-status",
        summary="Return why a campaign does not send, or sends slowly",
        effect=READ,
        scopes=scopes("campaigns", "read"),
        parameters=(in_query("with_ai_summary", BOOLEAN), _ID),
        first_byte_seconds=60.0,
    ),
)
