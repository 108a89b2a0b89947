"""update_campaign: change what is given, and keep the rest of schedule and copy."""

from __future__ import annotations

from collections.abc import Sequence

from ...._json_codec import Json, JsonObject
from ....api.errors import ApiError, Reason
from ....protocol.calls.call import Call
from ...results import message_of
from ...workspace.campaigns.copy import formatted, remarks, sequence_of, steps_given
from ...workspace.campaigns.first_mail import with_first_mail
from ...workspace.campaigns.old_sequences import with_steps
from ...workspace.campaigns.schedule import (
    ARGUMENTS,
    WINDOW_DEFAULTS,
    PlacedSchedule,
    changed_schedule,
    placed_schedule,
)
from ...workspace.campaigns.sequences import steps_of
from ...workspace.context import FeatureContext
from ...workspace.views.campaigns import campaign_brief
from .campaign_forms import TOOL_ARGUMENTS, only_one_form, without_forms
from .preflight_guard import guard_running_copy, hurried
from .warnings import warnings_for_change, with_warnings


async def update_campaign(
    context: FeatureContext, given: JsonObject, call: Call
) -> Json:
    """Change a campaign; report the changed settings and the zones that are used.

    The campaign is read first if a part of its schedule or its copy is to change. The
    new copy of a running campaign is checked as before a start.

    :raises ApiError: when the campaign cannot be read or changed.
    :raises CallRefusedError: when an argument is not valid, or could mean one of
        several windows or variants, or when the new copy must not be sent.
    """
    changed = sorted(TOOL_ARGUMENTS.get(name, name) for name in given if name != "id")
    given = with_steps(given)
    only_one_form(given)
    patch = without_forms(given)
    sequences, notes = _whole_copy(given)
    placed = _whole_schedule(context, given)
    warnings: list[str] = []
    if _needs_the_campaign(given, sequences):
        reading = hurried(context, call)
        campaign, warnings = await _campaign(context, given, reading)
        if any(name in given for name in ARGUMENTS):
            placed = changed_schedule(context.timezones, campaign, given)
            notes += _zone_note(given, placed)
        if sequences is None and ("subject" in given or "body" in given):
            sequences = with_first_mail(campaign, given)
            notes.append(_kept_note(sequences))
        if sequences is not None:
            warnings += await guard_running_copy(context, campaign, sequences, reading)
    if sequences is not None:
        patch["sequences"] = sequences
    if placed is not None:
        patch["campaign_schedule"] = placed.schedule
    campaign = await context.fetch("patchCampaign", patch, call)
    result: dict[str, Json] = {"campaign": campaign_brief(campaign), "changed": changed}
    if placed is not None:
        result |= placed.as_object()
    if notes:
        result["remarks"] = notes
    return with_warnings(result, [*warnings_for_change(campaign), *warnings])


def _needs_the_campaign(given: JsonObject, sequences: Json) -> bool:
    return sequences is not None or _changes_a_part(given)


def _changes_a_part(given: JsonObject) -> bool:
    parts: Sequence[str] = (*ARGUMENTS, "subject", "body")
    return any(name in given for name in parts)


async def _campaign(
    context: FeatureContext, given: JsonObject, call: Call
) -> tuple[JsonObject, list[str]]:
    """Read the campaign as it is.

    :returns: an empty one, with a warning, if this key may not read it and the change
        does not depend on it.
    :raises ApiError: when it cannot be read.
    """
    id = given["id"]
    try:
        return await context.fetch("getCampaign", {"id": id}, call), []
    except ApiError as error:
        if error.reason is not Reason.SCOPE_MISSING or _changes_a_part(given):
            raise
        return {}, [f"The new copy was not checked: {message_of(error)}"]


def _whole_copy(given: JsonObject) -> tuple[Json, list[str]]:
    """Return the sequences if they are replaced as a whole, and remarks about them."""
    if "sequences" in given:
        return formatted(given["sequences"]), []
    if not given.get("steps"):
        return None, []
    steps = steps_given(given)
    note = f"The whole sequence was replaced: it now has {_counted(len(steps))}."
    return sequence_of(steps), [note, *remarks(steps)]


def _whole_schedule(
    context: FeatureContext, given: JsonObject
) -> PlacedSchedule | None:
    if "campaign_schedule" not in given:
        return None
    return placed_schedule(context.timezones, given["campaign_schedule"])


def _zone_note(given: JsonObject, placed: PlacedSchedule) -> list[str]:
    if given.get("timezone") or not any(name in given for name in WINDOW_DEFAULTS):
        return []
    zone = placed.placements[0].asked
    return [f"The times are in the zone that the campaign has: {zone}."]


def _kept_note(sequences: Sequence[JsonObject]) -> str:
    others = len(steps_of({"sequences": sequences})) - 1
    return f"Only the first mail was changed; {_counted(others)} after it stay."


def _counted(steps: int) -> str:
    return f"{steps} step" if steps == 1 else f"{steps} steps"
