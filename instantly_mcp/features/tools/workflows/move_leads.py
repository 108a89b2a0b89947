"""move_leads_to_campaign_or_list: move or copy exactly the selected leads.

Without any selector the API would move every lead of the workspace, so an empty
selection is refused.
"""

from __future__ import annotations

from ...._json_codec import Json, JsonObject
from ....protocol.calls.call import Call
from ...results import CallRefusedError, ErrorResult, ToolOutcome
from ...workspace.context import FeatureContext
from ...workspace.job_following import start_and_follow
from ...workspace.mail.text import shows
from .warnings import warnings_for_joining, with_warnings

NARROWING = ("search", "filter", "contacts", "queries", "ids")
SELECTORS = (*NARROWING, "campaign", "list_id")


async def move_leads(
    context: FeatureContext, given: JsonObject, call: Call
) -> ToolOutcome:
    """Start the job that moves or copies the selected leads, and follow it.

    :raises CallRefusedError: when the destination or the selection is not clear.
    """
    destinations = [n for n in ("to_campaign_id", "to_list_id") if given.get(n)]
    if len(destinations) != 1:
        raise CallRefusedError(
            "bad_argument",
            "The leads need one destination: a campaign or a list.",
            "Give exactly one of to_campaign_id and to_list_id.",
        )
    _require_selection(given)
    warnings = await warnings_for_joining(context, given.get("to_campaign_id"), call)
    result = await start_and_follow(context, "moveLeads", given, call)
    if isinstance(result, ErrorResult):
        return result
    data = result["job"].get("data")
    if isinstance(data, dict) and data.get("total_to_process") == 0:
        warnings.append("The selection contains no lead; check it with list_leads.")
    return with_warnings(result, warnings)


def _require_selection(given: JsonObject) -> None:
    """Refuse a selection of nothing, or possibly of everything."""
    if not any(_says_something(given.get(name)) for name in SELECTORS):
        raise CallRefusedError(
            "empty_selection",
            "No leads are selected; this could move every lead in the workspace.",
            "Select by ids, campaign, list_id, contacts, search, filter or queries.",
        )
    for name in NARROWING:
        if name in given and not _says_something(given[name]):
            raise CallRefusedError(
                "bad_argument",
                f"{name} is empty; this could move every lead in the workspace.",
                f"Give a value for {name}, or leave it out.",
            )
    if given.get("ids") and not (given.get("campaign") or given.get("list_id")):
        raise CallRefusedError(
            "bad_argument",
            "ids need the campaign or list that the leads are in.",
            "Give campaign or list_id as well.",
        )


def _says_something(selector: Json) -> bool:
    """Tell whether every member of the selector has a character that shows."""
    if isinstance(selector, str):
        return shows(selector)
    if isinstance(selector, list):
        return bool(selector) and all(map(_says_something, selector))
    return bool(selector)
