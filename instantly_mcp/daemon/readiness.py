"""Whether the daemon takes work. Probes ask; the service says."""

from __future__ import annotations

from enum import Enum

from attrs import define


class Phase(Enum):
    """The three parts of a daemon's life."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


@define(eq=False)
class Readiness:
    """Holds the phase."""

    phase: Phase = Phase.STARTING

    @property
    def is_ready(self) -> bool:
        """New work is welcome."""
        return self.phase is Phase.READY
