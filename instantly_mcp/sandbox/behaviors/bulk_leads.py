"""Many leads at once: add up to a thousand, move or copy any number in a job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from attrs import define, field

from ..._json_codec import JsonObject
from ..call import OperationCall
from ..campaign_status import start_leads
from ..credits import spend_credits
from ..errors import bad_request
from ..jobs import start_job
from ..lead_factory import (
    is_address,
    make_lead,
    start_verification,
)
from ..reactions import set_interest
from ..records import ApiObject, Campaign, Lead, LeadStatus, VerificationStatus
from ..selection import select
from ..world import World
from .campaigns import find_campaign
from .lead_lists import find_list

MAX_MOVED_EMAILS = 10_000
"""The addresses that the data of a finished job lists."""

BLOCKED_PREFIX = "blocked."
"""The workspace's block list: addresses that begin with this are never added."""

PLAN_LEAD_LIMIT = 25_000
"""The leads that the simulated plan includes; it is reported but not enforced."""

_SUMMARY_FIELDS = ("id", "email", "first_name", "last_name", "phone")


def add_leads(world: World, call: OperationCall) -> ApiObject:
    """``POST /leads/add``: a summary that counts every lead exactly once."""
    given = call.body
    campaign_id, list_id = given.get("campaign_id", ""), given.get("list_id", "")
    if bool(campaign_id) == bool(list_id):
        raise bad_request("Provide either campaign_id or list_id, but not both")
    campaign = find_campaign(world, campaign_id) if campaign_id else None
    if list_id:
        find_list(world, list_id)
    counts: Counter[str] = Counter()
    lead_filter = _LeadFilter(
        given, _known_addresses(world, given, campaign_id or list_id)
    )
    created: list[tuple[int, Lead]] = []
    for index, one in enumerate(given["leads"]):
        counter = lead_filter.counter_for(one)
        if counter is not None:
            counts[counter] += 1
            continue
        details = (
            {"assigned_to": given["assigned_to"], **one}
            if ("assigned_to" in given)
            else one
        )
        lead = make_lead(world, details, campaign=campaign, list_id=list_id or None)
        created.append((index, lead))
    if given.get("verify_leads_on_import"):
        spend_credits(world, sum(bool(lead.shown.get("email")) for _, lead in created))
    _add_created(world, given, campaign, [lead for _, lead in created])
    return _summary(world, given, counts, created)


def move_leads(world: World, call: OperationCall) -> ApiObject:
    """``POST /leads/move``: starts a job; without a filter it moves every lead."""
    wanted = call.body
    to_campaign = wanted.get("to_campaign_id", "")
    to_list = wanted.get("to_list_id", "")
    if bool(to_campaign) == bool(to_list):
        raise bad_request("Provide either to_campaign_id or to_list_id, but not both")
    if "ids" in wanted and not (wanted.get("campaign") or wanted.get("list_id")):
        raise bad_request("campaign or list_id is required when ids is given")
    if to_campaign:
        find_campaign(world, to_campaign)
    else:
        find_list(world, to_list)
    count = len(select(world, wanted))
    if "limit" in wanted:
        count = min(count, int(wanted["limit"]))
    entity = ("campaign", to_campaign) if to_campaign else ("list", to_list)
    job = start_job(
        world, "move-leads", entity, count, partial(_finish_move, world, wanted)
    )
    return job.shown


@define(eq=False)
class _LeadFilter:
    """Decides which leads are not added, and why."""

    given: JsonObject
    known: tuple[frozenset[str], frozenset[str]]
    seen: set[str] = field(init=False, factory=set)

    def counter_for(self, lead: JsonObject) -> str | None:
        """Return the counter for a lead that is not added, ``None`` to add it."""
        email = (lead.get("email") or "").strip().lower()
        if not email:
            if not self.given.get("list_id"):
                return "invalid_email_count"
            named = lead.get("first_name") or lead.get("last_name")
            return None if named else "incomplete_count"
        if not is_address(email):
            return "invalid_email_count"
        if email in self.seen:
            return "duplicate_email_count"
        self.seen.add(email)
        if email.startswith(BLOCKED_PREFIX):
            return "in_blocklist"
        here, elsewhere = self.known
        if email in elsewhere:
            return "skipped_count"
        return "duplicated_leads" if email in here else None


