"""Renders lists and tool results for a revision, without what the revision lacks.

A list that fits on one page is encoded once per revision and served as bytes. Callers
with fewer rights see another list, which is encoded once as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ..._json_codec import Encoded, Json, JsonObject, ascii_dumps, dumps
from ..wire.content import adapt_content
from ..wire.cursor import Pager
from ..wire.versions import Revision
from .tool import Tool, ToolResult, text

Item = TypeVar("Item")

MAX_ENCODED = 64
"""How many encoded lists are kept; a list of tools has about 40 kB.

The one that was not used for the longest time is dropped.
"""


def describe_tool(tool: Tool, revision: Revision) -> JsonObject:
    """Return the tool's entry in ``tools/list`` for one revision.

    The title is a member of the tool. Revision 2025-03-26 has it among the hints only;
    there it takes second place in newer ones, where sending it twice costs tokens.
    """
    entry: dict[str, Json] = {"name": tool.name}
    if revision.structured:
        entry["title"] = tool.title
    entry["description"] = tool.description
    entry["inputSchema"] = tool.input_schema
    output = tool.output_schema
    if output is not None and _may_be_structured(output.get("type"), revision):
        entry["outputSchema"] = output
    if revision.annotations:
        hints = tool.annotations.as_object()
        titled = "title" in entry
        entry["annotations"] = hints if titled else {"title": tool.title, **hints}
    return entry


def describe_tool_with_card(tool: Tool, revision: Revision) -> JsonObject:
    """Return the tool's entry for a client that shows cards.

    Pages may not call the tool, only the model may. A revision without structured
    content has no data for a card, and so gets none.
    """
    entry = describe_tool(tool, revision)
    if tool.card is None or not _may_be_structured("object", revision):
        return entry
    card = {"resourceUri": tool.card, "visibility": ["model"]}
    return {**entry, "_meta": {"ui": card}}


class Listing:
    """Renders pages of lists, and keeps the encoded form of lists with one page."""

    def __init__(self, pager: Pager) -> None:
        self._pager = pager
        self._encoded: dict[
            tuple[str, str, bool, int, object], tuple[Sequence[object], Encoded]
        ] = {}

    def page(
        self,
        kind: str,
        items: Sequence[Item],
        revision: Revision,
        cursor: Json,
        describe: Callable[[Item, Revision], JsonObject],
    ) -> dict[str, Json]:
        """Return one page as ``{kind: […], nextCursor?}``.

        :param kind: the name of the list in the result.
        :param items: the whole list; the same object as long as it has not changed.
        :param cursor: the ``cursor`` of the request; ``None`` for the first page.
        :param describe: returns the entry of one item; the same function for the same
            entries, by which they are kept.
        :raises ProtocolError: -32602 if this server did not issue the cursor.
        """
        if cursor is None and len(items) <= self._pager.size:
            return {kind: self._whole(kind, items, revision, describe)}
        part, following = self._pager.page(kind, items, cursor)
        page: dict[str, Json] = {kind: [describe(item, revision) for item in part]}
        if following is not None:
            page["nextCursor"] = following
        return page

    def _whole(
        self,
        kind: str,
        items: Sequence[Item],
        revision: Revision,
        describe: Callable[[Item, Revision], JsonObject],
    ) -> Encoded:
        # The held list keeps its object alive, so that no other one gets its id.
        key = (kind, revision.version, revision.structured, id(items), describe)
        held = self._encoded.get(key)
        if held is not None and held[0] is items:
            # Rare selections must not push out the list that everyone uses.
            self._encoded[key] = self._encoded.pop(key)
            return held[1]
        rendered = Encoded(ascii_dumps([describe(item, revision) for item in items]))
        if len(self._encoded) >= MAX_ENCODED:
            del self._encoded[next(iter(self._encoded))]
        self._encoded[key] = (items, rendered)
        return rendered


def render_result(result: ToolResult, revision: Revision) -> dict[str, Json]:
    """Return a tool's result for a revision, without the envelope of the modern era.

    The structured value is encoded once, for the text block (for clients that read only
    text) and for ``structuredContent``.
    """
    rendered: dict[str, Json] = {}
    encoded = result.encoded
    if encoded is None and result.structured is not None:
        encoded = dumps(result.structured)
    if encoded is None:
        rendered["content"] = adapt_content(revision, result.content)
    else:
        content = adapt_content(revision, result.content)
        rendered["content"] = content or [text(encoded.decode())]
        kind = "object" if encoded.startswith(b"{") else None
        if _may_be_structured(kind, revision):
            rendered["structuredContent"] = Encoded(encoded)
    if result.is_error:
        rendered["isError"] = True
    if result.meta is not None:
        rendered["_meta"] = result.meta
    return rendered


def _may_be_structured(kind: Json, revision: Revision) -> bool:
    """Return whether the revision allows structured content of this type.

    Before 2026-07-28 structured content, and its schema, had to be an object.
    """
    return revision.modern or (revision.structured and kind == "object")
