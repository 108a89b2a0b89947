"""Adapts content blocks to the types that a revision has.

A block of a type that the revision lacks becomes a text block that describes it: a
strict client would reject the whole result because of one block of an unknown type.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..._json_codec import JsonObject
from .versions import Revision


def adapt_content(revision: Revision, blocks: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the blocks, with those that the revision lacks replaced by text."""
    lacking = revision.lacks_content
    if not lacking:
        return list(blocks)
    return [_in_words(each) if each["type"] in lacking else each for each in blocks]


def _in_words(block: JsonObject) -> JsonObject:
    if block["type"] == "resource_link":
        named = block.get("title") or block["name"]
        return {"type": "text", "text": f"{named}: {block['uri']}"}
    kind = f"{block['type']} ({block.get('mimeType', 'of unknown type')})"
    return {
        "type": "text",
        "text": f"Omitted, because this client does not support it: {kind}",
    }
