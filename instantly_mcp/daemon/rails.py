"""Puts the rails of the daemon in order."""

from __future__ import annotations

from ..access.audit.rail import AuditRail
from ..access.rails.kill_switch import SendingRail
from ..access.rails.passing import Rails
from .books import Books
from .durable_rails import DurableRails
from .state_dir import StateDirectory


def make_rails(state: StateDirectory, durable: DurableRails, books: Books) -> Rails:
    """Return all rails, in the order in which a write passes them.

    Those that only look come first, then those that record something durably. The audit
    is last but for the kill switch: its line means that the write is about to be sent.
    """
    sending = SendingRail(books.sending)
    # Sending may be switched off while the last rails wait for the disk.
    recording = (durable.outcomes, durable.caps, AuditRail(state.audit))
    return Rails(
        (sending, *recording, sending),
        early=(sending.before, durable.outcomes.look, durable.caps.look),
    )
