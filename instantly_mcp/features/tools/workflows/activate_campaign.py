"""activate_campaign: check the campaign, and start it only if no check fails."""

from __future__ import annotations

from collections.abc import Sequence

from ...._json_codec import Json, JsonObject
from ....protocol.calls.call import Call
from ...workspace.context import FeatureContext
from ...workspace.preflight.check import Check
from ...workspace.preflight.report import checks_of, reported
from ...workspace.preflight.survey import CampaignSurvey, survey_campaign
from ...workspace.views.campaigns import campaign_brief
from .preflight_guard import hurried, not_checked, refuse_failed, refuse_unread
from .warnings import with_warnings

UNDONE = "Nothing was started."


async def activate_campaign(
    context: FeatureContext, given: JsonObject, call: Call
) -> Json:
    """Start or resume a campaign; with ``dry_run`` only report the checks.

    A check that fails prevents the start. So does a part that could not be read for a
    reason that passes, such as a time-out. A part that this key may never read does
    not: the result then warns that it was not checked.

    :raises ApiError: when the campaign cannot be read, or not be started.
    :raises CallRefusedError: when a check failed, or could not be made now.
    """
    survey = await survey_campaign(
        context, str(given["id"]), hurried(context, call), diagnosis=False
    )
    checks = list(checks_of(survey))
    if given.get("dry_run"):
        return {"stage": "dry_run", **reported(survey, checks)}
    refuse_failed(checks, UNDONE)
    refuse_unread(survey, UNDONE)
    campaign = await context.fetch("activateCampaign", {"id": given["id"]}, call)
    started: dict[str, Json] = {
        "campaign": {"id": given["id"], **campaign_brief(campaign)}
    }
    return with_warnings({**started, **_facts(checks)}, _warnings(survey, checks))


def _facts(checks: Sequence[Check]) -> JsonObject:
    """Return what starts: the number of leads, mails a day, and the next window."""
    facts = {check.name: check.facts for check in checks}
    window = facts.get("schedule", {}).get("next_window") or {}
    known = {
        "leads": facts.get("leads", {}).get("leads"),
        "senders": facts.get("senders", {}).get("able"),
        "mails_a_day": facts.get("volume", {}).get("mails_a_day"),
        "sends_from": window.get("there"),
    }
    return {name: value for name, value in known.items() if value is not None}


def _warnings(survey: CampaignSurvey, checks: Sequence[Check]) -> list[str]:
    found = [
        f"{check.name}: {check.says}"
        for check in checks
        if check.outcome in ("warn", "unknown")
    ]
    return [*found, *not_checked(survey)]
