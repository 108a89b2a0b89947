"""What a client changed: the difference between two worlds.

One world is the workspace that the client used. The other was made in the same way and
has reached the same time, but no client called it. What the simulation does by itself
(campaigns send, leads react) is in both, and is not compared where the client's changes
could influence it: counters, the progress of leads, and mail of campaigns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..._json_codec import Json
from ..lead_factory import FIELDS, PAYLOAD_NAMES
from ..records import ApiObject, Campaign, Lead
from ..world import World

_VOLATILE = frozenset(
    {"timestamp_updated", "timestamp_created", "modified_by", "custom_variables"}
)
"""A campaign learns the custom variables of leads that are added to it."""
_CAMPAIGN_MAIL = "campaign"
NO_INTEREST = "none"
"""The interest status of a lead whose status was reset after a reply had set it."""
_SENT = ("from", "to", "cc", "bcc", "subject", "body")


def effects(before: World, after: World) -> list[ApiObject]:
    """Return what differs, by kind.

    Each effect has ``change``, ``kind``, ``name`` and ``fields``: the values of a new
    object, the new values of changed fields, or the last values of a deleted object.

    :param before: the world without the client.
    """
    return [
        *_compared("account", _accounts(before), _accounts(after)),
        *_compared("campaign", _campaigns(before), _campaigns(after)),
        *_compared("list", _lists(before), _lists(after)),
        *_compared("lead", _leads(before, before), _leads(after, before)),
        *_read_mail(before, after),
        *_sent_mail(after),
        *_spent(before, after),
    ]


def unfinished_jobs(world: World) -> int:
    """Return the number of changes in the background that are still to come."""
    ended = ("success", "failed")
    return world.pending_changes + sum(
        job.shown["status"] not in ended for job in world.jobs.values()
    )


def _effect(change: str, kind: str, name: object, fields: ApiObject) -> ApiObject:
    return {"change": change, "kind": kind, "name": name, "fields": fields}


def _compared(
    kind: str, before: Mapping[str, ApiObject], after: Mapping[str, ApiObject]
) -> Iterator[ApiObject]:
    for id, fields in after.items():
        known = before.get(id)
        if known is None:
            yield _effect("created", kind, _name(fields), fields)
        elif known != fields:
            names = (*fields, *(name for name in known if name not in fields))
            changed = {
                name: fields.get(name)
                for name in names
                if fields.get(name) != known.get(name)
            }
            yield _effect("changed", kind, _name(known), changed)
    for id, fields in before.items():
        if id not in after:
            yield _effect("deleted", kind, _name(fields), fields)


def _name(fields: ApiObject) -> object:
    return fields.get("name") or fields.get("email") or fields.get("first_name")


def _without_volatile(shown: ApiObject) -> ApiObject:
    return {name: value for name, value in shown.items() if name not in _VOLATILE}


def _accounts(world: World) -> dict[str, ApiObject]:
    found = world.accounts.items()
    return {email: _without_volatile(account.shown) for email, account in found}


def _campaigns(world: World) -> dict[str, ApiObject]:
    found = world.campaigns.items()
    return {id: _without_volatile(campaign.shown) for id, campaign in found}


def _lists(world: World) -> dict[str, ApiObject]:
    return {id: _without_volatile(shown) for id, shown in world.lists.items()}


def _leads(world: World, before: World) -> dict[str, ApiObject]:
    """Return the leads of a world, with the names that places had `before`.

    Otherwise renaming a list would be a change of all its leads.
    """
    places = {
        **_named(world.campaigns),
        **{id: shown["name"] for id, shown in (world.lists | before.lists).items()},
        **_named(before.campaigns),
    }
    return {id: _lead(lead, places) for id, lead in world.leads.items()}


def _named(campaigns: Mapping[str, Campaign]) -> dict[str, Json]:
    return {id: campaign.shown["name"] for id, campaign in campaigns.items()}


def _lead(lead: Lead, places: Mapping[str, Json]) -> ApiObject:
    """Return what clients may set of a lead, with the names of its places."""
    shown = lead.shown
    named = ("email", *FIELDS)
    fields = {name: shown[name] for name in named if shown.get(name) is not None}
    interest = shown.get("lt_interest_status")
    if interest != lead.replied_interest:
        fields["lt_interest_status"] = NO_INTEREST if interest is None else interest
    payload = shown.get("payload") or {}
    own = {
        name: value
        for name, value in payload.items()
        if name not in PAYLOAD_NAMES.values()
    }
    if own:
        fields["custom_variables"] = own
    for name, member in (("campaign", "campaign"), ("list", "list_id")):
        if shown.get(member) is not None:
            fields[name] = places.get(shown[member])
    return fields


def _read_mail(before: World, after: World) -> Iterator[ApiObject]:
    for id, mail in after.emails.items():
        known = before.emails.get(id)
        if known is not None and known["is_unread"] != mail["is_unread"]:
            fields = {"is_unread": mail["is_unread"]}
            yield _effect("changed", "email", mail["lead"], fields)


def _sent_mail(after: World) -> Iterator[ApiObject]:
    for entry in after.outbox:
        if entry["kind"] != _CAMPAIGN_MAIL:
            fields = {name: entry[name] for name in _SENT}
            yield _effect("sent", "email", entry["lead"], fields)


def _spent(before: World, after: World) -> Iterator[ApiObject]:
    amount = before.credits - after.credits
    if amount > 0:
        yield _effect("spent", "credits", None, {"amount": amount})
