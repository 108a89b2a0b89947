"""activate_campaign: check the campaign, and start it only if no check fails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import evolve

from ...._json_codec import Json, JsonObject
from ....api.errors import ApiError
from ....protocol.calls.call import Call
from ...error_hints import will_pass
from ...results import CallRefusedError, message_of
from ...workspace.context import FeatureContext
from ...workspace.preflight.check import Check
from ...workspace.preflight.report import checks_of, reported
from ...workspace.preflight.survey import CampaignSurvey, survey_campaign
from .create_campaign import brief
from .warnings import with_warnings

CHECKING_SECONDS = 30.0
"""Time for all reads of the checks, so that enough remains to start the campaign."""

ESSENTIAL = {"leads": "leads", "senders": "sending accounts"}
"""What a check that can fail needs, by its name in the survey."""


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
    survey = await _surveyed(context, str(given["id"]), call)
    checks = list(checks_of(survey))
    if given.get("dry_run"):
        return {"stage": "dry_run", **reported(survey, checks)}
    _refuse_failed([check for check in checks if check.outcome == "fail"])
    _refuse_unread(survey)
    campaign = await context.fetch("activateCampaign", {"id": given["id"]}, call)
    started: dict[str, Json] = {"campaign": {"id": given["id"], **brief(campaign)}}
    return with_warnings({**started, **_facts(checks)}, _warnings(survey, checks))


async def _surveyed(context: FeatureContext, id: str, call: Call) -> CampaignSurvey:
    deadline = context.deadline(call)
    if deadline is not None:
        soon = context.clock.seconds() + CHECKING_SECONDS
        call = evolve(call, until=min(deadline, soon))
    return await survey_campaign(context, id, call, diagnosis=False)


def _refuse_failed(failed: Sequence[Check]) -> None:
    if not failed:
        return
    raise CallRefusedError(
        "preflight_failed",
        "Nothing was started. " + " ".join(check.says for check in failed),
        " ".join(dict.fromkeys(check.fix for check in failed)),
        failed=[check.as_object() for check in failed],
    )


def _refuse_unread(survey: CampaignSurvey) -> None:
    unread = {
        what: survey.found.failures[name]
        for name, what in ESSENTIAL.items()
        if name in survey.found.failures and will_pass(survey.found.failures[name])
    }
    if not unread:
        return
    raise CallRefusedError(
        "preflight_incomplete",
        f"Nothing was started: the campaign's {' and '.join(unread)} could not be "
        f"checked. {_why(unread.values())}",
        "Call again in a minute with the same arguments.",
        unknown=survey.found.unknown(),
    )


def _why(errors: Iterable[ApiError]) -> str:
    return " ".join(dict.fromkeys(message_of(error) for error in errors))


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
    unread = [each for each in ESSENTIAL if each in survey.found.failures]
    return found + [
        f"{name} not checked: {survey.found.failures[name].message}" for name in unread
    ]
