"""What leads do after a mail was sent: open, click, reply, bounce, unsubscribe.

The lead's behavior decides which reactions are put on the world's agenda. When one
happens it is added to the campaign's history, which the analytics count.
"""

from __future__ import annotations

from .ids import random_bytes
from .lead_behavior import behavior_of
from .mail import MailContent, received_mail, reply_subject
from .records import (
    ApiObject,
    Campaign,
    CampaignEvent,
    EventKind,
    Lead,
    LeadStatus,
    ReplyKind,
)
from .timeline import HOUR, MINUTE
from .world import World

INTEREST = {
    ReplyKind.INTERESTED: 1,
    ReplyKind.MEETING: 2,
    ReplyKind.NOT_INTERESTED: -1,
    ReplyKind.WRONG_PERSON: -2,
    ReplyKind.OUT_OF_OFFICE: 0,
}
_TEXTS = {
    ReplyKind.INTERESTED: (
        "Hi,\n\nthanks for reaching out. This is on our list for the quarter.\n"
        "Could you send over some details and pricing?\n\nBest,\n{name}",
        "Hello,\n\ngood timing, we are looking at this right now. What would a "
        "pilot look like?\n\n{name}",
        "Sounds interesting. How does this compare to what we do in house?\n\n{name}",
    ),
    ReplyKind.MEETING: (
        "Hi,\n\nhappy to talk. Thursday at 10:00 works for me, please send an "
        "invitation.\n\nRegards,\n{name}",
        "Let us do a short call next week. Tuesday afternoon?\n\n{name}",
    ),
    ReplyKind.NOT_INTERESTED: (
        "Hi,\n\nthank you, but this is not a priority for us this year.\n\n{name}",
        "Not interested, thanks.\n\n{name}",
    ),
    ReplyKind.WRONG_PERSON: (
        "Hello,\n\nI am not the right contact, my colleague in operations looks "
        "after this.\n\n{name}",
    ),
    ReplyKind.OUT_OF_OFFICE: (
        "Thank you for your message. I am out of the office and will be back next "
        "Monday. In urgent cases please write to the front desk.\n\n{name}",
    ),
}


def schedule_bounce(world: World, campaign: Campaign, lead: Lead, step: int) -> bool:
    """Schedule a bounce if the lead's address bounces; return whether it does."""
    if step == 0 and behavior_of(lead, world.seed).bounces:
        world.call_at(world.now + 2 * MINUTE, _bounce, campaign, lead, step)
        return True
    return False


def schedule_reactions(
    world: World, campaign: Campaign, lead: Lead, step: int, mail: ApiObject
) -> None:
    """Schedule what the lead does with the mail of a step."""
    behavior = behavior_of(lead, world.seed)
    delay = behavior.delay_hours * HOUR
    if behavior.opens and campaign.shown.get("open_tracking"):
        for count in range(behavior.opens):
            when = world.now + delay * (0.4 + 0.2 * count)
            world.call_at(when, _open, campaign, lead, step)
        if behavior.clicks and step == 0 and campaign.shown.get("link_tracking"):
            world.call_at(world.now + delay * 0.5, _click, campaign, lead, step)
    last = len(campaign.steps) - 1
    if behavior.reply is not None and step == min(behavior.reply_step, last):
        world.call_at(world.now + delay, _reply, campaign, lead, mail, behavior.reply)
    if behavior.unsubscribes and step == 0:
        world.call_at(world.now + delay, _unsubscribe, campaign, lead, step)


def complete_lead(world: World, campaign: Campaign, lead: Lead) -> None:
    """Mark the lead as completed, if it is still active in the campaign."""
    here = lead.id in world.members(campaign.id)
    if here and lead.shown["status"] == LeadStatus.ACTIVE:
        lead.shown["status"] = LeadStatus.COMPLETED
        _record(world, campaign, lead, EventKind.COMPLETED, max(0, lead.step - 1))


