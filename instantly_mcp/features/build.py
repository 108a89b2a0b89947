"""Tools, resources and prompts together, on one bench: what the server offers.

Nothing of it changes while the daemon runs, so there is never a list change to tell.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from attrs import frozen
from twisted.internet.interfaces import IReactorTime

from ..api.interfaces import IInstantly
from ..protocol.primitives.registries import PromptRegistry, ResourceRegistry
from .completions import Directory
from .prompts.registry import build_prompts
from .resources.registry import build_shelf
from .tools.registry import Toolbox, toolbox_on
from .toolsets import Selection
from .workspace.context import Bench, ServerFacts
from .workspace.job_changes import Told


@frozen
class Features:
    """Everything on offer, and the bench that all of it shares."""

    bench: Bench
    toolbox: Toolbox
    shelf: ResourceRegistry
    prompts: PromptRegistry

    def tell_changes_to(self, told: Told) -> None:
        """Tell of every resource that is seen to have changed."""
        self.bench.sightings.told = told


def build_features(
    instantly: IInstantly,
    clock: IReactorTime,
    facts: ServerFacts,
    selection: Selection,
    wall: Callable[[], float] = time.time,
) -> Features:
    """Return the tools of a selection, and every resource and prompt.

    :param wall: seconds since the epoch, where Instantly is.
    """
    bench = Bench(
        instantly=instantly,
        clock=clock,
        facts=facts,
        toolsets=selection.toolsets,
        wall=wall,
    )
    directory = Directory(bench)
    return Features(
        bench=bench,
        toolbox=toolbox_on(bench, selection),
        shelf=build_shelf(bench, directory),
        prompts=build_prompts(bench, directory),
    )
