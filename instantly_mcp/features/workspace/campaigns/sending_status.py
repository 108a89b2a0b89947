"""get_campaign_sending_status: why a campaign does not send, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from attrs import frozen

from ...._json_codec import Json, JsonObject
from ....protocol.calls.call import Call
from ..context import FeatureContext
from ..fetching import gather
from ..reply_values import as_object
from .sending_windows import in_zones, next_opening


@frozen
class SendingState:
    """What a status of Instantly's diagnosis means.

    :param state: ``sending``, ``waiting`` (it goes on by itself), ``off`` (it does not
        send until it is started) or ``blocked`` (something must be repaired).
    :param meaning: one sentence.
    """

    state: str
    meaning: str


STATES: Mapping[str, SendingState] = {
    "campaign_paused": SendingState(
        "off", "It is paused; activate_campaign resumes it."
    ),
    "campaign_draft": SendingState(
        "off", "It is a draft; activate_campaign starts it."
    ),
    "campaign_completed": SendingState(
        "off", "Every lead got the whole sequence; add leads."
    ),
    "campaign_running_subsequences": SendingState(
        "sending", "Only its subsequences are still sending."
    ),
    "campaign_bounce_protect": SendingState(
        "blocked", "Too many bounces stopped it; clean the leads first."
    ),
    "campaign_accounts_unhealthy": SendingState(
        "blocked", "Its sending accounts have errors."
    ),
    "campaign_account_suspended": SendingState(
        "blocked", "The Instantly account is suspended."
    ),
    "out_of_schedule": SendingState(
        "waiting", "It is outside its sending window now, as its schedule says."
    ),
    "waiting_for_leads": SendingState(
        "waiting", "No lead is due; add leads or wait for the next step."
    ),
    "daily_limit_met": SendingState(
        "waiting", "The campaign's daily limit is used up; it continues another day."
    ),
    "account_daily_limit_met": SendingState(
        "waiting", "Its accounts have used up their daily limits."
    ),
    "new_lead_limit_met": SendingState(
        "waiting", "The daily limit of new leads is used up."
    ),
    "all_accounts_unhealthy": SendingState(
        "blocked", "None of its accounts can send; see list_accounts."
    ),
    "waiting_for_esp_match": SendingState(
        "waiting", "It waits for a sender that matches the lead's provider."
    ),
    "domain_limit_reached": SendingState(
        "waiting", "The limit for mails to one company is reached."
    ),
    "follow_up_delay_not_met": SendingState(
        "waiting", "The next follow-ups are not due yet."
    ),
    "no_accounts_available": SendingState(
        "blocked", "It has no sending accounts; set email_list."
    ),
    "healthy": SendingState("sending", "It is sending normally."),
}

USED_UP_TODAY = frozenset(
    {"daily_limit_met", "account_daily_limit_met", "new_lead_limit_met"}
)
"""The states that end with the day, so the window of another day counts."""

OPENS = frozenset({"out_of_schedule", *USED_UP_TODAY})
"""The states of which it is known when they end."""


async def campaign_sending_status(
    context: FeatureContext, given: JsonObject, call: Call
) -> JsonObject:
    """Read Instantly's diagnosis, and when the campaign's next window opens.

    The campaign is read as well, for its schedule. If it cannot be, the diagnosis is
    returned without the next window.

    :raises ApiError: when the diagnosis cannot be read.
    """
    found = await gather(
        {
            "diagnosis": context.execute("getCampaignSendingStatus", given, call),
            "campaign": context.execute("getCampaign", {"id": given["id"]}, call),
        }
    )
    if not found.has("diagnosis"):
        raise found.failures["diagnosis"]
    status = sending_status(found.replies["diagnosis"], given)
    now = datetime.fromtimestamp(context.wall(), UTC)
    return with_next_window(status, found.object("campaign"), now)


def sending_status(reply: Json, given: JsonObject) -> JsonObject:
    """Merge the two parts of the reply, either of which may be null."""
    facts = as_object(reply)
    diagnostics = _half(facts, "diagnostics")
    summary = _half(facts, "summary")
    status = _text(diagnostics, "status") or _text(summary, "status")
    known = STATES.get(status)
    said = _text(summary, "status_message") or "Instantly has no diagnosis for it yet."
    result: dict[str, Json] = {
        "campaign_id": given["id"],
        "status": status or "unknown",
        "state": known.state if known else "unknown",
        "meaning": known.meaning if known else said,
    }
    if summary:
        result["summary"] = summary
    if diagnostics:
        result["diagnostics"] = diagnostics
    return result


def with_next_window(
    status: JsonObject, campaign: JsonObject, now: datetime
) -> JsonObject:
    """Return the status with when it goes on, if that is known from the schedule.

    :param now: the current time, in UTC.
    """
    if status["status"] not in OPENS:
        return status
    used_up = status["status"] in USED_UP_TODAY
    opening = next_opening(campaign, now, another_day=used_up)
    if opening is None or opening <= now:
        return status
    shown = in_zones(opening, None)
    says = f"{status['meaning']} The next window opens {shown['there']}."
    away = (opening - now) // timedelta(minutes=1)
    window = {**shown, "in_minutes": away}
    return {**status, "meaning": says, "next_window": window}


def _text(facts: JsonObject, name: str) -> str:
    """Return a member that is a text, and an empty text for any other one."""
    found = facts.get(name)
    return found if isinstance(found, str) else ""


def _half(facts: JsonObject, name: str) -> JsonObject:
    half = facts.get(name)
    return as_object(half)
