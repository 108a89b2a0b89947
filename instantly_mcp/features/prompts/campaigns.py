"""The prompts launch_preflight and why_not_sending."""

from __future__ import annotations

from ...protocol.calls.call import Call
from ...protocol.wire.errors import invalid_params
from ..untrusted.marking import quoted_line
from ..workspace.campaigns.sending_status import sending_status, with_next_window
from ..workspace.campaigns.sending_windows import zone_named
from ..workspace.context import FeatureContext
from ..workspace.names import CAMPAIGNS
from ..workspace.preflight.audience import audience_checks
from ..workspace.preflight.check import Check, verdict
from ..workspace.preflight.report import checks_of, status_of
from ..workspace.preflight.schedule import schedule_checks
from ..workspace.preflight.senders import sender_checks
from ..workspace.preflight.survey import CampaignSurvey, survey_campaign
from .rendering import (
    ASK_FIRST,
    Given,
    as_json,
    look_up,
    message,
    not_known,
    numbered,
    section,
)
from .steps import LAUNCH, NOT_SENDING, steps_for


async def launch_preflight(context: FeatureContext, given: Given, call: Call) -> str:
    """Write the checks before a launch, and what to do next."""
    zone = given.get("timezone") or None
    if zone is not None and zone_named(zone) is None:
        said = f"{zone[:60]!r} is not a time zone"
        raise invalid_params(said, {"use": "IANA names"})
    survey = await look_up(context, CAMPAIGNS, given["campaign"], survey_campaign, call)
    checks = list(checks_of(survey, zone))
    return message(
        f"Help me decide whether to launch the campaign {_title(survey)}. These checks "
        "were just made; nothing was started.",
        section(f"Verdict: {verdict(checks)}", *(each.as_line() for each in checks)),
        _facts(checks),
        not_known(survey.found.unknown()),
        section(
            "What to do",
            numbered(
                steps_for(
                    context,
                    call,
                    LAUNCH,
                    campaign=f"campaign_id {survey.campaign.get('id')}",
                )
            ),
        ),
        ASK_FIRST,
    )


async def why_not_sending(context: FeatureContext, given: Given, call: Call) -> str:
    """Write why a campaign does not send, and how to fix it."""
    survey = await look_up(context, CAMPAIGNS, given["campaign"], survey_campaign, call)
    diagnosis = with_next_window(
        sending_status(survey.sending, {"id": survey.campaign.get("id")}),
        survey.campaign,
        survey.now,
    )
    checks = [
        *sender_checks(survey),
        *audience_checks(survey),
        *schedule_checks(survey),
    ]
    suspects = [check for check in checks if check.outcome != "ok"]
    fine = [check.name for check in checks if check.outcome == "ok"]
    return message(
        f"Why does the campaign {_title(survey)} not send, or send slowly?",
        section(
            "Known",
            f"- Status: {status_of(survey.campaign)}.",
            f"- Instantly's diagnosis: {diagnosis['status']}. {diagnosis['meaning']}"
            if survey.found.has("sending")
            else "",
            *(check.as_line() for check in suspects),
            f"- Checks that pass: {', '.join(fine)}." if fine else "",
        ),
        _facts(suspects),
        section("Instantly's diagnosis", as_json(diagnosis)) if survey.sending else "",
        not_known(survey.found.unknown()),
        section(
            "What to do",
            numbered(steps_for(context, call, NOT_SENDING)),
        ),
        ASK_FIRST,
    )


def _title(survey: CampaignSurvey) -> str:
    name = quoted_line(survey.campaign.get("name"))
    return f'"{name}" ({survey.campaign.get("id")})'


def _facts(checks: list[Check]) -> str:
    facts = {check.name: check.facts for check in checks if check.facts}
    return section("Facts", as_json(facts)) if facts else ""
