"""Limits writes to some campaigns: those that the operator names, or all but those.

A write names campaigns by parameters whose names and places the API uses in the same
way everywhere, so operations that are added later need no table here: a campaign id in
``campaign``, ``campaign_id``, ``to_campaign_id`` and the like, and in the path
``/campaigns/{id}``. Others name a lead, a mail or a list, which belongs to a campaign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

from attrs import field, frozen

from .._json_codec import Json, JsonObject
from .._object_ids import plain_id
from ..catalog.operation import Operation
from .refusal import AccessRefusedError, ask_operator

MAX_NAMED = 20
"""Most objects of one write whose campaigns are looked up."""

_CAMPAIGN = re.compile(r"(?:.*_)?campaigns?(?:_ids?)?")


class NamedKind(Enum):
    """What an id in a write is the id of.

    :cvar RESOURCE: a campaign or a lead list.
    :cvar UNKNOWN: something of which no campaign can be looked up.
    """

    CAMPAIGN = "campaign"
    LEAD = "lead"
    EMAIL = "email"
    RESOURCE = "resource"
    UNKNOWN = "unknown"


@frozen
class NamedThing:
    """An object that a write names."""

    kind: NamedKind
    id: str = ""


UNKNOWN = NamedThing(NamedKind.UNKNOWN)


def _plain(said: Iterable[str]) -> frozenset[str]:
    return frozenset(map(plain_id, said))


@frozen(kw_only=True)
class CampaignLimits:
    """The campaigns that writes may touch.

    :param allow: ids and exact names; if there are any, only these may be touched.
    :param deny: ids and exact names that may not be touched.
    """

    allow: frozenset[str] = field(default=frozenset(), converter=_plain)
    deny: frozenset[str] = field(default=frozenset(), converter=_plain)

    @property
    def limits(self) -> bool:
        """Whether there is any limit."""
        return bool(self.allow or self.deny)

    def require_permitted(self, id: str, name: str | None) -> None:
        """Check a campaign.

        :param name: its name; ``None`` if it cannot be read.
        :raises AccessRefusedError: when it may not be touched, or when that is not
            known.
        """
        known = {plain_id(id)} if name is None else {plain_id(id), name}
        if known & self.deny or (self.allow and not known & self.allow):
            raise _refusal("The operator does not permit changes of this campaign.")
        if name is None and self.deny:
            raise not_known()

    def require_other_name(self, name: str) -> None:
        """Check the name that a write gives to a campaign.

        A campaign with a name of these lists would be taken for another one.

        :raises AccessRefusedError: when the name is in a list.
        """
        if name in self.allow | self.deny:
            raise _refusal("The operator reserves this name for another campaign.")


def not_known() -> AccessRefusedError:
    """Return the refusal of a write of which no campaign can be found out."""
    return _refusal(
        "The operator limits changes to some campaigns, and it cannot be found out "
        "which campaigns this would change."
    )


def _refusal(what: str) -> AccessRefusedError:
    return ask_operator(what)


def given_name(operation: Operation, arguments: JsonObject) -> str | None:
    """Return the name that a write gives to a campaign, if it does."""
    name = arguments.get("name")
    names = "/campaigns" in operation.path and "name" in operation.by_name
    return name if names and isinstance(name, str) else None


def named_by(operation: Operation, arguments: JsonObject) -> Sequence[NamedThing]:
    """Return the objects of a write that are campaigns or may belong to one.

    `UNKNOWN` stands for what cannot be listed.
    """
    found = tuple(dict.fromkeys(_named(operation, arguments)))
    return found if len(found) <= MAX_NAMED else (UNKNOWN,)


def _named(operation: Operation, arguments: JsonObject) -> Iterator[NamedThing]:
    campaigns = list(_campaigns(operation, arguments))
    yield from campaigns
    path = operation.path
    if "/leads/{id}" in path:
        yield from _things(NamedKind.LEAD, arguments.get("id"))
    elif "/leads" in path and not _has_source(arguments):
        yield from _selected_leads(operation, arguments)
    yield from _things(NamedKind.EMAIL, arguments.get("reply_to_uuid"))
    yield from _things(NamedKind.RESOURCE, arguments.get("resource_id"))


def _campaigns(operation: Operation, arguments: JsonObject) -> Iterator[NamedThing]:
    for name in operation.by_name:
        in_path = name == "id" and "/campaigns/{id}" in operation.path
        if in_path or _CAMPAIGN.fullmatch(name):
            yield from _things(NamedKind.CAMPAIGN, arguments.get(name))


def _has_source(arguments: JsonObject) -> bool:
    return any(arguments.get(name) for name in ("campaign", "campaign_id", "list_id"))


def _selected_leads(
    operation: Operation, arguments: JsonObject
) -> Iterator[NamedThing]:
    """Yield the leads that are selected in no campaign or list."""
    if arguments.get("ids"):
        yield from _things(NamedKind.LEAD, arguments["ids"])
    elif "search" in operation.by_name or arguments.get("lead_email"):
        yield UNKNOWN


def _things(kind: NamedKind, value: Json) -> Iterator[NamedThing]:
    if isinstance(value, str) and value:
        yield NamedThing(kind, value)
    elif isinstance(value, list):
        for each in value[: MAX_NAMED + 1]:
            yield from _things(kind, each)
