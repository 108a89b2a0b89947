"""update_lead: change a lead, with custom variables merged into the existing ones."""

from __future__ import annotations

from ...._json_codec import Json, JsonObject
from ....protocol.calls.call import Call
from ...results import CallRefusedError
from ...workspace.context import FeatureContext
from ...workspace.views.leads import WRITTEN_LEAD

OWN_FIELDS = frozenset(
    {
        "email",
        "firstName",
        "lastName",
        "companyName",
        "jobTitle",
        "website",
        "phone",
        "personalization",
    }
)
"""Members of a lead's payload that are fields of the lead, not variables."""

RESET_STARTED = (
    "Instantly resets the interest status in a moment; get_lead shows when it is done."
)


async def update_lead(context: FeatureContext, given: JsonObject, call: Call) -> Json:
    """Change a lead; variables that are not named are kept.

    The API would replace all variables, so they are read first. It resets the interest
    status with an operation of its own, which needs the address.

    :raises CallRefusedError: before anything is changed, when the interest status of a
        lead without an address is to be reset.
    """
    patch = dict(given)
    resets = "lt_interest_status" in patch and patch["lt_interest_status"] is None
    lead: JsonObject = {}
    if resets or isinstance(patch.get("custom_variables"), dict):
        lead = await context.fetch("getLead", {"id": given["id"]}, call)
    if resets:
        del patch["lt_interest_status"]
        _require_address(lead)
    if isinstance(patch.get("custom_variables"), dict):
        patch["custom_variables"] = {**_variables(lead), **patch["custom_variables"]}
    if set(patch) > {"id"}:
        if resets:
            also = ("updateLeadInterestStatus",)
            await context.agree("patchLead", patch, call, also)
        lead = {**lead, **await context.fetch("patchLead", patch, call)}
    if not resets:
        return WRITTEN_LEAD(lead)
    await context.execute("updateLeadInterestStatus", _reset_of(lead), call)
    shown = {n: v for n, v in lead.items() if n != "lt_interest_status"}
    return {**WRITTEN_LEAD(shown), "next": RESET_STARTED}


def _require_address(lead: JsonObject) -> None:
    if not lead.get("email"):
        raise CallRefusedError(
            "bad_argument",
            "The lead has no address, so its interest status cannot be reset.",
            "Set lt_interest_status to another value. Nothing was changed.",
        )


def _reset_of(lead: JsonObject) -> JsonObject:
    """Return the request that resets this lead, and not others with its address."""
    request: dict[str, Json] = {"lead_email": lead["email"], "interest_value": None}
    if lead.get("campaign"):
        request["campaign_id"] = lead["campaign"]
    elif lead.get("list_id"):
        request["list_id"] = lead["list_id"]
    return request


def _variables(lead: JsonObject) -> JsonObject:
    payload = lead.get("payload")
    if not isinstance(payload, dict):
        return {}
    return {
        name: value
        for name, value in payload.items()
        if name not in OWN_FIELDS and not isinstance(value, dict | list)
    }
