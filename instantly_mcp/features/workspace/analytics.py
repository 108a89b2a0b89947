"""Rates, and rows of analytics."""

from __future__ import annotations

from ..._json_codec import Json, JsonObject
from ...catalog.codes import CAMPAIGN_STATUS
from .labels import labelled

_row = labelled({"campaign_status": CAMPAIGN_STATUS})


DEFINITIONS: JsonObject = {
    "reply_rate": "people who replied, not automatically / new leads contacted",
    "open_rate": "people who opened / new leads contacted",
    "bounce_rate": "bounced / sent",
    "days": "in UTC",
}
"""How Instantly defines the rates."""


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
