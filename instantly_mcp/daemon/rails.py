"""Puts the rails of the daemon in order."""

from __future__ import annotations

from ..access.audit.rail import AuditRail
from ..access.rails.passing import Rails
from .durable_rails import DurableRails
from .state_dir import StateDirectory


def make_rails(state: StateDirectory, durable: DurableRails) -> Rails:
    """Return all rails, in the order in which a write passes them.

    Those that only look come first, then those that record something durably. The audit
    is last: its line means that the write is sent.
    """
    return Rails(
        (durable.outcomes, durable.caps, AuditRail(state.audit)),
        early=(durable.outcomes.look, durable.caps.look),
    )
