"""Builds the rails of the daemon, and puts them in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import frozen

from ...access.audit.rail import AuditRail
from ...access.rails.caps import CapsRail
from ...access.rails.kill_switch import SendingRail
from ...access.rails.outcomes import OutcomeRail
from ...access.rails.passing import Rails
from ...access.rails.records import Caps
from ...features.error_hints import TOOL_THAT_SHOWS
from ...state.interfaces import IDatabase
from ...state.stores.counters import StoredCounters
from ...state.stores.write_records import StoredWriteRecords
from ..settings.settings import Settings
from ..state_dir import StateDirectory
from .books import Books, finish


@frozen(kw_only=True)
class DurableRails:
    """The rails that keep their records in the database; these outlive the daemon."""

    outcomes: OutcomeRail
    caps: CapsRail


def make_durable_rails(
    settings: Settings,
    database: IDatabase,
    wall: Callable[[], float],
    caps_of_token: Callable[[str], Mapping[str, int]],
) -> DurableRails:
    """Return the rails; what an earlier process left unfinished is known then.

    :param database: not started yet.
    :param wall: returns the time in seconds since the epoch.
    :param caps_of_token: returns the caps of a connection token, by its id.
    :raises ConfigurationError: when the database cannot be read or written.
    """
    outcomes = OutcomeRail(StoredWriteRecords(database), wall, TOOL_THAT_SHOWS)
    finish(outcomes.start())
    counters = StoredCounters(database, wall)
    caps = CapsRail(counters, _caps(settings), wall, caps_of_token)
    return DurableRails(outcomes=outcomes, caps=caps)


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


def _caps(settings: Settings) -> Caps:
    return Caps(
        daily={
            "mails": settings.caps_mails,
            "activations": settings.caps_activations,
            "leads": settings.caps_leads,
            "deletions": settings.caps_deletions,
            "credits": settings.caps_credits,
        },
        per_call={
            "leads": settings.caps_leads_per_call,
            "recipients": settings.caps_recipients,
        },
    )
