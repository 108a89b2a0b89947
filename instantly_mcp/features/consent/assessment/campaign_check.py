"""Checks a write against the operator's lists of campaigns, before consent is asked.

Names and memberships are read from Instantly for each write, never from a cache: a
campaign may have been renamed, and a lead moved. Without lists nothing is read.
"""

from __future__ import annotations

from ...._json_codec import Json
from ....access.campaign_limits import (
    CampaignLimits,
    NamedKind,
    NamedThing,
    given_name,
    named_by,
    not_known,
)
from ....api.errors import ApiError, Reason
from .subject import WriteSubject


async def require_permitted_campaigns(
    subject: WriteSubject, limits: CampaignLimits
) -> None:
    """Check all campaigns that a write would change. What stops sending passes.

    :raises AccessRefusedError: when one of them may not be changed, or when it cannot
        be found out which ones they are.
    :raises ApiError: when an object that the write names does not exist.
    """
    if not limits.limits or subject.operation.stops:
        return
    name = given_name(subject.operation, subject.arguments)
    campaigns: set[str] = set()
    for thing in named_by(subject.operation, subject.arguments):
        campaigns.update(await _campaigns_of(subject, thing))
    names = [await _name_of(subject, id) for id in sorted(campaigns)]
    for id, held in zip(sorted(campaigns), names, strict=True):
        limits.require_permitted(id, held)
    if name is not None and name not in names:
        limits.require_other_name(name)


async def _campaigns_of(subject: WriteSubject, thing: NamedThing) -> set[str]:
    """Return the campaigns of an object.

    :raises AccessRefusedError: when they cannot be read.
    """
    if thing.kind is NamedKind.CAMPAIGN:
        return {thing.id}
    if thing.kind is NamedKind.RESOURCE:
        return await _if_campaign(subject, thing.id)
    if thing.kind is NamedKind.UNKNOWN:
        raise not_known()
    operation, member = _MEMBER_OF[thing.kind]
    found = await subject.read(operation, {"id": thing.id})
    if found is None or not found.get("id"):
        raise not_known()
    campaign: Json = found.get(member)
    return {campaign} if isinstance(campaign, str) and campaign else set()


_MEMBER_OF = {
    NamedKind.LEAD: ("getLead", "campaign"),
    NamedKind.EMAIL: ("getEmail", "campaign_id"),
}
"""The operation that reads an object, and the member with its campaign."""


async def _if_campaign(subject: WriteSubject, id: str) -> set[str]:
    """Return the id if it is that of a campaign, and not of a lead list."""
    try:
        found = await subject.read("getCampaign", {"id": id})
    except ApiError as error:
        if error.reason is Reason.NOT_FOUND:
            return set()
        raise
    if found is None:
        raise not_known()
    return {id}


async def _name_of(subject: WriteSubject, id: str) -> str | None:
    found = subject.reach.campaigns.get(id)
    if found is None or not found.get("name"):
        found = await subject.read("getCampaign", {"id": id})
    name = None if found is None else found.get("name")
    return name if isinstance(name, str) else None
