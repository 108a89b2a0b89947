"""Rates, and rows of analytics."""

from __future__ import annotations

from collections.abc import Sequence

from ..._json_codec import Json, JsonObject
from ...catalog.codes import CAMPAIGN_STATUS
from .labels import labelled

_row = labelled({"campaign_status": CAMPAIGN_STATUS})


COUNTERS = (
    "emails_sent_count",
    "new_leads_contacted_count",
    "contacted_count",
    "open_count_unique",
    "link_click_count_unique",
    "reply_count_unique",
    "reply_count_automatic_unique",
    "bounced_count",
    "unsubscribed_count",
    "completed_count",
    "total_opportunities",
    "total_opportunity_value",
)
"""The numbers of a campaign that can be added to those of others."""

DEFINITIONS: JsonObject = {
    "reply_rate": "people who replied, not automatically / new leads contacted",
    "open_rate": "people who opened a mail / new leads contacted",
    "bounce_rate": "mails that bounced / mails sent",
    "unit": "rates are shares: 0.05 is 5 %",
    "days": "in UTC",
}
"""How Instantly defines the rates, and the unit in which they are shown."""

DAY_DEFINITIONS: JsonObject = {
    "days": "in UTC",
    "counts": "those named unique_ count each person once",
}


def rate(part: Json, whole: Json) -> float | None:
    """Return a share from 0 to 1, or ``None`` when the whole is zero or unknown."""
    if not isinstance(part, int | float) or not isinstance(whole, int | float):
        return None
    return round(part / whole, 4) if whole else None


def with_rates(row: JsonObject) -> JsonObject:
    """Add the rates as Instantly defines them; automatic replies do not count."""
    contacted = row.get("new_leads_contacted_count")
    sent = row.get("emails_sent_count")
    rates = {
        "reply_rate": rate(row.get("reply_count_unique"), contacted),
        "open_rate": rate(row.get("open_count_unique"), contacted),
        "bounce_rate": rate(row.get("bounced_count"), sent),
    }
    known = {name: value for name, value in rates.items() if value is not None}
    return {**_row(row), "rates": known}


def summed(rows: Sequence[JsonObject]) -> JsonObject:
    """Return the sums of campaigns, with rates of the sums, not averages of rates."""
    return with_rates(
        {name: sum(count_of(row, name) for row in rows) for name in COUNTERS}
    )


def count_of(row: JsonObject, name: str) -> float:
    """Return a number of a row, or 0 for anything else."""
    value = row.get(name)
    return value if isinstance(value, int | float) else 0


def objects_of(reply: Json) -> list[JsonObject]:
    """Return the objects in a reply that should be a plain list of objects."""
    listed = reply if isinstance(reply, list) else [reply]
    return [each for each in listed if isinstance(each, dict) and each]


def rows(reply: Json, given: JsonObject) -> JsonObject:
    """Return a plain list as rows, with the requested range of dates."""
    result: dict[str, Json] = {"rows": [_row(row) for row in objects_of(reply)]}
    asked = {n: given[n] for n in ("start_date", "end_date") if given.get(n)}
    if asked:
        result["range"] = asked
    return result


def totals(reply: Json, given: JsonObject) -> JsonObject:
    """Return one row for each campaign, with rates."""
    result = rows(reply, given)
    return {**result, "rows": [with_rates(row) for row in objects_of(reply)]}
