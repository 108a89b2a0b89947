"""Change of a campaign's first mail; its follow-ups stay as they are."""

from __future__ import annotations

from ...._json_codec import Json, JsonObject
from ....catalog.index import BY_ID
from ...results import CallRefusedError
from ..mail.html import as_html, one_line
from .copy import sequence_of, steps_given
from .sequences import steps_of, variants_in
from .taken_members import taken_members


def with_first_mail(campaign: JsonObject, given: JsonObject) -> list[JsonObject]:
    """Return the campaign's ``sequences`` with another first mail.

    :param given: a ``subject``, a ``body``, or both.
    :raises CallRefusedError: when the first step has several variants, of which any
        could be meant, or when the mail would lack its subject or body.
    """
    steps = [_known(step) for step in steps_of(campaign)]
    if not steps:
        return sequence_of(steps_given(given))
    variants = list(variants_in(steps[0]))
    if len(variants) > 1:
        raise CallRefusedError(
            "several_variants",
            f"The first mail has {len(variants)} variants; subject and body cannot say "
            "which of them to change.",
            "Give steps, which replaces the whole sequence; get_campaign shows it.",
        )
    former = variants[0] if variants else {}
    kept = {name: former.get(name) or "" for name in ("subject", "body")}
    steps_given({**kept, **given})
    changed = {**former, **_formatted(given)}
    listed = steps[0]["variants"]
    kept_order = [changed if each is former else each for each in listed]
    first = {**steps[0], "variants": kept_order if variants else [changed, *listed]}
    return [{"steps": [first, *steps[1:]]}]


def _formatted(given: JsonObject) -> JsonObject:
    formed: dict[str, Json] = {}
    if "subject" in given:
        formed["subject"] = one_line(given["subject"])
    if "body" in given:
        formed["body"] = as_html(given["body"])
    return formed


def _known(step: JsonObject) -> JsonObject:
    """Return a step without members that the API shows but does not take."""
    sequence = BY_ID["patchCampaign"].by_name["sequences"].schema["items"]
    schema = sequence["properties"]["steps"]["items"]
    return {"type": "email", "delay": 0, **taken_members(step, schema, "variants")}
