"""create_lead: add one lead that is complete enough for its destination."""

from __future__ import annotations

from ...._json_codec import Json, JsonObject
from ....protocol.calls.call import Call
from ...results import CallRefusedError
from ...workspace.addresses import checked_address
from ...workspace.context import FeatureContext
from ...workspace.views.leads import WRITTEN_LEAD
from .warnings import warnings_for_joining, with_warnings


async def create_lead(context: FeatureContext, given: JsonObject, call: Call) -> Json:
    """Create the lead.

    :raises CallRefusedError: before anything is sent, when it is incomplete.
    """
    if given.get("campaign") and given.get("list_id"):
        raise CallRefusedError(
            "bad_argument",
            "Both campaign and list_id were given.",
            "Give only one of campaign and list_id.",
        )
    lead = dict(given)
    if str(lead.get("email") or "").strip():
        lead["email"] = checked_address(lead["email"], "email")
    enough = (
        ("email",) if lead.get("campaign") else ("email", "first_name", "last_name")
    )
    if not any(str(lead.get(name) or "").strip() for name in enough):
        raise CallRefusedError(
            "incomplete_leads",
            "The lead lacks " + " or ".join(enough) + ".",
            "In a campaign a lead needs an email; in a list an email or a name.",
        )
    warnings = await warnings_for_joining(context, lead.get("campaign"), call)
    return with_warnings(
        WRITTEN_LEAD(await context.fetch("createLead", lead, call)), warnings
    )
