"""get_campaign_analytics_overview: the totals of all campaigns, added up."""

from __future__ import annotations

from ...._json_codec import Json, JsonObject
from ....protocol.calls.call import Call
from ...workspace.analytics import DEFINITIONS, objects_of, summed
from ...workspace.context import FeatureContext
from ...workspace.dates import moments_in_order


async def analytics_overview(
    context: FeatureContext, given: JsonObject, call: Call
) -> Json:
    """Add up the totals of one campaign (``id``), of those with a status, or of all.

    :raises CallRefusedError: when the dates are not in order.
    """
    moments_in_order(given.get("start_date"), given.get("end_date"))
    asked = dict(given)
    status = asked.pop("campaign_status", None)
    reply = await context.execute("getCampaignAnalytics", asked, call)
    rows = [
        row
        for row in objects_of(reply)
        if status is None or row.get("campaign_status") == status
    ]
    result: dict[str, Json] = {
        "campaigns": len(rows),
        "overview": summed(rows),
        "definitions": DEFINITIONS,
    }
    if not rows and "id" in asked:
        result["without_data"] = [asked["id"]]
    return result
