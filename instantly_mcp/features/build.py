"""Builds all server features: tools, resources and prompts on one shared context.

The lists do not change while the daemon runs, so no ``list_changed`` is ever sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from attrs import frozen
from twisted.internet.interfaces import IReactorTime

from ..api.interfaces import IInstantly
from ..protocol.primitives.registries import PromptRegistry, ResourceRegistry
from .completions import NameCache
from .prompts.registry import build_prompts
from .resources.registry import build_resources
from .tools.registry import SelectedTools, build_tools
from .toolsets import ToolSelection
from .workspace.context import FeatureContext, ServerFacts
from .workspace.job_changes import OnResourceChanged


@frozen
class Features:
    """The server features, and the context that they share."""

    context: FeatureContext
    toolbox: SelectedTools
    shelf: ResourceRegistry
    prompts: PromptRegistry

    def tell_changes_to(self, told: OnResourceChanged) -> None:
        """Report every change that is seen in a resource."""
        self.context.sightings.told = told


def build_features(
    instantly: IInstantly,
    clock: IReactorTime,
    facts: ServerFacts,
    selection: ToolSelection,
    wall: Callable[[], float] = time.time,
) -> Features:
    """Build the selected tools, and all resources and prompts.

    :param wall: returns the seconds since the epoch, as Instantly (or the sandbox)
        counts them.
    """
    context = FeatureContext(
        instantly=instantly,
        clock=clock,
        facts=facts,
        toolsets=selection.toolsets,
        wall=wall,
    )
    directory = NameCache(context)
    return Features(
        context=context,
        toolbox=build_tools(context, selection),
        shelf=build_resources(context, directory),
        prompts=build_prompts(context, directory),
    )
