"""Builds all server features: tools, resources, prompts, skills on one shared context.

The lists do not change while the daemon runs, so no ``list_changed`` is ever sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from attrs import frozen
from twisted.internet.interfaces import IReactorTime

from .._noop import noop
from .._rights import Rights
from ..api.interfaces import IInstantly
from ..protocol.calls.workspace_choice import NO_WORKSPACES, IWorkspaceChoice
from ..protocol.interfaces import ITokenSealer
from ..protocol.primitives.registries import PromptRegistry, ResourceRegistry
from ..protocol.primitives.skill_registry import skill_resources
from .prompts.registry import build_prompts
from .resources.registry import build_resources
from .skills.registry import SkillsByRights
from .tools.registry import SelectedTools, build_tools
from .toolsets import ToolSelection
from .workspace.context import FeatureContext, IWriteGuard, ServerFacts, as_they_are
from .workspace.memory.job_changes import JobChangeTracker, OnResourceChanged


@frozen
class Features:
    """The server features, and the context that they share."""

    context: FeatureContext
    tools: SelectedTools
    resources: ResourceRegistry
    prompts: PromptRegistry
    skills: SkillsByRights


def build_features(
    instantly: IInstantly,
    clock: IReactorTime,
    facts: ServerFacts,
    selection: ToolSelection,
    *,
    guard: IWriteGuard,
    seal: ITokenSealer,
    warn_only: Collection[str] = (),
    wall: Callable[[], float] = time.time,
    rights_now: Callable[[Rights], Rights | None] = as_they_are,
    workspaces: IWorkspaceChoice = NO_WORKSPACES,
    on_change: OnResourceChanged = noop,
) -> Features:
    """Build the selected tools, and all resources, prompts and skills.

    :param guard: the way of all writes.
    :param seal: seals the cursors of the list tools.
    :param warn_only: the checks before the start of a campaign that only warn.
    :param wall: returns the seconds since the epoch, as Instantly (or the sandbox)
        counts them.
    :param rights_now: see `FeatureContext`.
    :param workspaces: knows the workspaces between which callers choose.
    :param on_change: called with each resource that is found to have changed.
    """
    context = FeatureContext(
        instantly=instantly,
        guard=guard,
        seal=seal,
        clock=clock,
        facts=facts,
        toolsets=selection.toolsets,
        warn_only=frozenset(warn_only),
        wall=wall,
        rights_now=rights_now,
        workspaces=workspaces,
        job_changes=JobChangeTracker(on_change),
    )
    tools = build_tools(context, selection)
    context.listed_tools = tools.listed
    skills = SkillsByRights(context)
    return Features(
        context=context,
        tools=tools,
        resources=build_resources(context, *skill_resources(skills)),
        prompts=build_prompts(context),
        skills=skills,
    )
