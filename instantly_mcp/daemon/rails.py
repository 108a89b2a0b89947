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
    is last: its line means that the write is about to be sent. The kill switch is asked
    once more when it is: a write waits for the disk, and for its turn at Instantly.
    """
    sending = SendingRail(books.sending)
    return Rails(
        (sending, durable.outcomes, durable.caps, AuditRail(state.audit)),
        may_go=sending.permits,
        early=(sending.before, durable.outcomes.look, durable.caps.look),
    )
