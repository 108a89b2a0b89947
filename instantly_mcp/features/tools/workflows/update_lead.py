"""update_lead: change a lead, with custom variables merged into the existing ones."""

from __future__ import annotations

from ...._json_codec import Json, JsonObject
from ....protocol.calls.call import Call
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


async def update_lead(context: FeatureContext, given: JsonObject, call: Call) -> Json:
    """Change a lead; variables that are not named are kept.

    The API would replace all of them, so they are read first.
    """
    patch = dict(given)
    if isinstance(patch.get("custom_variables"), dict):
        lead = await context.fetch("getLead", {"id": given["id"]}, call)
        patch["custom_variables"] = {
            **_variables(lead),
            **patch["custom_variables"],
        }
    return WRITTEN_LEAD(await context.fetch("patchLead", patch, call))


def _variables(lead: JsonObject) -> JsonObject:
    payload = lead.get("payload")
    if not isinstance(payload, dict):
        return {}
    return {
        name: value
        for name, value in payload.items()
        if name not in OWN_FIELDS and not isinstance(value, dict | list)
    }
