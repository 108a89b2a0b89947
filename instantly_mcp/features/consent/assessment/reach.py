"""Whether a write reaches a campaign that sends mail now, or a list that enriches."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, field, frozen

from ...._json_codec import Json, JsonObject
from ....api.errors import ApiError, Reason
from ....catalog.operation import Operation, Through
from ....protocol.calls.call import Call
from ...workspace.context import FeatureContext
from ...workspace.reply_values import as_list, as_object

SURELY_IDLE = frozenset({0, 2})
"""The status codes draft and paused. Only a person starts such a campaign.

Any other status counts as sending: a completed campaign goes on when leads join it
(``is_evergreen``), and one that Instantly stopped may be resumed by Instantly.
"""

MAX_MAPPED = 100
"""Campaigns of an account that one call reads."""


@frozen(kw_only=True)
class Reach:
    """What a write reaches.

    :param sends: the write has the class SENDS for that reason: a campaign sends, or
        it is not known whether one does.
    :param campaigns: the campaigns as they were read, by id; empty if unreadable.
    :param enriches: the write has the class SPENDS, because each lead that it adds to a
        list is enriched for credits, or because the list cannot be read.
    """

    sends: bool = False
    campaigns: Mapping[str, JsonObject] = field(factory=dict)
    enriches: bool = False


NOWHERE = Reach()
UNKNOWN = Reach(sends=True)


async def reach_of(
    context: FeatureContext, operation: Operation, arguments: JsonObject, call: Call
) -> Reach:
    """Read what a write reaches.

    :raises ApiError: when the object does not exist: the write cannot succeed.
    """
    reach = await _mail_reach(context, operation, arguments, call)
    if await _enriches(context, operation, arguments, call):
        return evolve(reach, enriches=True)
    return reach


async def _enriches(
    context: FeatureContext, operation: Operation, arguments: JsonObject, call: Call
) -> bool:
    named = operation.spends_if_enriching
    id = arguments.get(named) if named else None
    if not id:
        return False
    try:
        found = await _read(context, "getLeadList", {"id": str(id)}, call)
    except ApiError as error:
        if error.reason in (Reason.NOT_FOUND, Reason.BAD_ARGUMENT):
            raise
        return True
    return bool(found.get("has_enrichment_task"))


async def _mail_reach(
    context: FeatureContext, operation: Operation, arguments: JsonObject, call: Call
) -> Reach:
    through = operation.sends_if_active
    name = None if through is None else arguments.get(through.parameter)
    if through is None or not name or not _concerns(through, arguments):
        return NOWHERE
    reader = _READERS.get(through.kind)
    if reader is None:
        return UNKNOWN
    try:
        return await reader(context, str(name), call)
    except ApiError as error:
        if error.reason in (Reason.NOT_FOUND, Reason.BAD_ARGUMENT):
            raise
        return UNKNOWN


def _concerns(through: Through, arguments: JsonObject) -> bool:
    """Say whether a call changes something that a campaign uses."""
    return not through.by or any(given in arguments for given in through.by)


async def _through_campaign(context: FeatureContext, id: str, call: Call) -> Reach:
    campaign = await _read(context, "getCampaign", {"id": id}, call)
    return Reach(sends=_may_send(campaign.get("status")), campaigns={id: campaign})


async def _through_lead(context: FeatureContext, id: str, call: Call) -> Reach:
    lead = await _read(context, "getLead", {"id": id}, call)
    if not lead.get("id"):
        return UNKNOWN
    campaign = lead.get("campaign")
    if not campaign:
        return NOWHERE
    try:
        return await _through_campaign(context, str(campaign), call)
    except ApiError:
        return UNKNOWN


async def _through_account(context: FeatureContext, email: str, call: Call) -> Reach:
    rows = await _mapped(context, email, call)
    if rows == []:
        # An address can be given in other letters than Instantly keeps it in.
        account = await _read(context, "getAccount", {"email": email}, call)
        kept = str(account.get("email") or email)
        rows = [] if kept == email else await _mapped(context, kept, call)
    if rows is None:
        return UNKNOWN
    found = {
        str(row.get("campaign_id")): {**row, "name": row.get("campaign_name")}
        for row in rows
        if _may_send(row.get("status"))
    }
    return Reach(sends=bool(found) or len(rows) >= MAX_MAPPED, campaigns=found)


async def _mapped(
    context: FeatureContext, email: str, call: Call
) -> list[JsonObject] | None:
    """Return the campaigns of an account; ``None`` if the reply does not say it."""
    asked = {"email": email, "limit": MAX_MAPPED}
    reply = await _read(context, "getAccountCampaignMapping", asked, call)
    if not isinstance(reply.get("items"), list):
        return None
    return [row for row in as_list(reply["items"]) if isinstance(row, dict)]


_READERS = {
    "campaign": _through_campaign,
    "lead": _through_lead,
    "account": _through_account,
}
"""How each kind of `catalog.operation.Through` is read."""


async def _read(
    context: FeatureContext, operation_id: str, arguments: JsonObject, call: Call
) -> JsonObject:
    return as_object(await context.look_up(operation_id, arguments, call))


def _may_send(status: Json) -> bool:
    if isinstance(status, bool) or not isinstance(status, int):
        return True
    return status not in SURELY_IDLE
