"""Leads: list, read, create one or a thousand, change, delete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..._json_codec import JsonObject
from ..call import Behavior, OperationCall
from ..campaign_status import start_leads
from ..credits import spend_credits
from ..errors import bad_request, not_found
from ..lead_factory import (
    is_address,
    lead_with_email,
    make_lead,
    set_fields,
    start_verification,
)
from ..paging import by_id, id_cursor, page_after_key
from ..reactions import set_interest
from ..records import ApiObject, Campaign, Lead
from ..selection import select
from ..world import World
from .bulk_leads import add_leads, move_leads
from .campaigns import find_campaign
from .lead_lists import find_list

INTEREST_SECONDS = 3.0
"""How long the job takes that changes the interest status."""

VERIFY_FLAGS = ("verify_leads_on_import", "verify_leads_for_lead_finder")
"""Either flag verifies the address of a new lead, which costs a credit."""

UNSUPPORTED_SELECTORS = ("smart_view_id",)
"""Selectors of things that the sandbox does not simulate; they find no lead."""


def find_lead(world: World, id: str) -> Lead:
    """Return a lead.

    :raises SandboxError: 404 when the workspace has no lead with that id.
    """
    lead = world.leads.get(id)
    if lead is None:
        raise not_found("Lead")
    return lead


def list_leads(world: World, call: OperationCall) -> ApiObject:
    """``POST /leads/list``: oldest first; the cursor is an id or an address."""
    wanted = call.body
    if any(wanted.get(name) for name in UNSUPPORTED_SELECTORS):
        return {"items": []}
    found = [lead.shown for lead in select(world, wanted)]
    after = wanted.get("starting_after")
    # In a JSON body an integer may be written as 5.0.
    limit = int(wanted["limit"]) if wanted.get("limit") else None
    if wanted.get("distinct_contacts"):
        distinct = {str(lead["email"]): lead for lead in found if lead.get("email")}
        contacts = [distinct[email] for email in sorted(distinct)]
        return page_after_key(contacts, limit, after, _by_email)
    return page_after_key(found, limit, id_cursor(after), by_id)


def get_lead(world: World, call: OperationCall) -> ApiObject:
    """``GET /leads/{id}``."""
    return find_lead(world, call.path["id"]).shown


def create_lead(world: World, call: OperationCall) -> ApiObject:
    """``POST /leads``: returns an existing lead in place of a duplicate."""
    given = call.body
    campaign, list_id = _place(world, given)
    email = given.get("email")
    if campaign is not None and not email:
        raise bad_request("email is required when campaign is given")
    if not any(given.get(name) for name in ("email", "first_name", "last_name")):
        raise bad_request("One of email, first_name or last_name is required")
    if email and not is_address(email):
        raise bad_request('body/email must match format "email"')
    known = _existing(world, given, campaign, list_id)
    if known is not None:
        return known.shown
    verified = bool(email) and any(given.get(name) for name in VERIFY_FLAGS)
    if verified:
        spend_credits(world, 1)
    lead = make_lead(world, given, campaign=campaign, list_id=list_id)
    world.add_lead(lead)
    if verified:
        start_verification(world, lead)
    if campaign is not None:
        start_leads(world, campaign, [lead])
    if "lt_interest_status" in given:
        set_interest(world, campaign, lead, given["lt_interest_status"])
    return lead.shown


def patch_lead(world: World, call: OperationCall) -> ApiObject:
    """``PATCH /leads/{id}``."""
    lead = find_lead(world, call.path["id"])
    campaign = world.campaign_of(lead)
    set_fields(lead, call.body, campaign)
    if "lt_interest_status" in call.body:
        set_interest(world, campaign, lead, call.body["lt_interest_status"])
    lead.shown["timestamp_updated"] = world.timestamp()
    return lead.shown


def update_interest(world: World, call: OperationCall) -> ApiObject:
    """``POST /leads/update-interest-status``: takes effect a little later.

    :raises SandboxError: 404 when no lead has that address there.
    """
    given = call.body
    campaign, list_id = given.get("campaign_id"), given.get("list_id")
    email = given["lead_email"].strip().lower()
    found = [
        lead
        for lead in world.all_leads()
        if lead.shown.get("email") == email
        and (not campaign or lead.shown.get("campaign") == campaign)
        and (not list_id or lead.shown.get("list_id") == list_id)
    ]
    if not found:
        raise not_found("Lead")
    world.pending_changes += 1
    world.call_at(
        world.now + INTEREST_SECONDS, _set_all, found, given["interest_value"]
    )
    return {"message": "Lead interest status update background job submitted"}


def _set_all(world: World, leads: Iterable[Lead], value: int | None) -> None:
    for lead in leads:
        if lead.id in world.leads:
            campaign = world.campaign_of(lead)
            set_interest(world, campaign, lead, value)
            lead.shown["timestamp_updated"] = world.timestamp()
    world.pending_changes -= 1


def delete_lead(world: World, call: OperationCall) -> ApiObject:
    """``DELETE /leads/{id}``."""
    lead = find_lead(world, call.path["id"])
    world.remove_lead(lead)
    return lead.shown


def _place(world: World, given: JsonObject) -> tuple[Campaign | None, str | None]:
    campaign_id, list_id = given.get("campaign"), given.get("list_id")
    if not campaign_id and not list_id:
        raise bad_request("Either campaign or list_id is required")
    campaign = find_campaign(world, campaign_id) if campaign_id else None
    if list_id:
        find_list(world, list_id)
    return campaign, list_id or None


def _existing(
    world: World, given: JsonObject, campaign: Campaign | None, list_id: str | None
) -> Lead | None:
    email = given.get("email")
    if not email:
        return None
    candidates: Iterable[Lead]
    if given.get("skip_if_in_workspace"):
        candidates = world.all_leads()
    else:
        here = campaign.id if campaign is not None else str(list_id)
        found = list(world.members(here).values())
        for skip, field in (
            ("skip_if_in_campaign", "campaign"),
            ("skip_if_in_list", "list_id"),
        ):
            if given.get(skip):
                found += [lead for lead in world.all_leads() if lead.shown.get(field)]
        candidates = found
    return lead_with_email(candidates, email)


def _by_email(shown: ApiObject) -> str:
    return str(shown["email"])


BEHAVIORS: Mapping[str, Behavior] = {
    "listLeads": list_leads,
    "getLead": get_lead,
    "createLead": create_lead,
    "patchLead": patch_lead,
    "updateLeadInterestStatus": update_interest,
    "deleteLead": delete_lead,
    "bulkAddLeads": add_leads,
    "moveLeads": move_leads,
}
