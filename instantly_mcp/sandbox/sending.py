"""How an active campaign sends as the world's time passes.

A slot is a moment at which the campaign may send one mail. Each slot puts the next one
on the agenda; a paused campaign has none. ``reactions`` decides what recipients do.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from .ids import random_bytes
from .mail import MailContent, campaign_mail, fill, reply_subject, text_of, variables_of
from .reactions import complete_lead, schedule_bounce, schedule_reactions
from .records import (
    Account,
    AccountStatus,
    ApiObject,
    Campaign,
    CampaignEvent,
    CampaignStatus,
    EventKind,
    Lead,
    LeadStatus,
    VerificationStatus,
)
from .schedule import local_day, next_day, next_opening
from .timeline import DAY, HOUR, MINUTE, format_time
from .world import World

DEFAULT_DAILY_LIMIT = 30
DEFAULT_GAP_MINUTES = 10.0
_SECONDS_OF_UNIT = {"minutes": MINUTE, "hours": HOUR, "days": DAY}


def start_run(world: World, campaign: Campaign) -> None:
    """Begin a run, whose first slot is now; slots of earlier runs are ignored."""
    campaign.run += 1
    campaign.idle = False
    world.call_at(world.now, _take_slot, campaign.id, campaign.run)


def stop_run(campaign: Campaign) -> None:
    """End the run; slots that are still on the agenda are ignored."""
    campaign.run += 1
    campaign.idle = True


def enqueue(world: World, campaign: Campaign, leads: Iterable[Lead]) -> None:
    """Queue leads for their first mail."""
    campaign.fresh.extend(lead.id for lead in leads)
    if campaign.active and campaign.idle:
        start_run(world, campaign)


def usable_senders(world: World, campaign: Campaign) -> list[Account]:
    """Return the campaign's accounts that are connected and not paused."""
    found = (
        world.accounts.get(email.lower())
        for email in campaign.shown.get("email_list") or ()
    )
    return [
        account
        for account in found
        if account and account.shown["status"] == AccountStatus.ACTIVE
    ]


def senders_with_room(world: World, accounts: Iterable[Account]) -> list[Account]:
    """Return the accounts that have not reached their daily limit."""
    day = format_time(world.now)[:10]
    return [
        account
        for account in accounts
        if account.day != day
        or account.sent_today
        < (account.shown.get("daily_limit") or DEFAULT_DAILY_LIMIT)
    ]


def begin_day(world: World, campaign: Campaign) -> None:
    """Reset the daily counters when the campaign's day has changed."""
    day = local_day(campaign.shown["campaign_schedule"], world.now).isoformat()
    if campaign.day != day:
        campaign.day, campaign.sent_today, campaign.new_today = day, 0, 0


def new_lead_limit_met(campaign: Campaign) -> bool:
    """Whether the campaign has contacted as many new leads today as it may."""
    limit = campaign.shown.get("daily_max_leads")
    return bool(limit) and campaign.new_today >= int(limit or 0)


def _take_slot(world: World, campaign_id: str, run: int) -> None:
    campaign = world.campaigns.get(campaign_id)
    if campaign is None or campaign.run != run or not campaign.active:
        return
    again = _use_slot(world, campaign)
    if again is None:
        campaign.idle = True
        _complete_if_done(world, campaign)
    else:
        world.call_at(again, _take_slot, campaign_id, run)


def _use_slot(world: World, campaign: Campaign) -> float | None:
    """Send one mail if possible; return when the next slot is, if there is one."""
    schedule = campaign.shown["campaign_schedule"]
    opening = next_opening(schedule, world.now)
    if opening is None or opening > world.now:
        return opening
    begin_day(world, campaign)
    limit = campaign.shown.get("daily_limit") or DEFAULT_DAILY_LIMIT
    if campaign.sent_today >= limit:
        return next_day(schedule, world.now)
    usable = usable_senders(world, campaign)
    senders = senders_with_room(world, usable)
    if not senders:
        return world.now + HOUR
    lead = _next_lead(world, campaign)
    if lead is None:
        return _next_due(world, campaign)
    sender = _sender_for(lead, senders, campaign)
    _send(world, campaign, lead, sender)
    gap = campaign.shown.get("email_gap") or DEFAULT_GAP_MINUTES
    return world.now + max(1.0, gap * MINUTE / len(usable))


def _next_due(world: World, campaign: Campaign) -> float | None:
    due = [campaign.follow_ups[0][0]] if campaign.follow_ups else []
    if campaign.fresh:
        due.append(next_day(campaign.shown["campaign_schedule"], world.now))
    return min(due, default=None)


