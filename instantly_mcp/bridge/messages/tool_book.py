"""What the daemon's tools declare, as far as the relay needs it.

It is read from each ``tools/list`` that passes. Without it a tool counts as one that
changes something, and none of its arguments is repeated in headers.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field, frozen

from ..._json_codec import Json
from ...protocol.wire.param_headers import ParamHeader, param_headers_in

MAX_TOOLS = 4096


@frozen
class DeclaredTool:
    """What one tool declares.

    :param reads: it changes nothing (``readOnlyHint``).
    :param headers: its arguments that are repeated in headers.
    """

    reads: bool = False
    headers: Sequence[ParamHeader] = ()


_UNKNOWN = DeclaredTool()


@define(eq=False)
class ToolBook:
    """The declared tools by their names."""

    _tools: dict[str, DeclaredTool] = field(factory=dict, init=False, repr=False)

    def tool(self, name: Json) -> DeclaredTool:
        """Return what a tool declares."""
        return self._tools.get(name, _UNKNOWN) if isinstance(name, str) else _UNKNOWN

    def read(self, result: Json) -> None:
        """Read the result of a ``tools/list``, one page or all."""
        listed = result.get("tools") if isinstance(result, dict) else None
        if not isinstance(listed, list):
            return
        for tool in listed:
            if isinstance(tool, dict) and isinstance(tool.get("name"), str):
                self._tools.pop(tool["name"], None)
                self._tools[tool["name"]] = _declared(tool)
        while len(self._tools) > MAX_TOOLS:
            del self._tools[next(iter(self._tools))]


def _declared(tool: dict[str, Json]) -> DeclaredTool:
    annotations, schema = tool.get("annotations"), tool.get("inputSchema")
    reads = isinstance(annotations, dict) and annotations.get("readOnlyHint") is True
    headers: Sequence[ParamHeader] = ()
    if isinstance(schema, dict):
        try:
            headers = param_headers_in(schema)
        except (ValueError, RecursionError):
            # Annotated in a way that the protocol does not allow: a client ignores it.
            headers = ()
    return DeclaredTool(reads, headers)