def set_interest(
    world: World, campaign: Campaign | None, lead: Lead, value: int | None
) -> None:
    """Set the interest status; the first positive one counts as an opportunity.

    :param value: ``None`` resets it, which counts nothing.
    """
    before = lead.shown.get("lt_interest_status")
    lead.shown["timestamp_last_interest_change"] = world.timestamp()
    if value is None:
        lead.shown.pop("lt_interest_status", None)
        return
    lead.shown["lt_interest_status"] = value
    if value > 0 and not (before or 0) > 0 and campaign is not None:
        _record(world, campaign, lead, EventKind.OPPORTUNITY, max(0, lead.step - 1))


def _record(world: World, campaign: Campaign, lead: Lead, kind: str, step: int) -> None:
    campaign.history.append(CampaignEvent(world.now, kind, lead.id, step))


def _exists(world: World, lead: Lead) -> bool:
    return lead.id in world.leads


def _bounce(world: World, campaign: Campaign, lead: Lead, step: int) -> None:
    if _exists(world, lead):
        lead.shown["status"] = LeadStatus.BOUNCED
        _touch(world, lead)
        _record(world, campaign, lead, EventKind.BOUNCED, step)


def _open(world: World, campaign: Campaign, lead: Lead, step: int) -> None:
    if _exists(world, lead):
        lead.shown["email_open_count"] += 1
        lead.shown["email_opened_step"] = step
        _touch(world, lead, "timestamp_last_open")
        _record(world, campaign, lead, EventKind.OPENED, step)


def _click(world: World, campaign: Campaign, lead: Lead, step: int) -> None:
    if _exists(world, lead):
        lead.shown["email_click_count"] += 1
        lead.shown["email_clicked_step"] = step
        _touch(world, lead, "timestamp_last_click")
        _record(world, campaign, lead, EventKind.CLICKED, step)


def _unsubscribe(world: World, campaign: Campaign, lead: Lead, step: int) -> None:
    if _exists(world, lead):
        lead.shown["status"] = LeadStatus.UNSUBSCRIBED
        _touch(world, lead)
        _record(world, campaign, lead, EventKind.UNSUBSCRIBED, step)


def _reply(
    world: World, campaign: Campaign, lead: Lead, mail: ApiObject, kind: ReplyKind
) -> None:
    if _exists(world, lead):
        content = _reply_content(world, lead, kind, mail["subject"])
        add_reply(world, campaign, lead, mail, content, kind=kind)


def add_reply(
    world: World,
    campaign: Campaign,
    lead: Lead,
    mail: ApiObject,
    content: MailContent,
    *,
    kind: ReplyKind,
) -> None:
    """Add a lead's reply to a mail of a campaign, with all that follows from it."""
    step = int(mail["step"].split("_")[1])
    automatic = kind is ReplyKind.OUT_OF_OFFICE
    interest = INTEREST[kind]
    received_mail(world, mail, content, automatic=automatic, interest=interest)
    lead.shown["email_reply_count"] += 1
    lead.shown["email_replied_step"] = step
    _touch(world, lead, "timestamp_last_reply")
    event = EventKind.AUTO_REPLIED if automatic else EventKind.REPLIED
    _record(world, campaign, lead, event, step)
    lead.replied_interest = interest
    set_interest(world, campaign, lead, interest)
    stops = "stop_on_auto_reply" if automatic else "stop_on_reply"
    if campaign.shown.get(stops):
        complete_lead(world, campaign, lead)


def _reply_content(
    world: World, lead: Lead, kind: ReplyKind, subject: str
) -> MailContent:
    texts = _TEXTS[kind]
    random = random_bytes(world.seed, f"words {lead.shown.get('email')}")[0]
    name = lead.shown.get("first_name") or lead.shown.get("email") or ""
    text = texts[random % len(texts)].format(name=name)
    automatic = kind is ReplyKind.OUT_OF_OFFICE
    subject = f"Automatic reply: {subject}" if automatic else reply_subject(subject)
    return MailContent.plain(subject, text)


def _touch(world: World, lead: Lead, field: str | None = None) -> None:
    stamp = world.timestamp()
    lead.shown["timestamp_updated"] = lead.shown["timestamp_last_touch"] = stamp
    if field is not None:
        lead.shown[field] = stamp
