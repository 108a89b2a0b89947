"""Refuses to start a campaign, or to change a running one, when a check fails.

Without the second a campaign could be started with copy that is right, and then be
given copy that is not. No argument of a tool can lift a check.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import evolve

from ...._json_codec import JsonObject
from ....protocol.calls.call import Call
from ...error_hints import will_pass
from ...results import CallRefusedError, message_of
from ...workspace.context import FeatureContext
from ...workspace.fetching import gather
from ...workspace.preflight.check import Check
from ...workspace.preflight.copy import copy_checks
from ...workspace.preflight.personalization import variables_check
from ...workspace.preflight.report import SENDING
from ...workspace.preflight.survey import SAMPLE_LEADS, CampaignSurvey, surveyed

CHECKING_SECONDS = 30.0
"""Time for all reads of the checks, so that enough remains for the change itself."""

ESSENTIAL = {"leads": "leads", "senders": "sending accounts"}
"""What a check that can fail needs, by its name in the survey."""


def refuse_failed(checks: Iterable[Check], undone: str) -> None:
    """Check that no check failed.

    :param undone: a sentence: what therefore did not happen.
    :raises CallRefusedError: with each cause and its remedy.
    """
    failed = [check for check in checks if check.outcome == "fail"]
    if failed:
        raise CallRefusedError(
            "preflight_failed",
            f"{undone} " + " ".join(check.says for check in failed),
            " ".join(dict.fromkeys(check.fix for check in failed)),
            failed=[check.as_object() for check in failed],
        )


def refuse_unread(survey: CampaignSurvey, undone: str) -> None:
    """Check that nothing is unread that can be read in a minute.

    What this key may never read does not count: `not_checked` says it.

    :raises CallRefusedError: when something is.
    """
    unread = {
        what: survey.found.failures[name]
        for name, what in ESSENTIAL.items()
        if name in survey.found.failures and will_pass(survey.found.failures[name])
    }
    if unread:
        why = dict.fromkeys(message_of(error) for error in unread.values())
        raise CallRefusedError(
            "preflight_incomplete",
            f"{undone} The campaign's {' and '.join(unread)} could not be checked. "
            + " ".join(why),
            "Call again in a minute with the same arguments.",
            unknown=survey.found.unknown(),
        )


def not_checked(survey: CampaignSurvey) -> list[str]:
    """Return warnings about what could not be read, and so was not checked."""
    return [
        f"{name} not checked: {message_of(survey.found.failures[name])}"
        for name in ESSENTIAL
        if name in survey.found.failures
    ]


async def guard_running_copy(
    context: FeatureContext,
    campaign: JsonObject,
    sequences: Sequence[JsonObject],
    call: Call,
) -> list[str]:
    """Check the new copy of a campaign before it is changed.

    Only that of a running one: any other is checked when it is started.

    :param campaign: as it is.
    :returns: warnings.
    :raises CallRefusedError: when a check fails, or could not be made now.
    """
    if campaign.get("status") not in SENDING:
        return []
    asked = {"campaign": campaign.get("id"), "limit": SAMPLE_LEADS}
    found = await gather({"leads": context.execute("listLeads", asked, call)})
    survey = surveyed(context, {**campaign, "sequences": sequences}, found)
    undone = "The campaign is running, and nothing was changed."
    checks = [
        check.unless_only(survey.warn_only)
        for check in (
            *copy_checks(survey),
            *([variables_check(survey)] if survey.leads else ()),
        )
    ]
    refuse_failed(checks, undone)
    refuse_unread(survey, undone)
    doubtful = [each for each in checks if each.name == "variables"]
    said = [f"{each.name}: {each.says}" for each in doubtful if each.outcome == "warn"]
    return [*said, *not_checked(survey)]


def hurried(context: FeatureContext, call: Call) -> Call:
    """Return the call for reads, so that time remains for the change after them."""
    deadline = context.deadline(call)
    if deadline is None:
        return call
    soon = context.clock.seconds() + CHECKING_SECONDS
    return evolve(call, until=min(deadline, soon))
