"""The state that readiness probes report: starting, ready or draining."""

from __future__ import annotations

from enum import Enum

from attrs import define


class ServicePhase(Enum):
    """The phases of a running daemon, in order."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


@define(eq=False)
class Readiness:
    """The current phase: the service sets it, probes read it."""

    phase: ServicePhase = ServicePhase.STARTING

    @property
    def is_ready(self) -> bool:
        """Whether the daemon accepts new work."""
        return self.phase is ServicePhase.READY
