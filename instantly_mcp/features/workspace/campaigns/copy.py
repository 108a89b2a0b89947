"""Conversion of a tool's steps to the ``sequences`` of a campaign.

In the tool, a step's wait is the time *before* it is sent. In the API, a step's delay
is the time before the *next* step. No copy is ever made up: a step without a body is
refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...._json_codec import Json, JsonObject
from ...results import CallRefusedError
from ...untrusted.cleaning import PLACEHOLDER
from ..mail.html import as_html, one_line

DEFAULT_WAIT_DAYS = 3
LONG_SUBJECT_CHARACTERS = 50


def steps_given(given: JsonObject) -> list[JsonObject]:
    """Return the steps from ``steps``, or one step from ``subject`` and ``body``.

    :raises CallRefusedError: when both are given, or a step lacks its copy.
    """
    steps = list(given.get("steps") or ())
    short = "subject" in given or "body" in given
    if short and steps:
        raise CallRefusedError(
            "bad_argument",
            "Both steps and subject/body were given.",
            "Give either subject and body (one mail), or steps (the whole sequence).",
        )
    if not steps:
        steps = [{"subject": given.get("subject", ""), "body": given.get("body", "")}]
    for number, step in enumerate(steps, 1):
        _check(number, step)
    return steps


def sequence_of(steps: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the ``sequences`` member of a campaign."""
    made = []
    for place, step in enumerate(steps):
        following = steps[place + 1] if place + 1 < len(steps) else None
        made.append(
            {
                "type": "email",
                "delay": 0
                if following is None
                else following.get("wait", DEFAULT_WAIT_DAYS),
                "delay_unit": "days"
                if following is None
                else following.get("wait_unit", "days"),
                "variants": [_variant(each) for each in variants_of(step)],
            }
        )
    return [{"steps": made}]


def formatted(sequences: Json) -> Json:
    """Return the API's own ``sequences`` with every body as HTML."""
    if not isinstance(sequences, list):
        return sequences
    return [_with_html(sequence) for sequence in sequences]


def remarks(steps: Sequence[JsonObject]) -> list[str]:
    """Return remarks about copy that is allowed but probably not intended."""
    found = []
    for number, step in enumerate(steps, 1):
        for each in variants_of(step):
            subject = one_line(each.get("subject", ""))
            if len(subject) > LONG_SUBJECT_CHARACTERS:
                found.append(
                    f"Step {number}: a subject has {len(subject)} characters; most "
                    f"screens cut it after {LONG_SUBJECT_CHARACTERS}."
                )
    return found


def variants_of(step: JsonObject) -> list[JsonObject]:
    """Return the step and its A/B variants, which inherit its subject."""
    first = {"subject": step.get("subject", ""), "body": step.get("body", "")}
    others = step.get("variants", ())
    return [first, *({"subject": first["subject"], **each} for each in others)]


def require_whole(copy: Json, where: str) -> None:
    """Refuse copy that has what this server shows in the place of an image or link.

    A model that reads a campaign sees its copy cleaned. Written back as it was read,
    the note would be mailed, and the image would be lost.

    :param where: the place of the copy, for the message.
    :raises CallRefusedError: ``placeholder_in_copy``.
    """
    found = PLACEHOLDER.search(str(copy or ""))
    if found is not None:
        raise CallRefusedError(
            "placeholder_in_copy",
            f"{where} has {found[0]!r}, which get_campaign shows in the place of an "
            "image, a link or hidden text.",
            "Write that part again, or leave the copy of this step out. Nothing was "
            "changed.",
        )


def _check(number: int, step: JsonObject) -> None:
    for each in variants_of(step):
        require_whole(each.get("subject"), f"Step {number}")
        require_whole(each.get("body"), f"Step {number}")
        if not str(each.get("body", "")).strip():
            raise CallRefusedError(
                "missing_copy",
                f"Step {number} has no body.",
                "Write the copy of every step; the server never makes it up.",
            )
    if number > 1:
        return
    if step.get("wait"):
        raise CallRefusedError(
            "bad_argument",
            "The first step cannot have a wait.",
            "Give wait only to later steps; start_date sets when the campaign begins.",
        )
    if not all(one_line(str(each.get("subject", ""))) for each in variants_of(step)):
        raise CallRefusedError(
            "missing_copy",
            "The first step, or a variant of it, has no subject.",
            "Give it a subject; only follow-ups may leave it empty to join the thread.",
        )


def _variant(each: JsonObject) -> JsonObject:
    return {
        "subject": one_line(each.get("subject", "")),
        "body": as_html(each["body"]),
    }


def _with_html(sequence: Json) -> Json:
    if not isinstance(sequence, dict):
        return sequence
    return {
        **sequence,
        "steps": [
            {**step, "variants": [_htmlized(v) for v in step.get("variants", ())]}
            if isinstance(step, dict)
            else step
            for step in sequence.get("steps", ())
        ],
    }


def _htmlized(variant: Json) -> Json:
    if not isinstance(variant, dict) or not isinstance(variant.get("body"), str):
        return variant
    require_whole(variant.get("subject"), "A subject")
    require_whole(variant["body"], "A body")
    return {**variant, "body": as_html(variant["body"])}
