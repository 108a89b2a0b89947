"""A preview as text: for a form that a person sees, and for a result."""

from __future__ import annotations

from ...._json_codec import Json, JsonObject
from ....access.preview import Preview
from ...untrusted.cleaning import cleaned
from ...untrusted.marking import quoted_line

MAX_FACT = 2_000
"""Most characters of one fact that a form or a result shows."""

MAX_UNTRUSTED = 10_000
"""Most characters of one text by others or by the model."""


def line(text: Json, longest: int = 200) -> str:
    """Return text in one line without anything invisible, for a fact."""
    given = "" if text is None else str(text)
    return " ".join(cleaned(given, longest).split())


def form_text(preview: Preview) -> str:
    """Return a preview as the plain text of a form.

    Text by others is indented, so that it cannot be taken for a fact.
    """
    lines = [preview.title, ""]
    lines += [f"{label}: {line(text, MAX_FACT)}" for label, text in preview.facts]
    for label, text in preview.untrusted:
        lines += ["", f"{label} (exactly as it is):"]
        lines += [f"  | {each}" for each in cleaned(text, MAX_UNTRUSTED).split("\n")]
    return "\n".join(lines)


def result_object(preview: Preview) -> JsonObject:
    """Return a preview as a member of a result, with what others wrote marked."""
    shown: dict[str, Json] = {
        "says": preview.title,
        "shows": [
            f"{label}: {quoted_line(text, MAX_FACT)}" for label, text in preview.facts
        ],
    }
    if preview.untrusted:
        shown["texts"] = [
            {"says": label, "text": cleaned(text, MAX_UNTRUSTED)}
            for label, text in preview.untrusted
        ]
    return shown