def _sender_for(lead: Lead, senders: list[Account], campaign: Campaign) -> Account:
    for account in senders:
        if account.email == lead.sender:
            return account
    campaign.turn += 1
    return senders[campaign.turn % len(senders)]


def _next_lead(world: World, campaign: Campaign) -> Lead | None:
    if campaign.shown.get("prioritize_new_leads"):
        return _next_new_lead(world, campaign) or _next_follow_up(world, campaign)
    return _next_follow_up(world, campaign) or _next_new_lead(world, campaign)


def _next_new_lead(world: World, campaign: Campaign) -> Lead | None:
    if new_lead_limit_met(campaign):
        return None
    while campaign.fresh:
        lead = _still_waiting(world, campaign, campaign.fresh.popleft())
        if lead is None or lead.step > 0:
            continue
        invalid = lead.shown.get("verification_status") == VerificationStatus.INVALID
        if invalid and not campaign.shown.get("allow_risky_contacts"):
            lead.shown["status"] = LeadStatus.SKIPPED
            continue
        return lead
    return None


def _next_follow_up(world: World, campaign: Campaign) -> Lead | None:
    while campaign.follow_ups and campaign.follow_ups[0][0] <= world.now:
        lead = _still_waiting(world, campaign, heappop(campaign.follow_ups)[1])
        if lead is not None:
            return lead
    return None


def _still_waiting(world: World, campaign: Campaign, lead_id: str) -> Lead | None:
    lead = world.members(campaign.id).get(lead_id)
    if lead is None or lead.shown["status"] != LeadStatus.ACTIVE:
        return None
    return lead if lead.step < len(campaign.steps) else None


def _send(world: World, campaign: Campaign, lead: Lead, sender: Account) -> None:
    step = lead.step
    definition = campaign.steps[step]
    variant, content = _write(world, lead, sender, definition)
    lead.sender = sender.email
    mail = campaign_mail(world, lead, sender, content, (step, variant))
    _count(world, campaign, sender, new=step == 0)
    campaign.history.append(CampaignEvent(world.now, EventKind.SENT, lead.id, step))
    _mark_contacted(world, lead, sender, step)
    lead.step = step + 1
    if schedule_bounce(world, campaign, lead, step):
        return
    schedule_reactions(world, campaign, lead, step, mail)
    if lead.step >= len(campaign.steps):
        complete_lead(world, campaign, lead)
    else:
        unit = _SECONDS_OF_UNIT[definition.get("delay_unit", "days")]
        heappush(campaign.follow_ups, (world.now + definition["delay"] * unit, lead.id))


def _write(
    world: World, lead: Lead, sender: Account, definition: ApiObject
) -> tuple[int, MailContent]:
    variants = [
        (number, variant)
        for number, variant in enumerate(definition["variants"])
        if not variant.get("v_disabled")
    ] or [(0, {"subject": "", "body": ""})]
    random = random_bytes(world.seed, f"variant {lead.id} {lead.step}")[0]
    number, variant = variants[random % len(variants)]
    values = variables_of(lead, sender)
    subject = fill(variant["subject"], values) or reply_subject(lead.subject)
    lead.subject = lead.subject or subject
    html = fill(variant["body"], values)
    return number, MailContent(subject=subject, html=html, text=text_of(html))


def _count(world: World, campaign: Campaign, sender: Account, *, new: bool) -> None:
    campaign.sent_today += 1
    campaign.new_today += new
    campaign.last_sent = world.now
    day = format_time(world.now)[:10]
    if sender.day != day:
        sender.day, sender.sent_today = day, 0
    sender.sent_today += 1


def _mark_contacted(world: World, lead: Lead, sender: Account, step: int) -> None:
    stamp = world.timestamp()
    shown = lead.shown
    shown["timestamp_last_contact"] = shown["timestamp_last_touch"] = stamp
    shown["timestamp_updated"] = shown["last_step_timestamp_executed"] = stamp
    shown["last_contacted_from"] = sender.email
    shown["last_step_from"] = "campaign"
    shown["last_step_id"] = f"0_{step}_0"
    shown["status_summary"] = {
        "lastStep": {
            "from": "campaign",
            "stepID": f"0_{step}_0",
            "timestamp_executed": stamp,
        }
    }


def _complete_if_done(world: World, campaign: Campaign) -> None:
    members = world.members(campaign.id)
    open_leads = any(
        lead.shown["status"] == LeadStatus.ACTIVE for lead in members.values()
    )
    if members and not open_leads and not campaign.shown.get("is_evergreen"):
        campaign.shown["status"] = CampaignStatus.COMPLETED
        campaign.shown["timestamp_updated"] = world.timestamp()
