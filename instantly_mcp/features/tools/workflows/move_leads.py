"""move_leads_to_campaign_or_list: leads that were selected, and only those."""

from __future__ import annotations

from ...._json_codec import Json, JsonObject
from ....protocol.calls.call import Call
from ...results import Failed, Refusal
from ...workspace.context import Bench
from ...workspace.job_following import start_and_follow
from .warnings import of_joining, warned

NARROWING = ("search", "filter", "contacts", "queries", "ids")
SELECTORS = (*NARROWING, "campaign", "list_id")


async def move_leads(bench: Bench, given: JsonObject, call: Call) -> Json:
    """Move or copy leads that were selected, and only those."""
    destinations = [n for n in ("to_campaign_id", "to_list_id") if given.get(n)]
    if len(destinations) != 1:
        raise Refusal(
            "bad_argument",
            "The leads need one place to go: a campaign or a list.",
            "Give exactly one of to_campaign_id and to_list_id.",
        )
    _require_selection(given)
    warnings = await of_joining(bench, given.get("to_campaign_id"), call)
    result = await start_and_follow(bench, "moveLeads", given, call)
    return result if isinstance(result, Failed) else warned(result, warnings)


def _require_selection(given: JsonObject) -> None:
    """Refuse what selects nothing, or may select everything."""
    if not any(_says_something(given.get(name)) for name in SELECTORS):
        raise Refusal(
            "empty_selection",
            "No leads are selected; this could move every lead of the workspace.",
            "Select by ids, campaign, list_id, contacts, search, filter or queries.",
        )
    for name in NARROWING:
        if name in given and not _says_something(given[name]):
            raise Refusal(
                "bad_argument",
                f"{name} is empty; that could move every lead there is.",
                f"Say which leads in {name}, or leave it out.",
            )
    if given.get("ids") and not (given.get("campaign") or given.get("list_id")):
        raise Refusal(
            "bad_argument",
            "ids alone do not say where the leads are now.",
            "Give the campaign or list_id that they are in as well.",
        )


def _says_something(selector: Json) -> bool:
    if isinstance(selector, str):
        return bool(selector.strip())
    return bool(selector)
