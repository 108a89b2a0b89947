"""Lead lists, and how many of their leads are verified."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ..call import Behavior, OperationCall
from ..errors import bad_request, not_found
from ..paging import page_after_key
from ..records import ApiObject, VerificationStatus
from ..timeline import format_time, parse_time
from ..world import World

_STATS = {
    "verified": VerificationStatus.VERIFIED,
    "invalid": VerificationStatus.INVALID,
    "risky": VerificationStatus.RISKY,
    "catch_all": VerificationStatus.CATCH_ALL,
    "job_change": VerificationStatus.JOB_CHANGE,
    "verification_job_pending_leadfinder": VerificationStatus.PENDING_LEAD_FINDER,
    "verification_job_pending_user": VerificationStatus.PENDING,
}


def find_list(world: World, id: str) -> ApiObject:
    """Return a list.

    :raises SandboxError: 404 when the workspace has no list with that id.
    """
    found = world.lists.get(id)
    if found is None:
        raise not_found("Lead list")
    return found


def list_lead_lists(world: World, call: OperationCall) -> ApiObject:
    """``GET /lead-lists``: newest first; the cursor is a timestamp."""
    query = call.query
    search = (query.get("search") or "").lower()
    wanted = query.get("has_enrichment_task")
    found = (
        each
        for each in reversed(world.lists.values())
        if search in each["name"].lower()
        and (wanted is None or bool(each.get("has_enrichment_task")) is wanted)
    )
    after = _cursor(query.get("starting_after"))
    return page_after_key(found, query.get("limit"), after, _by_time, descending=True)


def get_lead_list(world: World, call: OperationCall) -> ApiObject:
    """``GET /lead-lists/{id}``."""
    return find_list(world, call.path["id"])


def create_lead_list(world: World, call: OperationCall) -> ApiObject:
    """``POST /lead-lists``: each list gets its own timestamp, which is its cursor."""
    newest = next(reversed(world.lists.values()), None)
    created = world.now
    if newest is not None:
        created = max(created, parse_time(newest["timestamp_created"]) + 0.001)
    shown: ApiObject = {
        "id": world.new_id(),
        "organization_id": world.id,
        "has_enrichment_task": False,
        "owned_by": world.user_id,
        "timestamp_created": format_time(round(created, 3)),
        **call.body,
    }
    world.lists[shown["id"]] = shown
    return shown


def patch_lead_list(world: World, call: OperationCall) -> ApiObject:
    """``PATCH /lead-lists/{id}``."""
    shown = find_list(world, call.path["id"])
    shown.update(call.body)
    return shown


def delete_lead_list(world: World, call: OperationCall) -> ApiObject:
    """``DELETE /lead-lists/{id}``: deletes its leads as well."""
    shown = find_list(world, call.path["id"])
    for lead in world.members_in_order(shown["id"]):
        world.remove_lead(lead)
    del world.lists[shown["id"]]
    return shown


def verification_stats(world: World, call: OperationCall) -> ApiObject:
    """``GET /lead-lists/{id}/verification-stats``."""
    shown = find_list(world, call.path["id"])
    members = world.members(shown["id"])
    counts = Counter(lead.shown.get("verification_status") for lead in members.values())
    stats = {name: counts[value] for name, value in _STATS.items()}
    return {"stats": stats, "total_leads": len(members)}


def _by_time(shown: ApiObject) -> str:
    return str(shown["timestamp_created"])


def _cursor(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return format_time(parse_time(text))
    except ValueError:
        raise bad_request("starting_after must be a timestamp") from None


BEHAVIORS: Mapping[str, Behavior] = {
    "listLeadList": list_lead_lists,
    "getLeadList": get_lead_list,
    "createLeadList": create_lead_list,
    "patchLeadList": patch_lead_list,
    "deleteLeadList": delete_lead_list,
    "getVerificationStats": verification_stats,
}
