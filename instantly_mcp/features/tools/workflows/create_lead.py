"""create_lead: add one lead that is complete enough for its destination.

Instantly answers with the existing lead if the address is in the destination already
(or where a ``skip_if_in_…`` flag looks), and changes nothing. Its reply does not say
so, but shows it: the lead is older than the call, has other values, or was returned
before.
"""

from __future__ import annotations

from datetime import datetime

from ...._json_codec import Json, JsonObject
from ....protocol.calls.call import Call
from ...results import CallRefusedError
from ...workspace.context import FeatureContext
from ...workspace.mail.addresses import checked_address
from ...workspace.views.leads import WRITTEN_LEAD
from .lead_rows import NEEDED
from .warnings import (
    warnings_for_joining,
    warnings_for_verification,
    with_warnings,
)

CLOCK_TOLERANCE_SECONDS = 60.0
"""How far this server's clock may be ahead of Instantly's."""

COMPARED = (
    *("first_name", "last_name", "company_name", "job_title"),
    *("personalization", "pl_value_lead"),
)
"""Members that a new lead has as they were given; others may be normalized."""


async def create_lead(context: FeatureContext, given: JsonObject, call: Call) -> Json:
    """Create the lead, and say whether it existed already.

    :raises CallRefusedError: before anything is sent, when it is incomplete.
    """
    lead = _complete(given)
    warnings = await warnings_for_joining(context, lead.get("campaign"), call)
    asked_at = context.wall()
    reply = await context.fetch("createLead", lead, call)
    different = [name for name in COMPARED if _differs(lead.get(name), reply.get(name))]
    principal = call.caller.principal
    known = context.created_leads.record(principal, str(reply.get("id")))
    existed = known or bool(different) or _is_older(reply, asked_at)
    shown = {**WRITTEN_LEAD(reply), "existed": existed}
    if not existed:
        warnings += warnings_for_verification(lead, 1 if lead.get("email") else 0)
        return with_warnings(shown, warnings)
    if different:
        shown["not_changed"] = different
    return with_warnings(shown, [_existed(lead, reply)])


def _complete(given: JsonObject) -> JsonObject:
    """Return the lead with a checked address."""
    if given.get("campaign") and given.get("list_id"):
        raise CallRefusedError(
            "bad_argument",
            "Both campaign and list_id were given.",
            "Give only one of campaign and list_id.",
        )
    lead = dict(given)
    if str(lead.get("email") or "").strip():
        lead["email"] = checked_address(lead["email"], "email")
    enough = NEEDED["campaign_id" if lead.get("campaign") else "list_id"]
    if not any(str(lead.get(name) or "").strip() for name in enough):
        raise CallRefusedError(
            "incomplete_leads",
            "The lead lacks " + " or ".join(enough) + ".",
            "In a campaign a lead needs an email; in a list an email or a name.",
        )
    return lead


def _differs(given: Json, stored: Json) -> bool:
    if not isinstance(given, str) or not isinstance(stored, str):
        return False
    return stored.strip() != given.strip()


def _is_older(lead: JsonObject, asked_at: float) -> bool:
    try:
        created = datetime.fromisoformat(str(lead.get("timestamp_created")))
        return created.timestamp() < asked_at - CLOCK_TOLERANCE_SECONDS
    except (ValueError, OverflowError):
        return False


def _existed(asked: JsonObject, lead: JsonObject) -> str:
    """Return what to say about a lead that existed, perhaps in another place."""
    for name in ("campaign", "list_id"):
        wanted, here = asked.get(name), lead.get(name)
        if wanted and here != wanted:
            return (
                "This lead exists elsewhere in the workspace and was not added: "
                f"{name} {wanted} does not have it."
            )
    return "This lead existed already and was not changed. update_lead changes it."
