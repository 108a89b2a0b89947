"""Campaign analytics: totals of each campaign, and days of one campaign or all."""

from __future__ import annotations

from collections.abc import Mapping

from ..analytics import campaign_totals, daily_numbers, read_range
from ..call import Behavior, OperationCall
from ..records import ApiObject, Campaign
from ..world import World


def campaign_analytics(world: World, call: OperationCall) -> list[ApiObject]:
    """``GET /campaigns/analytics``: unknown ids are ignored."""
    query = call.query
    during = read_range(query.get("start_date"), query.get("end_date"))
    ids = [query["id"]] if query.get("id") else query.get("ids")
    leads = not query.get("exclude_total_leads_count", False)
    chosen = _chosen(world, ids)
    return [
        campaign_totals(world, campaign, during, leads=leads) for campaign in chosen
    ]


def daily_analytics(world: World, call: OperationCall) -> list[ApiObject]:
    """``GET /campaigns/analytics/daily``."""
    query = call.query
    during = read_range(query.get("start_date"), query.get("end_date"))
    ids = [query["campaign_id"]] if query.get("campaign_id") else None
    status = query.get("campaign_status")
    chosen = [
        campaign
        for campaign in _chosen(world, ids)
        if status is None or campaign.shown["status"] == status
    ]
    return daily_numbers(chosen, during)


def _chosen(world: World, ids: list[str] | None) -> list[Campaign]:
    if not ids:
        return list(world.campaigns.values())
    return [world.campaigns[id] for id in ids if id in world.campaigns]


BEHAVIORS: Mapping[str, Behavior] = {
    "getCampaignAnalytics": campaign_analytics,
    "getDailyCampaignAnalytics": daily_analytics,
}
