"""A preview as text: for a form that a person sees, and for a result.

The person sees every character that would be sent, also what a mail program hides: such
characters and markup are made visible, never removed. A result is read by a model, so
it has the cleaned text.
"""

from __future__ import annotations

from ...._json_codec import Json, JsonObject
from ...._visible_text import visible, visible_line
from ....access.preview import Preview
from ...untrusted.cleaning import cleaned
from ...untrusted.marking import quoted_line

MAX_FACT = 2_000
"""Most characters of one fact that a form or a result shows."""

MAX_UNTRUSTED = 10_000
"""Most characters of one text by others or by the model."""


def line(text: Json, longest: int = 200) -> str:
    """Return text in one line in which everything is visible, for a fact."""
    given = "" if text is None else str(text)
    return " ".join(visible_line(given, longest).split())


def form_text(preview: Preview) -> str:
    """Return a preview as the plain text of a form.

    Text by others is indented, so that it cannot be taken for a fact.
    """
    lines = [preview.title, ""]
    lines += [f"{label}: {_inert(visible_line(text))}" for label, text in preview.facts]
    for label, text in preview.untrusted:
        lines += ["", f"{label} (as it is, with \u2039 for <):"]
        shown = _inert(visible(text, MAX_UNTRUSTED))
        lines += [f"  | {each}" for each in shown.split("\n")]
    return "\n".join(lines)


def _inert(text: str) -> str:
    """Return text that a client shows as text, and neither renders nor fetches."""
    return text.replace("<", "\u2039").replace("![", "! [")


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
