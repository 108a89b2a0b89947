"""The steps and variants of a campaign."""

from __future__ import annotations

from collections.abc import Iterator

from ...._json_codec import JsonObject
from ..reply_values import as_list


def steps_of(campaign: JsonObject) -> list[JsonObject]:
    """Return the steps of the first sequence, the only one that Instantly uses."""
    sequences = as_list(campaign.get("sequences"))
    first = sequences[0] if sequences else None
    steps = first.get("steps") if isinstance(first, dict) else None
    return [step for step in as_list(steps) if isinstance(step, dict)]


def variants_in(step: JsonObject) -> Iterator[JsonObject]:
    """Yield the variants of a step that are not disabled."""
    for variant in as_list(step.get("variants")):
        if isinstance(variant, dict) and not variant.get("v_disabled"):
            yield variant
