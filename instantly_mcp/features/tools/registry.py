"""The tool registry: which tools exist, in which order, and under which names.

``build_tools`` builds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define, field
from zope.interface import implementer

from ...protocol.primitives.registries import IToolRegistry
from ...protocol.primitives.tool import Tool
from ..toolsets import ToolSelection
from ..workspace.context import FeatureContext
from . import accounts, analytics, campaigns, emails, jobs, lead_lists, leads
from .declaration import ToolDeclaration
from .deprecated import deprecated_tools
from .runner import build_tool

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


def selected_names(selection: ToolSelection) -> tuple[str, ...]:
    """Return the names of the tools that a selection lists."""
    return tuple(each.name for each in _selected(selection))


def build_tools(context: FeatureContext, selection: ToolSelection) -> SelectedTools:
    """Build the selected tools on a shared context."""
    listed = tuple(build_tool(each, context) for each in _selected(selection))
    return SelectedTools(listed, deprecated_tools(context, listed))


def _selected(selection: ToolSelection) -> list[ToolDeclaration]:
    return [
        each for each in DECLARATIONS if selection.includes(each.toolset, each.extra)
    ]
