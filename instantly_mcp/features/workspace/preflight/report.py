"""``instantly://campaigns/{id}/preflight``: all checks and their verdict."""

from __future__ import annotations

from collections.abc import Iterator

from ...._json_codec import Json, JsonObject
from ....catalog.codes import CAMPAIGN_STATUS
from ....protocol.calls.call import Call
from ..campaigns.sending_status import sending_status
from ..context import FeatureContext, Values
from .audience import audience_checks
from .check import Check, verdict
from .copy import copy_checks
from .schedule import schedule_checks
from .senders import sender_checks
from .survey import CampaignSurvey, survey_campaign

STARTABLE = frozenset({0, 2})
"""The status codes draft and paused."""

SENDING = frozenset({1, 4})
SUSPENDED = -99


async def preflight(context: FeatureContext, values: Values, call: Call) -> Json:
    """Check a campaign without changing it."""
    survey = await survey_campaign(context, values["id"], call)
    return reported(survey, list(checks_of(survey)))


def checks_of(survey: CampaignSurvey, zone: str | None = None) -> Iterator[Check]:
    """Yield all checks, in the order in which a person would make them.

    :param zone: an IANA zone in which the next sending window is given, too.
    """
    for check in _all_checks(survey, zone):
        yield check.unless_only(survey.warn_only)


def _all_checks(survey: CampaignSurvey, zone: str | None) -> Iterator[Check]:
    yield _status(survey)
    yield from sender_checks(survey)
    yield from audience_checks(survey)
    yield from copy_checks(survey)
    yield from schedule_checks(survey, zone)
    yield _replies(survey)
    yield from _diagnosis(survey)


def draft_checks(survey: CampaignSurvey) -> Iterator[Check]:
    """Yield the checks that are possible before the campaign and its leads exist."""
    for check in (
        *sender_checks(survey),
        *copy_checks(survey),
        *schedule_checks(survey),
        _replies(survey),
    ):
        yield check.unless_only(survey.warn_only)


def reported(survey: CampaignSurvey, checks: list[Check]) -> JsonObject:
    """Return the checks of a survey and their verdict."""
    result: dict[str, Json] = {
        "campaign": {
            "id": survey.campaign.get("id"),
            "name": survey.campaign.get("name"),
            "status": status_of(survey.campaign),
        },
        "verdict": verdict(checks),
        "checks": [check.as_object() for check in checks],
        "next": "Nothing was started. activate_campaign needs the person's clear yes.",
    }
    if survey.found.failures:
        result["unknown"] = survey.found.unknown()
    return result


def status_of(campaign: JsonObject) -> str:
    """Return the campaign's status as a word."""
    code = campaign.get("status")
    return CAMPAIGN_STATUS.get(code, "unknown") if isinstance(code, int) else "unknown"


def _status(survey: CampaignSurvey) -> Check:
    word = status_of(survey.campaign)
    if word == "unknown":
        return Check("status", "unknown", "Instantly shows a status that is not known.")
    code = survey.campaign["status"]
    if code in STARTABLE:
        return Check("status", "ok", f"It is {word} and can be started.")
    if code in SENDING:
        says = f"It is already {word}: changes take effect at once."
        return Check("status", "warn", says)
    if code == 3:
        says = "It is completed; new leads are needed before it sends again."
        return Check("status", "warn", says)
    if code == SUSPENDED:
        says = "Instantly suspended the account."
        return Check("status", "fail", says, fix="Tell the user to ask Instantly.")
    says = f"Instantly stopped it: {word}. Without a remedy it will stop again."
    return Check("status", "warn", says)


def _replies(survey: CampaignSurvey) -> Check:
    if survey.campaign.get("stop_on_reply") is False:
        says = "It still mails people who have replied (stop_on_reply)."
        return Check("stop on reply", "warn", says)
    return Check("stop on reply", "ok", "Leads who reply get no further steps.")


def _diagnosis(survey: CampaignSurvey) -> Iterator[Check]:
    """Yield Instantly's own diagnosis if something must be repaired, or may have to be.

    A campaign that waits for its hours or for another day needs no repair.
    """
    if "sending" in survey.found.failures:
        yield Check("diagnosis", "unknown", "Instantly's diagnosis could not be read.")
        return
    if not survey.found.has("sending"):
        return
    diagnosis = sending_status(survey.sending, {"id": survey.campaign.get("id")})
    status = diagnosis["status"]
    if diagnosis["state"] in ("blocked", "unknown") and status != "unknown":
        yield Check("diagnosis", "warn", diagnosis["meaning"], {"status": status})
