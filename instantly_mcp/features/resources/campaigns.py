"""``instantly://campaigns/{id}`` and its analytics."""

from __future__ import annotations

from ..._json_codec import Json, JsonObject
from ...protocol.calls.call import Call
from ..results import CallRefusedError
from ..workspace.analytics import DEFINITIONS, totals
from ..workspace.campaigns.sequences import steps_of, variants_in
from ..workspace.context import FeatureContext, Values
from ..workspace.conversions import DATE, end_of_day
from ..workspace.fetching import Gathered, gather
from ..workspace.mail.text import text_of_html
from ..workspace.views.campaigns import campaign_summary

MAX_SENDERS_SHOWN = 100


async def campaign(context: FeatureContext, values: Values, call: Call) -> Json:
    """Read a campaign: settings, senders, schedule, and copy as plain text."""
    found = await context.fetch("getCampaign", {"id": values["id"]}, call)
    senders = [str(each) for each in found.get("email_list") or ()]
    return {
        "campaign": campaign_summary(found),
        "senders": senders[:MAX_SENDERS_SHOWN],
        "senders_by_tag": list(found.get("email_tag_list") or ()),
        "schedule": found.get("campaign_schedule"),
        "steps": [_step(number, step) for number, step in enumerate(steps_of(found))],
        "related": {
            "preflight": f"instantly://campaigns/{values['id']}/preflight",
            "analytics": f"instantly://campaigns/{values['id']}/analytics",
        },
    }


def _step(number: int, step: JsonObject) -> JsonObject:
    delay, unit = step.get("delay"), step.get("delay_unit") or "days"
    return {
        "step": number + 1,
        "then_waits": f"{delay} {unit}" if delay else None,
        "variants": [
            {
                "subject": variant.get("subject") or "",
                "text": text_of_html(str(variant.get("body") or "")),
            }
            for variant in variants_in(step)
        ],
    }


async def analytics(context: FeatureContext, values: Values, call: Call) -> Json:
    """Read a campaign's totals, rates and days, optionally for a range of dates."""
    dates = dates_of(values)
    id = values["id"]
    found = await gather(
        {
            "campaign": context.execute("getCampaign", {"id": id}, call),
            "totals": context.execute(
                "getCampaignAnalytics", {"id": id, **dates}, call
            ),
            "days": context.execute(
                "getDailyCampaignAnalytics", {"campaign_id": id, **dates}, call
            ),
        }
    )
    for name in ("campaign", "totals"):
        if not found.has(name):
            raise found.failures[name]
    return _analytics(found, dates)


def _analytics(found: Gathered, dates: JsonObject) -> JsonObject:
    about = found.object("campaign")
    rows = found.items("totals")
    result: dict[str, Json] = {
        "campaign": {"id": about.get("id"), "name": about.get("name")},
        **totals(rows, dates),
        "days": found.items("days"),
        "definitions": DEFINITIONS,
    }
    if found.failures:
        result["unknown"] = found.unknown()
    return result


def dates_of(values: Values) -> dict[str, str]:
    """Return a range as arguments of the API; the last day is included.

    :raises CallRefusedError: for a value that is not a date.
    """
    dates: dict[str, str] = {}
    for name, to in (("from", "start_date"), ("to", "end_date")):
        given = values.get(name)
        if not given:
            continue
        if not DATE.fullmatch(given):
            raise CallRefusedError(
                "bad_argument", f"{name} must be a date.", "Use YYYY-MM-DD."
            )
        dates[to] = end_of_day(given) if to == "end_date" else given
    return dates
