"""create_campaign: check copy, senders and schedule, then create one draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from ...._json_codec import Json, JsonObject
from ....protocol.calls.call import Call
from ...workspace.campaigns.copy import formatted, remarks, sequence_of, steps_given
from ...workspace.campaigns.old_sequences import with_steps
from ...workspace.campaigns.schedule import (
    WINDOW_DEFAULTS,
    PlacedSchedule,
    new_schedule,
    placed_schedule,
)
from ...workspace.campaigns.sequences import steps_of
from ...workspace.context import FeatureContext
from ...workspace.fetching import Gathered
from ...workspace.preflight.check import verdict
from ...workspace.preflight.personalization import steps_with_variables
from ...workspace.preflight.report import draft_checks
from ...workspace.preflight.survey import surveyed
from ...workspace.senders import (
    offer_choice,
    require_senders,
    require_tagged_senders,
)
from ...workspace.views.campaigns import campaign_brief
from .campaign_forms import TOOL_ARGUMENTS, only_one_form, without_forms

SETTING_DEFAULTS: Mapping[str, Json] = {
    "daily_limit": 30,
    "email_gap": 10,
    "open_tracking": False,
    "link_tracking": False,
    "stop_on_reply": True,
    "stop_on_auto_reply": True,
}
DEFAULTS: Mapping[str, Json] = {**WINDOW_DEFAULTS, **SETTING_DEFAULTS}


async def create_campaign(
    context: FeatureContext, given: JsonObject, call: Call
) -> Json:
    """Create a draft, return a preview (``dry_run``), or return senders to choose.

    :raises ApiError: when the accounts cannot be read, or the campaign not be created.
    :raises CallRefusedError: when copy, schedule or senders are missing or not valid.
    """
    given = with_steps(given)
    only_one_form(given)
    sequences, notes = _sequences(given)
    placed = _schedule(context, given)
    if not given.get("email_list") and not given.get("email_tag_list"):
        return await offer_choice(context, call)
    senders = await _senders(context, given, call)
    payload = {
        **SETTING_DEFAULTS,
        **without_forms(given),
        "campaign_schedule": placed.schedule,
        "sequences": sequences,
    }
    if given.get("email_list"):
        payload["email_list"] = [str(account["email"]) for account in senders]
    report = _report(given, placed, [*notes, *_over(context, placed)])
    if given.get("dry_run"):
        checked = _checked(context, payload, senders)
        return {"stage": "preview", "would_create": payload, **checked, **report}
    campaign = await context.fetch("createCampaign", payload, call)
    return {
        "stage": "created",
        "campaign": campaign_brief(campaign),
        "senders": len(senders),
        "steps": len(steps_of(payload)),
        **report,
        "next": "It is a draft. Add leads; then activate_campaign starts sending.",
    }


def _sequences(given: JsonObject) -> tuple[Json, list[str]]:
    """Return the sequences, and remarks about their copy."""
    if "sequences" in given:
        return formatted(given["sequences"]), []
    steps = steps_given(given)
    return sequence_of(steps), remarks(steps)


def _schedule(context: FeatureContext, given: JsonObject) -> PlacedSchedule:
    if "campaign_schedule" in given:
        return placed_schedule(context.timezones, given["campaign_schedule"])
    return new_schedule(context.timezones, {**WINDOW_DEFAULTS, **given})


async def _senders(
    context: FeatureContext, given: JsonObject, call: Call
) -> list[JsonObject]:
    if given.get("email_list"):
        wanted = [address.strip() for address in given["email_list"]]
        return await require_senders(context, call, wanted)
    return await require_tagged_senders(context, call, given["email_tag_list"])


def _over(context: FeatureContext, placed: PlacedSchedule) -> list[str]:
    end = placed.schedule.get("end_date")
    if not end or date.fromisoformat(end) >= context.today():
        return []
    return [f"end_date {end} is in the past: the campaign will send nothing."]


def _checked(
    context: FeatureContext, payload: JsonObject, senders: Sequence[JsonObject]
) -> JsonObject:
    """Return the checks of a campaign that does not exist yet, and their verdict."""
    found = Gathered({"senders": {"items": list(senders), "complete": True}}, {})
    checks = list(draft_checks(surveyed(context, payload, found)))
    return {
        "verdict": verdict(checks),
        "checks": [check.as_object() for check in checks],
        "variables_in_steps": steps_with_variables(payload),
        "note": "activate_campaign with dry_run checks leads and variables.",
    }


def _report(
    given: JsonObject, placed: PlacedSchedule, remarks: Sequence[str]
) -> JsonObject:
    unsaid = SETTING_DEFAULTS if "campaign_schedule" in given else DEFAULTS
    applied = {
        TOOL_ARGUMENTS.get(name, name): value
        for name, value in unsaid.items()
        if name not in given
    }
    report: dict[str, Json] = {
        **placed.as_object(),
        "defaults_applied": applied,
    }
    if remarks:
        report["remarks"] = list(remarks)
    return report
