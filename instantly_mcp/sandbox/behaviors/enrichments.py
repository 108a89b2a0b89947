"""Verifies the leads of a list or campaign, the only enrichment that is simulated."""

from __future__ import annotations

from collections.abc import Mapping

from ..call import Behavior, OperationCall
from ..credits import spend_credits
from ..errors import bad_request, not_found
from ..lead_factory import start_verification
from ..records import ApiObject, Lead, VerificationStatus
from ..world import World

VERIFICATION = "email_verification"


def create_enrichment(world: World, call: OperationCall) -> ApiObject:
    """``POST /supersearch-enrichment/``: verifies the leads that were not verified.

    :raises SandboxError: 400 for another type, 402 without enough credits.
    """
    given = call.body
    id = given["resource_id"]
    if id not in world.lists and id not in world.campaigns:
        raise not_found("Resource")
    if given.get("type") != VERIFICATION:
        raise bad_request("The sandbox simulates the type email_verification only")
    unverified = [
        lead
        for lead in world.members_in_order(id)
        if lead.shown.get("email") and "verification_status" not in lead.shown
    ]
    chosen = unverified[: int(given.get("limit", len(unverified)))]
    spend_credits(world, len(chosen))
    for lead in chosen:
        start_verification(world, lead)
    made: ApiObject = {
        "id": world.new_id(),
        "organization_id": world.id,
        "resource_id": id,
        "enrichment_payload": {VERIFICATION: True},
    }
    if "limit" in given:
        made["limit"] = given["limit"]
    world.verified_resources.add(id)
    return made


def get_enrichment(world: World, call: OperationCall) -> ApiObject:
    """``GET /supersearch-enrichment/{resource_id}``."""
    id = call.path["resource_id"]
    if id not in world.verified_resources:
        raise not_found("Enrichment")
    return {
        "resource_id": id,
        "exists": True,
        "in_progress": any(map(_is_pending, world.members(id).values())),
        "enrichment_payload": {VERIFICATION: True},
    }


def _is_pending(lead: Lead) -> bool:
    return bool(lead.shown.get("verification_status") == VerificationStatus.PENDING)


BEHAVIORS: Mapping[str, Behavior] = {
    "createSuperSearchEnrichment": create_enrichment,
    "getEnrichmentForResource": get_enrichment,
}
