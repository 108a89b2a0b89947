"""``instantly://campaigns/{id}/preflight``: all checks and their verdict."""

from __future__ import annotations

from collections.abc import Iterator

from ...._json_codec import Json, JsonObject
from ....catalog.codes import CAMPAIGN_STATUS
from ....protocol.calls.call import Call
from ..context import FeatureContext, Values
from ..sending_status import sending_status
from .audience import audience_checks
from .check import Check, verdict
from .copy import copy_checks
from .schedule import schedule_checks
from .senders import sender_checks
from .survey import CampaignSurvey, survey_campaign

STARTABLE = frozenset({0, 2})
"""The status codes draft and paused."""

SENDING = frozenset({1, 4})
EXPECTED = frozenset({"campaign_draft", "campaign_paused", "healthy", "unknown"})


async def preflight(context: FeatureContext, values: Values, call: Call) -> Json:
    """Check a campaign without changing it."""
    seen = await survey_campaign(context, values["id"], call)
    return reported(seen, list(checks_of(seen)))


def checks_of(seen: CampaignSurvey, zone: str | None = None) -> Iterator[Check]:
    """Yield all checks, in the order in which a person would make them.

    :param zone: an IANA zone in which the next sending window is given, too.
    """
    yield _status(seen)
    yield from sender_checks(seen)
    yield from audience_checks(seen)
    yield from copy_checks(seen)
    yield from schedule_checks(seen, zone)
    yield _replies(seen)
    yield from _diagnosis(seen)


def reported(seen: CampaignSurvey, checks: list[Check]) -> JsonObject:
    """Return the checks of a survey and their verdict."""
    result: dict[str, Json] = {
        "campaign": {
            "id": seen.campaign.get("id"),
            "name": seen.campaign.get("name"),
            "status": status_of(seen.campaign),
        },
        "verdict": verdict(checks),
        "checks": [check.as_object() for check in checks],
        "next": "Nothing was started. activate_campaign needs the person's clear yes.",
    }
    if seen.found.failures:
        result["unknown"] = seen.found.unknown()
    return result


def status_of(campaign: JsonObject) -> str:
    """Return the campaign's status as a word."""
    return CAMPAIGN_STATUS.get(campaign.get("status", -1000), "unknown")


def _status(seen: CampaignSurvey) -> Check:
    code, word = seen.campaign.get("status"), status_of(seen.campaign)
    if code in STARTABLE:
        return Check("status", "ok", f"It is {word} and can be started.")
    if code in SENDING:
        says = f"It is already {word}: changes take effect at once."
        return Check("status", "warn", says)
    if code == 3:
        says = "It is completed; new leads are needed before it sends again."
        return Check("status", "warn", says)
    return Check("status", "fail", f"Instantly stopped it: {word}.")


def _replies(seen: CampaignSurvey) -> Check:
    if seen.campaign.get("stop_on_reply") is False:
        says = "It still mails people who have replied (stop_on_reply)."
        return Check("stop on reply", "warn", says)
    return Check("stop on reply", "ok", "Leads who reply get no further steps.")


def _diagnosis(seen: CampaignSurvey) -> Iterator[Check]:
    """Yield Instantly's own diagnosis, unless it is the expected one."""
    if not seen.found.has("sending"):
        yield Check("diagnosis", "unknown", "Instantly's diagnosis could not be read.")
        return
    told = sending_status(seen.sending, {"id": seen.campaign.get("id")})
    if told["status"] not in EXPECTED:
        yield Check("diagnosis", "warn", told["meaning"], {"status": told["status"]})
