"""Content blocks as each revision knows them.

What a revision lacks becomes a sentence that says what would stand there: a strict
client would refuse the whole result for one block of an unknown type.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..._json import JsonObject
from .versions import Revision


def known_to(revision: Revision, blocks: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the blocks in the words of a revision."""
    lacking = revision.lacks_content
    if not lacking:
        return list(blocks)
    return [_in_words(each) if each["type"] in lacking else each for each in blocks]


def _in_words(block: JsonObject) -> JsonObject:
    if block["type"] == "resource_link":
        named = block.get("title") or block["name"]
        return {"type": "text", "text": f"{named}: {block['uri']}"}
    kind = f"{block['type']} ({block.get('mimeType', 'of unknown type')})"
    return {"type": "text", "text": f"Left out, this client cannot take it: {kind}"}
