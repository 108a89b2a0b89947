"""What follows from a write, found out so that its result can say so.

A campaign that is active writes to whoever joins it. That is no failure, but nobody
should learn it from the replies.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...._json_codec import Json, JsonObject
from ....api.errors import ApiError, Reason
from ....protocol.calls.call import Call
from ...results import Refusal
from ...workspace.context import Bench

ACTIVE = 1
NOT_KNOWN = (
    "This key may not read campaigns, so it is not known whether the campaign is "
    "active: an active one writes to these leads."
)


async def of_joining(bench: Bench, campaign_id: Json, call: Call) -> list[str]:
    """Return what leads that join a campaign should know; call it before they do.

    :raises ApiError: also when there is no such campaign: nothing was written yet.
    """
    if not campaign_id:
        return []
    try:
        campaign = await bench.fetch("getCampaign", {"id": campaign_id}, call)
    except ApiError as error:
        if error.reason is Reason.SCOPE_MISSING:
            return [NOT_KNOWN]
        if error.reason is Reason.BAD_ARGUMENT:
            raise Refusal(
                "bad_argument",
                "The campaign's id is none.",
                "Use an id that list_campaigns shows. Nothing was sent.",
            ) from error
        raise
    if campaign.get("status") != ACTIVE:
        return []
    named = campaign.get("name") or campaign_id
    return [
        f"The campaign {named} is active: it writes to these leads. "
        "pause_campaign stops it."
    ]


def of_changing(campaign: JsonObject) -> list[str]:
    """Return what follows from having changed a campaign."""
    if campaign.get("status") != ACTIVE:
        return []
    return ["The campaign is active: the change holds at once."]


def warned(result: JsonObject, warnings: Sequence[str]) -> JsonObject:
    """Return the result with its warnings, if there are any."""
    return {**result, "warnings": list(warnings)} if warnings else result
