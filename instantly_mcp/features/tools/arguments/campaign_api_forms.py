"""The nested settings of a campaign in the form of Instantly's API: schemas, hints."""

from __future__ import annotations

from typing import Any

from ...._json_codec import Json
from ...results import CallRefusedError
from ...workspace.dates import days_in_order
from .shared import ID
from .strict_schemas import strict_schema

SCHEDULE_HINT = (
    'Use {"schedules": [{"name", "timing": {"from": "09:00", "to": "17:00"}, '
    '"days": {"1": true, …}, "timezone"}], "start_date", "end_date"}; day 0 is Sunday.'
)
SEQUENCES_HINT = (
    'Use [{"steps": [{"type": "email", "delay", "delay_unit", "variants": [{"subject", '
    '"body"}]}]}]: one sequence, with all of its steps.'
)
RULES_HINT = (
    'Use [{"action": "send" or "do_not_send", "recipient_esp": [], "sender_esp": []}].'
)
VARIANT_CHOICE_HINT = 'Use {"trigger": "reply_rate"}.'
COMPANY_LIMIT_HINT = (
    'Use {"mode": "custom", "daily_limit", "scope"} or {"mode": "disabled"}.'
)


def _schedule_schema() -> Any:
    schema = strict_schema("patchCampaign", "campaign_schedule")
    window = schema["properties"]["schedules"]["items"]
    # Any IANA zone is allowed; it is mapped to a supported one before it is sent.
    window["properties"]["timezone"] = ID
    return schema


def _sequences_schema() -> Any:
    schema = strict_schema("patchCampaign", "sequences")
    schema |= {"minItems": 1, "maxItems": 1}
    steps = schema["items"]["properties"]["steps"]
    steps["minItems"] = 1
    steps["items"]["properties"]["variants"]["minItems"] = 1
    return schema


SCHEDULE = _schedule_schema()
SEQUENCES = _sequences_schema()
RULES = strict_schema("patchCampaign", "provider_routing_rules")
VARIANT_CHOICE = strict_schema("patchCampaign", "auto_variant_select")
COMPANY_LIMIT = strict_schema("patchCampaign", "limit_emails_per_company_override")


def schedule(value: Json) -> Json:
    """Return a schedule that can send.

    :raises CallRefusedError: when it has a window without a day, or its dates are not
        in order.
    """
    for window in value["schedules"]:
        if not any(window["days"].values()):
            raise CallRefusedError(
                "bad_argument",
                "A window of campaign_schedule has no sending day.",
                SCHEDULE_HINT,
            )
    days_in_order(value.get("start_date"), value.get("end_date"))
    return value
