"""Makes a realistic workspace by simulating its past.

Accounts, lists and campaigns are created some weeks before the start, and the
simulation itself sends, bounces and replies until then. All numbers therefore add up,
and the same seed gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from attrs import evolve

from .campaign_status import activate, draft, pause, start_leads
from .ids import random_bytes
from .lead_behavior import random_behavior
from .lead_factory import make_lead
from .mail import MailContent, manual_mail, reply_subject
from .records import (
    Account,
    ApiObject,
    LeadBehavior,
    MailType,
    ReplyKind,
    VerificationStatus,
)
from .seed_text import (
    CITIES,
    COMPANIES,
    FIRST_NAMES,
    LAST_NAMES,
    SEEDED_ACCOUNTS,
    SEEDED_CAMPAIGNS,
    SEEDED_LISTS,
    TITLES,
    SeededAccount,
    SeededCampaign,
)
from .timeline import DAY, HOUR, format_time
from .world import World

PAST_DAYS = 42
UNATTENDED_DAYS = 7
"""In the last days before the start the inbox has not been answered."""
_REPLIES = (
    ReplyKind.INTERESTED,
    ReplyKind.NOT_INTERESTED,
    ReplyKind.OUT_OF_OFFICE,
    ReplyKind.INTERESTED,
    ReplyKind.MEETING,
    ReplyKind.NOT_INTERESTED,
    ReplyKind.WRONG_PERSON,
    ReplyKind.INTERESTED,
)
_VERIFICATION = {
    0: VerificationStatus.INVALID,
    1: VerificationStatus.RISKY,
    2: VerificationStatus.CATCH_ALL,
    3: VerificationStatus.CATCH_ALL,
    4: VerificationStatus.PENDING,
}
"""The verification status of some of every twenty leads; all others are verified."""


def seeded_world(seed: str, start: float, name: str = "", id_salt: str = "") -> World:
    """Return a workspace as it is at `start`.

    :param start: seconds since 1970.
    :param name: the workspace's id; by default it is derived from the seed.
    :param id_salt: see `World`; people and numbers do not depend on it.
    """
    world = World(
        seed=seed, now=start - PAST_DAYS * DAY, id=name, id_salt=id_salt, live=False
    )
    for account in SEEDED_ACCOUNTS:
        _add_account(world, account, start)
    people = _people(seed)
    for title, size, age in SEEDED_LISTS:
        world.call_at(start - age * DAY, _set_up_list, title, size, people)
    for plan in SEEDED_CAMPAIGNS:
        world.call_at(start - plan.created * DAY, _set_up_campaign, plan, start, people)
    for age in range(PAST_DAYS, UNATTENDED_DAYS, -1):
        world.call_at(start - age * DAY + 8 * HOUR, _answer_inbox)
    world.advance(start)
    world.live = True
    return world


def _people(seed: str) -> Iterator[ApiObject]:
    first = random_bytes(seed, "people")[0]
    for number in count(first):
        given = FIRST_NAMES[number % len(FIRST_NAMES)]
        family = LAST_NAMES[number * 7 % len(LAST_NAMES)]
        company = COMPANIES[number * 13 % len(COMPANIES)]
        domain = company.lower().replace(" ", "-") + ".example.org"
        local = f"{given}.{family}".lower().replace("ö", "o")
        yield {
            "email": f"{local}@{domain}",
            "first_name": given,
            "last_name": family,
            "company_name": company,
            "job_title": TITLES[number % len(TITLES)],
            "website": f"https://{domain}",
            "custom_variables": {"city": CITIES[number % len(CITIES)]},
        }


def _add_account(world: World, seeded: SeededAccount, start: float) -> None:
    world.now += 1.0
    broken = seeded.status < 0
    shown: ApiObject = {
        "email": seeded.email,
        "timestamp_created": world.timestamp(),
        "timestamp_updated": world.timestamp(),
        "first_name": seeded.first_name,
        "last_name": seeded.last_name,
        "organization": world.id,
        "added_by": world.user_id,
        "status": seeded.status,
        "warmup_status": seeded.warmup_status,
        "provider_code": seeded.provider,
        "setup_pending": False,
        "is_managed_account": False,
        "stat_warmup_score": seeded.score,
        "timestamp_warmup_start": format_time(start - seeded.warmup_days * DAY),
        "daily_limit": 40,
        "sending_gap": 10,
        "enable_slow_ramp": False,
        "tracking_domain_name": None if broken else "links.example.com",
        "tracking_domain_status": None if broken else "active",
        "signature": f"{seeded.first_name} {seeded.last_name}",
        "warmup": {
            "limit": 20,
            "increment": "2",
            "reply_rate": 30,
            "advanced": {"open_rate": 95, "spam_save_rate": 90, "weekday_only": False},
        },
    }
    if broken:
        shown["status_message"] = {
            "code": "EAUTH",
            "command": "AUTH PLAIN",
            "response": "535 Authentication failed",
            "e_message": "Invalid login",
            "responseCode": 535,
        }
    tag = {"id": world.fixed_id(seeded.tag), "label": seeded.tag}
    world.accounts[seeded.email] = Account(shown, ({**tag, "description": None},))


def _set_up_list(
    world: World, title: str, size: int, people: Iterator[ApiObject]
) -> None:
    id = world.new_id()
    world.lists[id] = {
        "id": id,
        "organization_id": world.id,
        "has_enrichment_task": False,
        "owned_by": world.user_id,
        "name": title,
        "timestamp_created": world.timestamp(),
    }
    for number in range(size):
        lead = make_lead(world, next(people), list_id=id, method="manual")
        lead.shown["verification_status"] = _VERIFICATION.get(
            number % 20, VerificationStatus.VERIFIED
        )
        world.add_lead(lead)


def _set_up_campaign(
    world: World, plan: SeededCampaign, start: float, people: Iterator[ApiObject]
) -> None:
    campaign = draft(world, _definition(plan))
    behaviors = _planned_behaviors(plan)
    leads = []
    for number in range(plan.leads):
        lead = make_lead(world, next(people), campaign=campaign, method="manual")
        lead.shown["verification_status"] = VerificationStatus.VERIFIED
        if number < plan.decided:
            behavior = random_behavior(
                random_bytes(world.seed, str(lead.shown["email"]))
            )
            lead.behavior = behaviors.get(number) or evolve(behavior, reply=None)
        world.add_lead(lead)
        leads.append(lead)
    start_leads(world, campaign, leads)
    for days, act in ((plan.activated, activate), (plan.paused, pause)):
        if days is not None:
            world.call_at(start - days * DAY, act, campaign)


def _planned_behaviors(plan: SeededCampaign) -> dict[int, LeadBehavior]:
    """Return the behavior of the leads that reply, by number, at regular intervals."""
    total, every = plan.replies
    return {
        number * every: LeadBehavior(
            opens=1 + number % 2,
            clicks=number % 4 == 0,
            reply=_REPLIES[number % len(_REPLIES)],
            delay_hours=2.0 + number % 20,
        )
        for number in range(total)
    }


def _definition(plan: SeededCampaign) -> ApiObject:
    weekdays = {str(day): True for day in range(1, 6)}
    window = {
        "name": "Working hours",
        "timing": {"from": "09:00", "to": "17:00"},
        "days": weekdays,
        "timezone": plan.timezone,
    }
    steps = [
        {
            "type": "email",
            "delay": delay,
            "delay_unit": "days",
            "variants": [{"subject": subject, "body": body}],
        }
        for subject, body, delay in plan.steps
    ]
    return {
        "name": plan.name,
        "campaign_schedule": {"schedules": [window]},
        "sequences": [{"steps": steps}],
        "email_list": [each.email for each in SEEDED_ACCOUNTS if each.status > 0][:3],
        "daily_limit": plan.daily_limit,
        "pl_value": plan.value,
        "stop_on_reply": True,
        "stop_on_auto_reply": False,
        "open_tracking": True,
        "link_tracking": True,
    }


def _answer_inbox(world: World) -> None:
    """Mark all mail as read, and reply to interested leads."""
    unread = [mail for mail in world.emails.values() if mail["is_unread"]]
    for mail in unread:
        mail["is_unread"] = 0
        if mail["ue_type"] == MailType.RECEIVED and mail["i_status"] > 0:
            world.add_email(_answer_mail(world, mail))


def _answer_mail(world: World, mail: ApiObject) -> ApiObject:
    sender = world.accounts[mail["eaccount"]]
    text = f"Thank you, details are on their way.\n\n{sender.shown['first_name']}"
    content = MailContent.plain(reply_subject(mail["subject"]), text)
    to = [mail["from_address_email"]]
    return manual_mail(world, mail, sender.email, content, to)
