"""Tools as each revision shows them: rendered once, served as bytes.

What a revision lacks is absent from its rendering.
"""

from __future__ import annotations

from collections.abc import Sequence

from .._json import Encoded, Json, JsonObject, dumps
from .interfaces import IToolbox
from .tool import Tool, ToolResult, text
from .versions import Revision


def describe(tool: Tool, revision: Revision) -> JsonObject:
    """Return the tool's entry in ``tools/list`` for one revision."""
    entry: dict[str, Json] = {"name": tool.name}
    if revision.structured:
        entry["title"] = tool.title
    entry["description"] = tool.description
    entry["inputSchema"] = tool.input_schema
    if revision.structured and tool.output_schema is not None:
        entry["outputSchema"] = tool.output_schema
    if revision.annotations:
        entry["annotations"] = tool.annotations.as_object(tool.title)
    return entry


class Listing:
    """The encoded array of listed tools, per revision, made when first asked for."""

    def __init__(self, toolbox: IToolbox) -> None:
        self._toolbox = toolbox
        self._encoded: dict[str, tuple[Sequence[Tool], Encoded]] = {}

    def encoded(self, revision: Revision) -> Encoded:
        """Return the JSON array of tools, encoded once per revision and selection."""
        tools = self._toolbox.listed()
        held = self._encoded.get(revision.version)
        if held is not None and held[0] is tools:
            return held[1]
        rendered = Encoded(dumps([describe(tool, revision) for tool in tools]))
        self._encoded[revision.version] = (tools, rendered)
        return rendered


def render_result(result: ToolResult, revision: Revision) -> dict[str, Json]:
    """Return a tool's result as this revision writes it, without the era's envelope.

    The structured value is encoded once and serves as both the text block (for
    clients that read only text) and ``structuredContent``.
    """
    rendered: dict[str, Json] = {}
    if result.structured is None:
        rendered["content"] = list(result.content)
    else:
        encoded = dumps(result.structured)
        rendered["content"] = list(result.content) or [text(encoded.decode())]
        # Before 2026-07-28 structured content had to be an object.
        if revision.modern or (
            revision.structured and isinstance(result.structured, dict)
        ):
            rendered["structuredContent"] = Encoded(encoded)
    if result.is_error:
        rendered["isError"] = True
    if result.meta is not None:
        rendered["_meta"] = result.meta
    return rendered
