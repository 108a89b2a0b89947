"""Changes of a campaign's status: draft, add leads, activate, pause."""

from __future__ import annotations

from collections.abc import Sequence

from .._json_codec import JsonObject
from .records import ApiObject, Campaign, CampaignStatus, Lead, LeadStatus
from .sending import enqueue, start_run, stop_run
from .world import World

DEFAULTS: ApiObject = {
    "pl_value": None,
    "is_evergreen": False,
    "email_gap": 10,
    "random_wait_max": 10,
    "text_only": False,
    "daily_limit": 30,
    "stop_on_reply": False,
    "link_tracking": False,
    "open_tracking": False,
    "stop_on_auto_reply": False,
    "daily_max_leads": None,
    "prioritize_new_leads": False,
    "match_lead_esp": False,
    "stop_for_company": False,
    "insert_unsubscribe_header": False,
    "allow_risky_contacts": False,
    "disable_bounce_protect": False,
}
_LISTS = ("sequences", "email_list", "email_tag_list", "cc_list", "bcc_list")


def draft(world: World, given: JsonObject) -> Campaign:
    """Create a campaign as a draft, which sends nothing until it is activated."""
    stamp = world.timestamp()
    shown: ApiObject = {
        "id": world.new_id(),
        "status": CampaignStatus.DRAFT,
        "timestamp_created": stamp,
        "timestamp_updated": stamp,
        "organization": world.id,
        "owned_by": world.user_id,
        **DEFAULTS,
        **{name: [] for name in _LISTS},
        **given,
    }
    campaign = Campaign(shown)
    world.campaigns[campaign.id] = campaign
    return campaign


def start_leads(world: World, campaign: Campaign, leads: Sequence[Lead]) -> None:
    """Start leads at the first step of a campaign."""
    for lead in leads:
        lead.step, lead.thread, lead.subject, lead.sender = 0, None, "", None
        lead.shown["status"] = LeadStatus.ACTIVE
    enqueue(world, campaign, leads)


def activate(world: World, campaign: Campaign) -> None:
    """Start sending; an active campaign is not changed."""
    if not campaign.active:
        _set_status(world, campaign, CampaignStatus.ACTIVE)
        start_run(world, campaign)


def pause(world: World, campaign: Campaign) -> None:
    """Stop sending; leads may still reply to what was sent."""
    _set_status(world, campaign, CampaignStatus.PAUSED)
    stop_run(campaign)


def _set_status(world: World, campaign: Campaign, status: int) -> None:
    campaign.shown["status"] = status
    campaign.shown["timestamp_updated"] = world.timestamp()
