"""The tags around untrusted text in a response, and how they leave the arguments.

``<u482>…</u482>``: a letter and digits that are chosen for each response, so that the
text has them nowhere. Three digits cost a model the fewest tokens. HTML has no such
tags.

A model that passes a value on may pass its tags as well: they are removed from all
arguments.
"""

from __future__ import annotations

import re

from ..._json_codec import Json

FENCE = re.compile(r"</?u[0-9]{3,12}>")


def has_fences(encoded: bytes) -> bool:
    """Return whether arguments, encoded as JSON, may have tags."""
    return b"<u" in encoded or b"</u" in encoded


def without_fences(value: Json) -> Json:
    """Return a value without the tags of untrusted text, names included."""
    if isinstance(value, str):
        return FENCE.sub("", value)
    if isinstance(value, dict):
        return {without_fences(k): without_fences(v) for k, v in value.items()}
    if isinstance(value, list):
        return [without_fences(each) for each in value]
    return value
