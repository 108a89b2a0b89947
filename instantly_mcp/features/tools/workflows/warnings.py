"""Warnings about the consequences of a write.

An active campaign sends mail to every lead that joins it. That is not an error, but
the caller should know it before the first replies arrive.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...._json_codec import Json, JsonObject
from ....api.errors import ApiError, Reason
from ....protocol.calls.call import Call
from ...results import CallRefusedError
from ...untrusted.marking import quoted_line
from ...workspace.context import FeatureContext

ACTIVE_STATUS = 1
"""The API's code of an active campaign."""

VERIFY_FLAGS = ("verify_leads_on_import", "verify_leads_for_lead_finder")
"""Either flag verifies the address of a new lead, which costs a credit."""

STATUS_UNKNOWN = (
    "This key may not read campaigns, so it is not known whether the campaign is "
    "active. An active campaign mails these leads."
)


async def warnings_for_joining(
    context: FeatureContext, campaign_id: Json, call: Call
) -> list[str]:
    """Return warnings for leads that will join a campaign; call it before the write.

    :param campaign_id: the campaign, or ``None`` for another destination.
    :raises ApiError: when the campaign cannot be read, or does not exist.
    :raises CallRefusedError: when the id is not valid.
    """
    if not campaign_id:
        return []
    try:
        campaign = await context.fetch("getCampaign", {"id": campaign_id}, call)
    except ApiError as error:
        if error.reason is Reason.SCOPE_MISSING:
            return [STATUS_UNKNOWN]
        if error.reason is Reason.BAD_ARGUMENT:
            raise CallRefusedError(
                "bad_argument",
                "The campaign id is not valid.",
                "Use an id that list_campaigns shows. Nothing was sent.",
            ) from error
        raise
    if campaign.get("status") != ACTIVE_STATUS:
        return []
    named = quoted_line(campaign.get("name") or campaign_id)
    return [
        f"The campaign {named} is active: it mails these leads. "
        "pause_campaign stops it."
    ]


def warnings_for_verification(given: JsonObject, added: int) -> list[str]:
    """Return a warning about credits, if added leads are verified.

    :param given: the arguments, with the flags that verify new leads.
    """
    if not added or not any(given.get(flag) for flag in VERIFY_FLAGS):
        return []
    return [f"Instantly verifies the added addresses: {added} credits at most."]


def warnings_for_change(campaign: JsonObject) -> list[str]:
    """Return warnings about a campaign that was changed."""
    if campaign.get("status") != ACTIVE_STATUS:
        return []
    return ["The campaign is active: the change takes effect at once."]


def with_warnings(result: JsonObject, warnings: Sequence[str]) -> JsonObject:
    """Return the result with its warnings, if there are any."""
    return {**result, "warnings": list(warnings)} if warnings else result
