"""update_campaign: change a campaign, with time zones mapped and bodies as HTML."""

from __future__ import annotations

from ...._json_codec import Json, JsonObject
from ....protocol.calls.call import Call
from ...workspace.campaign_copy import formatted
from ...workspace.context import FeatureContext
from ...workspace.timezones import MappedWindow
from .create_campaign import brief
from .warnings import warnings_for_change, with_warnings


async def update_campaign(
    context: FeatureContext, given: JsonObject, call: Call
) -> Json:
    """Change a campaign; report the changed settings and the zones that are used."""
    patch = dict(given)
    placements: list[MappedWindow] = []
    if "campaign_schedule" in patch:
        patch["campaign_schedule"] = _placed(
            context, patch["campaign_schedule"], placements
        )
    if "sequences" in patch:
        patch["sequences"] = formatted(patch["sequences"])
    campaign = await context.fetch("patchCampaign", patch, call)
    result: dict[str, Json] = {
        "campaign": brief(campaign),
        "changed": sorted(name for name in given if name != "id"),
    }
    if placements:
        result["timezones"] = [each.as_object() for each in placements]
    return with_warnings(result, warnings_for_change(campaign))


def _placed(
    context: FeatureContext, schedule: Json, placements: list[MappedWindow]
) -> Json:
    windows = []
    for each in schedule["schedules"]:
        timing = each["timing"]
        window = context.timezones.map_window(
            each["timezone"], timing["from"], timing["to"]
        )
        placements.append(window)
        moved = {"from": window.start, "to": window.end}
        windows.append({**each, "timing": moved, "timezone": window.used})
    return {**schedule, "schedules": windows}
