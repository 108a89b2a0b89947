"""Why a campaign is not sending: the reply of ``…/sending-status``."""

from __future__ import annotations

from .records import ApiObject, Campaign, CampaignStatus, LeadStatus
from .schedule import next_opening
from .sending import (
    DEFAULT_DAILY_LIMIT,
    begin_day,
    new_lead_limit_met,
    senders_with_room,
    usable_senders,
)
from .timeline import format_time
from .world import World

_BY_STATUS = {
    CampaignStatus.DRAFT: "campaign_draft",
    CampaignStatus.PAUSED: "campaign_paused",
    CampaignStatus.COMPLETED: "campaign_completed",
    CampaignStatus.RUNNING_SUBSEQUENCES: "campaign_running_subsequences",
    CampaignStatus.ACCOUNTS_UNHEALTHY: "campaign_accounts_unhealthy",
    CampaignStatus.BOUNCE_PROTECT: "campaign_bounce_protect",
    CampaignStatus.ACCOUNT_SUSPENDED: "campaign_account_suspended",
}
_SENTENCES = {
    "campaign_draft": "The campaign is a draft and has not been started.",
    "campaign_paused": "The campaign is paused.",
    "campaign_completed": "The campaign has sent everything it had to send.",
    "campaign_running_subsequences": "Only subsequences are running.",
    "campaign_accounts_unhealthy": "The sending accounts are not healthy.",
    "campaign_bounce_protect": "Sending was stopped because too many mails bounced.",
    "campaign_account_suspended": "The account is suspended.",
    "all_accounts_unhealthy": "No sending account is connected.",
    "no_accounts_available": "The campaign has no sending accounts.",
    "out_of_schedule": "It is outside the campaign's sending hours.",
    "daily_limit_met": "The campaign's daily limit is reached.",
    "account_daily_limit_met": "All sending accounts reached their daily limit.",
    "new_lead_limit_met": "The daily limit for new leads is reached.",
    "waiting_for_leads": "No lead is waiting for a mail.",
    "follow_up_delay_not_met": "Follow-ups are waiting for their delay to pass.",
    "healthy": "The campaign is sending.",
}


def sending_status(
    world: World, campaign: Campaign, *, with_ai_summary: bool
) -> ApiObject:
    """Return the reply, which consists of diagnostics and a summary."""
    begin_day(world, campaign)
    status = _status(world, campaign)
    healthy = status == "healthy"
    last = format_time(campaign.last_sent) if campaign.last_sent else None
    issue_since = None if healthy else campaign.shown["timestamp_updated"]
    sentence = _SENTENCES[status]
    diagnostics: ApiObject = {
        "campaign_id": campaign.id,
        "last_updated": world.timestamp(),
        "status": status,
        "issue_tracking": {
            "current_status_code": None if healthy else status,
            "issue_first_seen_at": issue_since,
            "consecutive_loops_with_issue": 0 if healthy else 1,
            "last_healthy_send_at": last,
        },
        "schedule_status": {"in_schedule": _in_schedule(world, campaign)},
    }
    if status != "out_of_schedule":
        diagnostics.update(_numbers(world, campaign))
    return {
        "diagnostics": diagnostics,
        "summary": {
            "status": status,
            "status_message": sentence,
            "issue_started_at": issue_since,
            "last_healthy_send_at": last,
            "ai_summary": sentence if with_ai_summary else None,
        },
    }


def _status(world: World, campaign: Campaign) -> str:
    if not campaign.active:
        return _BY_STATUS[campaign.shown["status"]]
    if not campaign.shown.get("email_list"):
        return "no_accounts_available"
    usable = usable_senders(world, campaign)
    if not usable:
        return "all_accounts_unhealthy"
    if not _in_schedule(world, campaign):
        return "out_of_schedule"
    if campaign.sent_today >= (
        campaign.shown.get("daily_limit") or DEFAULT_DAILY_LIMIT
    ):
        return "daily_limit_met"
    if not senders_with_room(world, usable):
        return "account_daily_limit_met"
    return _lead_status(world, campaign)


def _lead_status(world: World, campaign: Campaign) -> str:
    if _fresh_count(world, campaign):
        return "new_lead_limit_met" if new_lead_limit_met(campaign) else "healthy"
    if not campaign.follow_ups:
        return "waiting_for_leads"
    due = campaign.follow_ups[0][0] <= world.now
    return "healthy" if due else "follow_up_delay_not_met"


def _in_schedule(world: World, campaign: Campaign) -> bool:
    return next_opening(campaign.shown["campaign_schedule"], world.now) == world.now


def _fresh_count(world: World, campaign: Campaign) -> int:
    return sum(
        lead.step == 0 and lead.shown["status"] == LeadStatus.ACTIVE
        for lead in world.members(campaign.id).values()
    )


def _numbers(world: World, campaign: Campaign) -> ApiObject:
    shown = campaign.shown
    usable = usable_senders(world, campaign)
    room = senders_with_room(world, usable)
    limit = shown.get("daily_limit") or DEFAULT_DAILY_LIMIT
    new_limit = shown.get("daily_max_leads")
    wait = campaign.follow_ups[0][0] - world.now if campaign.follow_ups else None
    fresh = _fresh_count(world, campaign)
    return {
        "accounts_summary": {
            "total_connected": len(usable),
            "available": len(room),
            "unavailable": {
                "daily_limit_hit": len(usable) - len(room),
                "slow_ramp_limit_hit": 0,
                "disconnected": len(shown.get("email_list") or ()) - len(usable),
                "global_gap_not_met": 0,
            },
        },
        "campaign_daily_limit": {
            "limit": limit,
            "sent": campaign.sent_today,
            "limit_hit": campaign.sent_today >= limit,
        },
        "new_lead_limit": {
            "enabled": bool(new_limit),
            "limit": new_limit,
            "contacted": campaign.new_today,
            "limit_hit": new_lead_limit_met(campaign),
        },
        "follow_ups_waiting": {
            "count": len(campaign.follow_ups),
            "earliest_wait_time_seconds": None if wait is None else max(0, int(wait)),
        },
        "leads_status": {
            "no_leads_ready": fresh == 0 and (wait is None or wait > 0),
            "account_unavailable_skips": 0,
            "delay_not_met_skips": len(campaign.follow_ups),
        },
    }
