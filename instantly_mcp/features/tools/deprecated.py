"""Tools of earlier servers that are still callable, but not listed.

An alias is another name of a listed tool. A replaced tool has arguments of its own, and
is callable where the tool that does its work now is listed. The result of either names
the new tool in ``_meta``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve, frozen
from twisted.internet.defer import Deferred

from ..._json_codec import JsonObject
from ...protocol.calls.call import Call
from ...protocol.primitives.tool import Tool, ToolResult
from ..workspace.context import FeatureContext
from ..workspace.names import CAMPAIGNS
from .accounts import MANAGE_ACCOUNT_STATE
from .analytics import END, START, STATUS
from .arguments.shared import TEXT, TEXTS
from .declaring.argument import argument
from .declaring.declaration import ToolDeclaration
from .declaring.hints import READ_ONLY
from .running.runner import build_tool
from .workflows.analytics_overview import analytics_overview
from .workflows.validate_accounts import validate_accounts

ALIASES: Mapping[str, str] = {
    "get_account_details": "get_account",
    "get_account_info": "get_account",
}
"""Deprecated names, and the listed tool that each of them calls."""


@frozen
class ReplacedTool:
    """A tool with arguments of its own whose work other tools do now.

    :param needs: the listed tool without which it is not callable.
    :param instead: the tools to use, for ``_meta``.
    """

    declaration: ToolDeclaration
    needs: str
    instead: str


REPLACED = (
    ReplacedTool(
        MANAGE_ACCOUNT_STATE,
        "pause_account",
        "pause_account, resume_account, enable_warmup, disable_warmup or "
        "test_account_vitals",
    ),
    ReplacedTool(
        ToolDeclaration(
            name="get_campaign_analytics_overview",
            title="Get campaign analytics overview",
            description="Totals and rates over all campaigns together.",
            toolset="analytics",
            hints=READ_ONLY,
            operation="getCampaignAnalytics",
            work=analytics_overview,
            arguments=(
                argument("campaign_id", to="id", schema=TEXT, refers_to=CAMPAIGNS),
                START,
                END,
                STATUS,
            ),
        ),
        "get_campaign_analytics",
        "get_campaign_analytics",
    ),
    ReplacedTool(
        ToolDeclaration(
            name="validate_campaign_accounts",
            title="Validate campaign accounts",
            description="Which accounts can send, and why the others cannot.",
            toolset="accounts",
            hints=READ_ONLY,
            operation="listAccount",
            work=validate_accounts,
            arguments=(argument("email_list", schema=TEXTS),),
        ),
        "list_accounts",
        "list_accounts, or create_campaign with dry_run",
    ),
)

OLDER_NAMES: Mapping[str, str] = {
    **ALIASES,
    **{each.declaration.name: each.instead for each in REPLACED},
}
"""Every deprecated name, and what to use instead."""


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


def deprecated_tools(
    context: FeatureContext, listed: Sequence[Tool]
) -> dict[str, Tool]:
    """Return the deprecated tools that go with the listed ones, by name."""
    by_name = {tool.name: tool for tool in listed}
    found = {}
    for old, new in ALIASES.items():
        if new in by_name:
            tool = by_name[new]
            found[old] = evolve(tool, name=old, run=DeprecatedTool(tool, new))
    for each in REPLACED:
        if each.needs in by_name:
            tool = build_tool(each.declaration, context)
            found[tool.name] = evolve(tool, run=DeprecatedTool(tool, each.instead))
    return found
