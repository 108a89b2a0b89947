"""``instantly-mcp tools``: what the daemon would offer, as a list or as a manual."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from twisted.internet.task import Clock

from .._json import Json, JsonObject, dumps
from ..daemon.core import make_offer
from ..daemon.in_flight import InFlight
from ..daemon.loading import resolve
from ..daemon.outward import reach_out
from ..daemon.sealing import keep_state
from ..protocol.primitives.tool import Tool
from .options import CommandOptions

INTRODUCTION = """\
# Tools

Written by `make docs`; `instantly-mcp tools` lists them in a terminal. What a tool does
to the workspace stands below its name: it reads, it only adds (*writes*), or it may
overwrite or remove something (*writes or removes*).
"""


class ToolsOptions(CommandOptions):
    """Which tools, and how they are printed."""

    synopsis = "instantly-mcp tools [options]"
    optParameters = [
        ["toolsets", None, "default", "default, all, or a list of toolsets."]
    ]
    optFlags = [["markdown", None, "Print the manual that is docs/tools.md."]]

    def run(self) -> int:
        """Print the list."""
        tools = offered(self["toolsets"])
        if self["markdown"]:
            names = {tool.name for tool in tools}
            extra = [tool for tool in offered("all") if tool.name not in names]
            print(manual(tools, extra), end="")
            return 0
        width = max(len(tool.name) for tool in tools)
        for tool in tools:
            print(f"{tool.name:{width}}  {tool.title}")
        return 0


def offered(toolsets: str) -> Sequence[Tool]:
    """Return the tools of these toolsets. They are looked at, never called.

    :raises Mistakes: for a toolset that does not exist.
    """
    settings = resolve({"sandbox": "true", "toolsets": toolsets}, {})
    clock = Clock()
    outward = reach_out(settings, clock, InFlight(), time.time)
    keeping = keep_state(settings, time.time)
    offer = make_offer(settings, clock, outward, keeping, time.time)
    return offer.toolbox.listed()


def manual(tools: Sequence[Tool], extra: Sequence[Tool]) -> str:
    """Return the manual in Markdown."""
    lines = [INTRODUCTION]
    for tool in tools:
        lines.extend(_chapter(tool))
    lines.append("# Only with `--toolsets all`\n")
    for tool in extra:
        lines.extend(_chapter(tool))
    return "\n".join(lines)


def _chapter(tool: Tool) -> Iterator[str]:
    yield f"## {tool.name}\n"
    yield f"*{_effect(tool)}.* {tool.description}\n"
    properties: JsonObject = tool.input_schema.get("properties", {})
    if not properties:
        yield "No arguments.\n"
        return
    required = set(tool.input_schema.get("required", ()))
    yield "| Argument | Type | Meaning |"
    yield "| --- | --- | --- |"
    for name, schema in properties.items():
        mark = " (required)" if name in required else ""
        yield f"| `{name}`{mark} | {_kind(schema)} | {_meaning(schema)} |"
    yield ""


def _effect(tool: Tool) -> str:
    if tool.annotations.read_only:
        return "Reads"
    return "Writes or removes" if tool.annotations.destructive else "Writes"


def _kind(schema: JsonObject) -> str:
    if "enum" in schema:
        return " or ".join(dict.fromkeys(f"`{value}`" for value in schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(_kind(branch) for branch in schema["anyOf"])
    kind: Json = schema.get("type", "any")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _meaning(schema: JsonObject) -> str:
    said = str(schema.get("description", "")).replace("|", "\\|").replace("\n", " ")
    if "default" in schema:
        default = dumps(schema["default"]).decode("utf-8")
        said = f"{said} (default `{default}`)".strip()
    return said
