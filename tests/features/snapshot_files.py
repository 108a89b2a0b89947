"""One JSON file for each tool: what a client sees of it.

After an intended change, rewrite them and review the difference::

    python -m tests.features.snapshot_files
"""

from __future__ import annotations

import json
from pathlib import Path

from twisted.internet.task import Clock

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.features.build import build_features
from instantly_mcp.features.tools.deprecated import ALIASES, REPLACED
from instantly_mcp.features.toolsets import ToolSelection
from instantly_mcp.features.workspace.context import ServerFacts
from instantly_mcp.protocol.primitives.listing import describe_tool
from instantly_mcp.protocol.primitives.tool import Tool
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.support.access import permissive_guard
from tests.support.instantly import RecordingInstantly
from tests.support.seals import new_seal

FOLDER = Path(__file__).parent / "snapshots"
OLDER_NAMES = (*ALIASES, *(each.declaration.name for each in REPLACED))


def every_tool() -> list[Tool]:
    """Return all tools, listed or not."""
    tools = build_features(
        RecordingInstantly(),
        Clock(),
        ServerFacts(name="instantly-mcp", version="1.2.3"),
        ToolSelection.parse("all"),
        guard=permissive_guard(),
        seal=new_seal(),
    ).tools
    older = [tool for name in OLDER_NAMES if (tool := tools.find(name))]
    return [*tools.listed(), *older]


def seen(tool: Tool) -> JsonObject:
    """Return a tool as the newest legacy revision shows it."""
    return describe_tool(tool, V2025_11_25)


def text_of(tool: Tool) -> str:
    """Return the contents of a tool's snapshot."""
    return json.dumps(seen(tool), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def rewrite() -> None:
    """Rewrite every snapshot, and remove those of tools that no longer exist."""
    FOLDER.mkdir(exist_ok=True)
    tools = {tool.name: text_of(tool) for tool in every_tool()}
    for path in FOLDER.glob("*.json"):
        if path.stem not in tools:
            path.unlink()
    for name, text in tools.items():
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
