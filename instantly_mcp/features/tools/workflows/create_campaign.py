"""create_campaign: check copy, senders and schedule, then create one draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from ...._json_codec import Json, JsonObject
from ....catalog.codes import CAMPAIGN_STATUS
from ....protocol.calls.call import Call
from ...workspace.campaign_copy import remarks, sequence_of, steps_given
from ...workspace.context import FeatureContext
from ...workspace.dates import days_in_order
from ...workspace.labels import labelled
from ...workspace.senders import offer_choice, require_senders
from ...workspace.timezones import MappedWindow

WEEK = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")

DEFAULTS: Mapping[str, Json] = {
    "timezone": "America/Chicago",
    "timing_from": "09:00",
    "timing_to": "17:00",
    "days": list(WEEK[1:6]),
    "daily_limit": 30,
    "email_gap": 10,
    "open_tracking": False,
    "link_tracking": False,
    "stop_on_reply": True,
    "stop_on_auto_reply": True,
}

TOOL_ARGUMENTS = {"open_tracking": "track_opens", "link_tracking": "track_clicks"}
"""The tool's argument names, where the API's name differs."""

UNCHANGED_SETTINGS = (
    "daily_limit",
    "email_gap",
    "open_tracking",
    "link_tracking",
    "stop_on_reply",
    "stop_on_auto_reply",
    "text_only",
)
"""Settings that are sent unchanged."""

_identified = labelled({"status": CAMPAIGN_STATUS})


async def create_campaign(
    context: FeatureContext, given: JsonObject, call: Call
) -> Json:
    """Create a draft, return a preview (``dry_run``), or return senders to choose."""
    steps = steps_given(given)
    days_in_order(given.get("start_date"), given.get("end_date"))
    settled = {**DEFAULTS, **{k: v for k, v in given.items() if v is not None}}
    window = context.timezones.map_window(
        settled["timezone"], settled["timing_from"], settled["timing_to"]
    )
    if not given.get("email_list"):
        return await offer_choice(context, call)
    wanted = [address.strip() for address in given["email_list"]]
    senders = await require_senders(context, call, wanted)
    payload = {
        "name": given["name"],
        "campaign_schedule": _schedule(settled, window),
        "sequences": sequence_of(steps),
        "email_list": senders,
        **{name: settled[name] for name in UNCHANGED_SETTINGS if name in settled},
    }
    report = _report(given, window, [*remarks(steps), *_over(context, given)])
    if given.get("dry_run"):
        return {"stage": "preview", "would_create": payload, **report}
    campaign = await context.fetch("createCampaign", payload, call)
    return {
        "stage": "created",
        "campaign": brief(campaign),
        "senders": len(senders),
        "steps": len(steps),
        **report,
        "next": "It is a draft. Add leads; then activate_campaign starts sending.",
    }


def brief(campaign: JsonObject) -> JsonObject:
    """Return id, name and status of a campaign, not what the caller just wrote."""
    return _identified(
        {name: campaign.get(name) for name in ("id", "name", "status")},
    )


def _schedule(settled: JsonObject, window: MappedWindow) -> JsonObject:
    wanted = {str(day).lower() for day in settled["days"]}
    schedule: dict[str, Json] = {
        "schedules": [
            {
                "name": "Sending window",
                "timing": {"from": window.start, "to": window.end},
                "days": {str(n): day in wanted for n, day in enumerate(WEEK)},
                "timezone": window.used,
            }
        ]
    }
    for name in ("start_date", "end_date"):
        if settled.get(name):
            schedule[name] = settled[name]
    return schedule


def _over(context: FeatureContext, given: JsonObject) -> list[str]:
    end = given.get("end_date")
    if not end or date.fromisoformat(end) >= context.today():
        return []
    return [f"end_date {end} is in the past: the campaign will send nothing."]


def _report(
    given: JsonObject, window: MappedWindow, remarks: Sequence[str]
) -> JsonObject:
    applied = {
        TOOL_ARGUMENTS.get(name, name): value
        for name, value in DEFAULTS.items()
        if name not in given
    }
    report: dict[str, Json] = {
        "timezone": window.as_object(),
        "defaults_applied": applied,
    }
    if remarks:
        report["remarks"] = list(remarks)
    return report
