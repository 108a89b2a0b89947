"""The tool registry: which tools exist, in which order, and under which names.

``build_tools`` builds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define, evolve, field, frozen
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ..._json_codec import JsonObject
from ...protocol.calls.call import Call
from ...protocol.primitives.registries import IToolRegistry
from ...protocol.primitives.tool import Tool, ToolResult
from ..toolsets import ToolSelection
from ..workspace.context import FeatureContext
from . import accounts, analytics, campaigns, emails, jobs, lead_lists, leads
from .declaration import ToolDeclaration

DECLARATIONS: tuple[ToolDeclaration, ...] = (
    *campaigns.TOOLS,
    *leads.TOOLS,
    *lead_lists.TOOLS,
    *emails.TOOLS,
    *analytics.TOOLS,
    *accounts.TOOLS,
    *jobs.TOOLS,
)
"""All tools that can be listed, in this order."""

DEPRECATED_NAMES: Mapping[str, str] = {
    "get_account_details": "get_account",
    "get_account_info": "get_account",
}
"""Deprecated names: callable, but not listed."""

NO_ALIASES: Mapping[str, Tool] = {}


@implementer(IToolRegistry)
@define(eq=False)
class SelectedTools:
    """The listed tools, and deprecated names that are only callable."""

    _listed: tuple[Tool, ...]
    _aliases: Mapping[str, Tool] = NO_ALIASES
    _by_name: dict[str, Tool] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        """Index the tools by name."""
        self._by_name = {tool.name: tool for tool in self._listed}
        self._by_name.update(self._aliases)

    def listed(self) -> Sequence[Tool]:
        return self._listed

    def find(self, name: str) -> Tool | None:
        return self._by_name.get(name)


@frozen
class DeprecatedTool:
    """Runs a tool under a deprecated name, and gives the new name in ``_meta``."""

    tool: Tool
    instead: str

    def __call__(self, arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
        return self.tool.run(arguments, call).addCallback(self._noted)

    def _noted(self, result: ToolResult) -> ToolResult:
        note = {"deprecated": f"use {self.instead}"}
        return evolve(result, meta={**(result.meta or {}), **note})


def selected_names(selection: ToolSelection) -> tuple[str, ...]:
    """Return the names of the tools that a selection lists."""
    return tuple(each.name for each in _selected(selection))


def build_tools(context: FeatureContext, selection: ToolSelection) -> SelectedTools:
    """Build the selected tools on a shared context."""
    listed = tuple(each.build(context) for each in _selected(selection))
    return SelectedTools(listed, _aliases(context, listed))


def _selected(selection: ToolSelection) -> list[ToolDeclaration]:
    return [
        each for each in DECLARATIONS if selection.includes(each.toolset, each.extra)
    ]


def _aliases(context: FeatureContext, listed: Sequence[Tool]) -> dict[str, Tool]:
    """Return the tools under deprecated names, for those that are listed."""
    by_name = {tool.name: tool for tool in listed}
    aliases = {}
    for old, new in DEPRECATED_NAMES.items():
        if new in by_name:
            tool = by_name[new]
            aliases[old] = evolve(tool, name=old, run=DeprecatedTool(tool, new))
    if "pause_account" in by_name:
        for declaration in accounts.DEPRECATED_TOOLS:
            tool = declaration.build(context)
            instead = "pause_account, resume_account, enable_warmup, disable_warmup "
            instead += "or test_account_vitals"
            aliases[tool.name] = evolve(tool, run=DeprecatedTool(tool, instead))
    return aliases