def _known_addresses(
    world: World, given: JsonObject, place: str
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the addresses in the target, and those that the flags skip."""
    fields = [
        field
        for skip, field in (
            ("skip_if_in_campaign", "campaign"),
            ("skip_if_in_list", "list_id"),
        )
        if given.get(skip)
    ]
    everywhere = given.get("skip_if_in_workspace")
    here = frozenset(
        str(lead.shown.get("email")) for lead in world.members(place).values()
    )
    if not fields and not everywhere:
        return here, frozenset()
    skipped = frozenset(
        str(lead.shown.get("email"))
        for lead in world.all_leads()
        if everywhere or any(lead.shown.get(field) for field in fields)
    )
    return here, skipped


def _add_created(
    world: World, given: JsonObject, campaign: Campaign | None, leads: Sequence[Lead]
) -> None:
    for lead in leads:
        world.add_lead(lead)
    if campaign is not None:
        start_leads(world, campaign, list(leads))
    if given.get("verify_leads_on_import"):
        for lead in leads:
            if lead.shown.get("email"):
                start_verification(world, lead)
        place = (
            ("campaign", given["campaign_id"])
            if campaign is not None
            else (
                "list",
                given["list_id"],
            )
        )
        start_job(world, "import-leads", place, len(leads), dict)


def _summary(
    world: World,
    given: JsonObject,
    counts: Counter[str],
    created: Sequence[tuple[int, Lead]],
) -> ApiObject:
    for index, lead in created:
        interest = given["leads"][index].get("lt_interest_status")
        if interest is not None:
            campaign = world.campaign_of(lead)
            set_interest(world, campaign, lead, interest)
    remaining = PLAN_LEAD_LIMIT - len(world.leads) if given.get("campaign_id") else None
    return {
        "status": "success",
        "total_sent": len(given["leads"]),
        "leads_uploaded": len(created),
        "in_blocklist": counts["in_blocklist"],
        "blocklist_used": given.get("blocklist_id"),
        "duplicated_leads": counts["duplicated_leads"],
        "skipped_count": counts["skipped_count"],
        "invalid_email_count": counts["invalid_email_count"],
        "incomplete_count": counts["incomplete_count"],
        "duplicate_email_count": counts["duplicate_email_count"],
        "remaining_in_plan": remaining,
        "created_leads": [
            {"index": index, **{name: lead.shown.get(name) for name in _SUMMARY_FIELDS}}
            for index, lead in created
        ],
    }


def _finish_move(world: World, wanted: JsonObject) -> ApiObject:
    """Move or copy what the filters select now; do nothing if the target is gone."""
    target = world.campaigns.get(wanted.get("to_campaign_id") or "")
    list_id = wanted.get("to_list_id")
    if target is None and list_id not in world.lists:
        return {"moved_leads": 0, "moved_lead_emails": []}
    moved = []
    place = target.id if target is not None else str(list_id)
    present = {lead.shown.get("email") for lead in world.members(place).values()}
    for lead in _movable(world, wanted, place, present):
        present.add(lead.shown.get("email"))
        moved.append(_move_one(world, wanted, lead, target, list_id))
    if target is not None:
        start_leads(world, target, moved)
    emails = [lead.shown["email"] for lead in moved if lead.shown.get("email")]
    return {
        "moved_leads": len(moved),
        "moved_lead_emails": emails[:MAX_MOVED_EMAILS],
    }


def _movable(
    world: World, wanted: JsonObject, place: str, present: set[str | None]
) -> list[Lead]:
    checked = wanted.get("check_duplicates")
    in_campaigns = wanted.get("check_duplicates_in_campaigns")
    found = []
    taken = set(present)
    for lead in select(world, wanted):
        email = lead.shown.get("email")
        if lead.id in world.members(place) or (checked and email and email in taken):
            continue
        if in_campaigns and lead.shown.get("campaign"):
            continue
        pending = lead.shown.get("verification_status") == VerificationStatus.PENDING
        if wanted.get("skip_leads_in_verification") and pending:
            continue
        found.append(lead)
        taken.add(email)
    limit = wanted.get("limit")
    return found if limit is None else found[: int(limit)]


def _move_one(
    world: World,
    wanted: JsonObject,
    lead: Lead,
    target: Campaign | None,
    list_id: str | None,
) -> Lead:
    if wanted.get("copy_leads"):
        given = {**lead.shown, "custom_variables": lead.shown.get("payload") or {}}
        kept = lead.shown.get("lt_interest_status")
        lead = make_lead(world, given, campaign=target, list_id=list_id)
        if kept is not None:
            lead.shown["lt_interest_status"] = kept
        world.add_lead(lead)
    else:
        world.move_lead(lead, target.id if target is not None else None, list_id)
        lead.shown["status"] = LeadStatus.ACTIVE
    if wanted.get("reset_interest_status"):
        lead.shown.pop("lt_interest_status", None)
    if "assigned_to" in wanted:
        lead.shown["assigned_to"] = wanted["assigned_to"]
    lead.shown["timestamp_updated"] = world.timestamp()
    return lead
