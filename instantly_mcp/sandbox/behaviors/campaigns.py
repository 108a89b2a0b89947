"""Campaigns: list, read, create (as a draft), change, start, pause, delete."""

from __future__ import annotations

from collections.abc import Mapping

from ..._json_codec import JsonObject
from ..call import Behavior, OperationCall
from ..campaign_status import activate, draft, pause
from ..errors import bad_request, not_found
from ..paging import by_id, id_cursor, page_after_key
from ..records import ApiObject, Campaign
from ..sending import start_run, stop_run, usable_senders
from ..sending_status import sending_status
from ..world import World


def find_campaign(world: World, id: str) -> Campaign:
    """Return a campaign.

    :raises SandboxError: 404 when the workspace has no campaign with that id.
    """
    campaign = world.campaigns.get(id)
    if campaign is None:
        raise not_found("Campaign")
    return campaign


def list_campaigns(world: World, call: OperationCall) -> ApiObject:
    """``GET /campaigns``: newest first; the cursor is an id."""
    query = call.query
    found = (
        campaign.shown
        for campaign in reversed(world.campaigns.values())
        if _passes(campaign, query)
    )
    after = id_cursor(query.get("starting_after"))
    return page_after_key(found, query.get("limit"), after, by_id, descending=True)


def get_campaign(world: World, call: OperationCall) -> ApiObject:
    """``GET /campaigns/{id}``."""
    return find_campaign(world, call.path["id"]).shown


def create_campaign(world: World, call: OperationCall) -> ApiObject:
    """``POST /campaigns``: creates a draft, which sends nothing until activated."""
    _check_senders(world, call.body)
    _check_schedule(call.body.get("campaign_schedule") or {})
    return draft(world, call.body).shown


def patch_campaign(world: World, call: OperationCall) -> ApiObject:
    """``PATCH /campaigns/{id}``: an active campaign goes on with the new values."""
    campaign = find_campaign(world, call.path["id"])
    _check_senders(world, call.body)
    _check_schedule(call.body.get("campaign_schedule") or {})
    campaign.shown.update(call.body)
    campaign.shown["timestamp_updated"] = world.timestamp()
    if campaign.active:
        start_run(world, campaign)
    return campaign.shown


def delete_campaign(world: World, call: OperationCall) -> ApiObject:
    """``DELETE /campaigns/{id}``: deletes its leads as well."""
    campaign = find_campaign(world, call.path["id"])
    stop_run(campaign)
    for lead in world.members_in_order(campaign.id):
        world.remove_lead(lead)
    del world.campaigns[campaign.id]
    return campaign.shown


def activate_campaign(world: World, call: OperationCall) -> ApiObject:
    """``POST /campaigns/{id}/activate``: starts sending."""
    campaign = find_campaign(world, call.path["id"])
    if not campaign.steps:
        raise bad_request("The campaign has no sequence steps")
    if not usable_senders(world, campaign):
        raise bad_request("The campaign has no connected sending accounts")
    activate(world, campaign)
    return campaign.shown


def pause_campaign(world: World, call: OperationCall) -> ApiObject:
    """``POST /campaigns/{id}/pause``."""
    campaign = find_campaign(world, call.path["id"])
    pause(world, campaign)
    return campaign.shown


def search_by_contact(world: World, call: OperationCall) -> ApiObject:
    """``GET /campaigns/search-by-contact``: returns all at once, without a cursor."""
    email = (call.query.get("search") or "").strip().lower()
    found = [
        campaign.shown
        for campaign in world.campaigns.values()
        if any(
            (lead.shown.get("email") or "").lower() == email
            for lead in world.members(campaign.id).values()
        )
    ]
    column = call.query.get("sort_column", "timestamp_created")
    descending = call.query.get("sort_order", "asc") == "desc"
    found.sort(
        key=lambda each: (str(each.get(column, "")), each["id"]), reverse=descending
    )
    return {"items": found}


def campaign_sending_status(world: World, call: OperationCall) -> ApiObject:
    """``GET /campaigns/{id}/sending-status``."""
    campaign = find_campaign(world, call.path["id"])
    wanted = bool(call.query.get("with_ai_summary"))
    return sending_status(world, campaign, with_ai_summary=wanted)


def _passes(campaign: Campaign, query: JsonObject) -> bool:
    shown = campaign.shown
    if "status" in query and shown["status"] != query["status"]:
        return False
    if "exclude_status" in query and shown["status"] == query["exclude_status"]:
        return False
    if query.get("search") and query["search"].lower() not in shown["name"].lower():
        return False
    agent = query.get("ai_sales_agent_id")
    if agent and shown.get("ai_sdr_id") != agent:
        return False
    tags = query.get("tag_ids")
    return not tags or bool(set(tags.split(",")) & set(campaign.tags))


def _check_senders(world: World, given: JsonObject) -> None:
    for email in given.get("email_list") or ():
        if email.lower() not in world.accounts:
            raise bad_request("email_list holds an address that is not an account")


def _check_schedule(schedule: JsonObject) -> None:
    first, last = schedule.get("start_date"), schedule.get("end_date")
    if first and last and first > last:
        raise bad_request(
            "body/campaign_schedule/start_date must not be after end_date"
        )
    for number, window in enumerate(schedule.get("schedules", ())):
        if window["timing"]["from"] >= window["timing"]["to"]:
            where = f"body/campaign_schedule/schedules/{number}/timing"
            raise bad_request(f"{where}/from must be before to")


BEHAVIORS: Mapping[str, Behavior] = {
    "listCampaign": list_campaigns,
    "getCampaign": get_campaign,
    "createCampaign": create_campaign,
    "patchCampaign": patch_campaign,
    "deleteCampaign": delete_campaign,
    "activateCampaign": activate_campaign,
    "pauseCampaign": pause_campaign,
    "searchByContact": search_by_contact,
    "getCampaignSendingStatus": campaign_sending_status,
}
