"""The interfaces of the stores in which the rails keep what must be durable."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from twisted.internet.defer import Deferred
from zope.interface import Interface

from .records import CapReached, Caps, Reservation, Switched, WriteRecord, WriteState


class IMarks(Interface):
    """Notes that something was used, or refused, until a time. Durable.

    Times are those of the wall clock. What was used stays used when that is set back.
    """

    def use(kind: str, mark: str, until: float) -> Deferred[bool]:
        """Use a mark once.

        :param kind: separates the marks of different parts, such as "confirmation".
        :param mark: a digest or an id; never a secret.
        :param until: when the mark loses its meaning, in seconds since the epoch.
        :returns: whether this is the first use, and `until` is not over.
        """

    def put(kind: str, mark: str, until: float) -> Deferred[None]:
        """Set a mark, or extend it."""

    def holds(kind: str, mark: str) -> Deferred[bool]:
        """Say whether a mark was set or used, and its time is not over."""


class ICounters(Interface):
    """Counts what acts use up in a rolling 24 hours. Durable."""

    def reserve(reservation: Reservation, caps: Caps) -> Deferred[CapReached | None]:
        """Count an act against all caps, or against none if one leaves no room.

        :returns: the first cap without room; ``None`` when the act was counted.
        """

    def room(reservation: Reservation, caps: Caps) -> Deferred[CapReached | None]:
        """Return what `reserve` would, without counting the act."""

    def release(act: str) -> Deferred[None]:
        """Do not count an act, because it was surely not sent."""


class IWriteRecords(Interface):
    """Records the writes that were sent and whose outcome may be unknown. Durable."""

    def begin(
        record: WriteRecord, against: Mapping[WriteState, float]
    ) -> Deferred[WriteRecord | None]:
        """Record a write that is about to be sent, unless an equal one stands against.

        An equal write that was looked at is settled by this.

        :param against: the states of an equal write that stand against it, each with
            the time since which it does, in seconds since the epoch.
        :returns: the equal write that stands against it; ``None`` when it was recorded.
        """

    def end(act: str, state: WriteState) -> Deferred[None]:
        """Note how a write ended. One that is `WriteState.SETTLED` is forgotten."""

    def latest(
        request: str, states: Mapping[WriteState, float]
    ) -> Deferred[WriteRecord | None]:
        """Return the latest record of a request in one of these states.

        :param states: each with the time since which it matters.
        """

    def look(owner: str, operations: Collection[str], before: float) -> Deferred[int]:
        """Note that a caller has read what shows the outcome of its unknown writes.

        Those that began before a time become `WriteState.LOOKED_AT`.

        :param operations: what the caller's reading shows.
        :param before: the time, in seconds since the epoch.
        :returns: how many writes of these operations are still unknown.
        """

    def recover() -> Deferred[int]:
        """Make the writes that an earlier process left unknown; return their number.

        Must be called at the start, before any `begin`.
        """

    def unknown_since(since: float) -> Deferred[Collection[tuple[str, str]]]:
        """Return owner and operation of the writes whose outcome is unknown.

        Each pair is returned once. What the caller has looked at is not among them.

        :param since: only writes that began after this time, in seconds since the
            epoch.
        """


class IKillSwitchStore(Interface):
    """Keeps the last command of the kill switch. Durable."""

    def load() -> Deferred[Switched | None]:
        """Return the last command, if there was one."""

    def save(switched: Switched) -> Deferred[None]:
        """Replace the last command."""
