"""Validation of a campaign's nested settings, as update_campaign takes them."""

from __future__ import annotations

from ..._json_codec import Json
from ..results import CallRefusedError
from ..workspace.dates import days_in_order
from .arguments import ID
from .nested_arguments import NestedArgument, nested_argument, strict_schema

SCHEDULE_HINT = (
    'Use {"schedules": [{"name", "timing": {"from": "09:00", "to": "17:00"}, '
    '"days": {"1": true, …}, "timezone"}], "start_date", "end_date"}; day 0 is Sunday.'
)
SEQUENCES_HINT = (
    'Use [{"steps": [{"type": "email", "delay", "delay_unit", "variants": [{"subject", '
    '"body"}]}]}]: one sequence, with all of its steps.'
)


def _schedule() -> NestedArgument:
    schema = strict_schema("patchCampaign", "campaign_schedule")
    window = schema["properties"]["schedules"]["items"]
    # Any IANA zone is allowed; it is mapped to a supported one before it is sent.
    window["properties"]["timezone"] = ID
    return NestedArgument("campaign_schedule", schema, SCHEDULE_HINT)


def _sequences() -> NestedArgument:
    schema = strict_schema("patchCampaign", "sequences")
    schema |= {"minItems": 1, "maxItems": 1}
    steps = schema["items"]["properties"]["steps"]
    steps["minItems"] = 1
    steps["items"]["properties"]["variants"]["minItems"] = 1
    return NestedArgument("sequences", schema, SEQUENCES_HINT)


_schedule_validator = _schedule()


def schedule(value: Json) -> Json:
    """Return a valid schedule.

    :raises CallRefusedError: when it is not valid, or has a window without a day.
    """
    given = _schedule_validator(value)
    for window in given["schedules"]:
        if not any(window["days"].values()):
            raise CallRefusedError(
                "bad_argument",
                "A window of campaign_schedule has no sending day.",
                SCHEDULE_HINT,
            )
    days_in_order(given.get("start_date"), given.get("end_date"))
    return given


sequences = _sequences()
rules = nested_argument(
    "patchCampaign",
    "provider_routing_rules",
    'Use [{"action": "send" or "do_not_send", "recipient_esp": [], "sender_esp": []}].',
)
variant_choice = nested_argument(
    "patchCampaign", "auto_variant_select", 'Use {"trigger": "reply_rate"}.'
)
company_limit = nested_argument(
    "patchCampaign",
    "limit_emails_per_company_override",
    'Use {"mode": "custom", "daily_limit", "scope"} or {"mode": "disabled"}.',
)
