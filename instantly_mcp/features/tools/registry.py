"""The tool registry: which tools exist, in which order, and under which names.

``build_tools`` builds it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from zope.interface import implementer

from ..._rights import ALL_RIGHTS, Rights
from ...protocol.primitives.registries import IToolRegistry
from ...protocol.primitives.selected import SelectedItems
from ...protocol.primitives.tool import Tool
from ..toolsets import ToolSelection
from ..workspace.context import FeatureContext
from . import accounts, analytics, campaigns, emails, jobs, lead_lists, leads
from .declaring.declaration import ToolDeclaration
from .deprecated import OLDER_NAMES, deprecated_tools
from .running.runner import build_tool

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


@implementer(IToolRegistry)
class SelectedTools:
    """The listed tools, and deprecated names that are only callable.

    :param aliases: tools by their deprecated names.
    :param every: the names of all tools, also of those that the operator left out.
    """

    def __init__(
        self,
        listed: Sequence[Tool],
        aliases: Mapping[str, Tool] | None = None,
        every: Collection[str] = (),
    ) -> None:
        alone = tuple(tool for tool in listed if not tool.across)
        self._listed = SelectedItems(alone)
        self._across = SelectedItems(listed)
        self._by_name = {tool.name: tool for tool in listed} | dict(aliases or {})
        self._disabled = frozenset(every) - self._by_name.keys()

    def listed(self, rights: Rights = ALL_RIGHTS) -> Sequence[Tool]:
        seen = self._across if rights.workspaces else self._listed
        return seen.seen_with(rights)

    def find(self, name: str) -> Tool | None:
        return self._by_name.get(name)

    def is_disabled(self, name: str) -> bool:
        return name in self._disabled


def build_tools(context: FeatureContext, selection: ToolSelection) -> SelectedTools:
    """Build the selected tools on a shared context."""
    listed = tuple(build_tool(each, context) for each in _selected(selection))
    every = {*(each.name for each in DECLARATIONS), *OLDER_NAMES}
    return SelectedTools(listed, deprecated_tools(context, listed), every)


def _selected(selection: ToolSelection) -> list[ToolDeclaration]:
    return [
        each for each in DECLARATIONS if selection.includes(each.toolset, each.extra)
    ]
