"""Reservations in the database: what acts count against the caps of 24 hours."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import final

from attrs import define
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ...access.rails.interfaces import ICounters
from ...access.rails.records import CapReached, Caps, Reservation
from ..interfaces import IDatabase

DAY_SECONDS = 86_400.0

KEPT_SECONDS = 8 * DAY_SECONDS
"""Reservations are kept longer than they count, in case the clock was wrong when they
seemed old."""


@final
@implementer(ICounters)
@define(eq=False)
class StoredCounters:
    """Counters in the table ``reservations``.

    A reservation counts for a day from its time, and also while that is in the future:
    when the clock was set back, room does not come back with it.

    :param wall: returns the time in seconds since the epoch.
    """

    database: IDatabase
    wall: Callable[[], float]

    def reserve(
        self, reservation: Reservation, caps: Caps
    ) -> Deferred[CapReached | None]:
        return self.database.run(_reserve, reservation, caps, self.wall())

    def room(self, reservation: Reservation, caps: Caps) -> Deferred[CapReached | None]:
        return self.database.run(_first_reached, reservation, caps, self.wall())

    def release(self, act: str) -> Deferred[None]:
        return self.database.run(_release, act)


def _first_reached(
    cursor: sqlite3.Cursor, reservation: Reservation, caps: Caps, now: float
) -> CapReached | None:
    for cap in reservation.amounts:
        reached = _reached_in_call(cursor, reservation, cap, caps.per_call.get(cap))
        if reached is None and cap in caps.daily:
            reached = _reached(cursor, reservation, cap, caps.daily[cap], now)
        if reached is not None:
            return reached
    return None


def _reserve(
    cursor: sqlite3.Cursor, reservation: Reservation, caps: Caps, now: float
) -> CapReached | None:
    reached = _first_reached(cursor, reservation, caps, now)
    if reached is not None:
        return reached
    cursor.executemany(
        "INSERT INTO reservations (act, cap, owner, call, amount, at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            (reservation.act, cap, reservation.owner, reservation.call, amount, now)
            for cap, amount in reservation.amounts.items()
        ],
    )
    cursor.execute("DELETE FROM reservations WHERE at < ?", (now - KEPT_SECONDS,))
    return None


def _reached_in_call(
    cursor: sqlite3.Cursor, reservation: Reservation, cap: str, most: int | None
) -> CapReached | None:
    if most is None:
        return None
    (used,) = cursor.execute(
        "SELECT coalesce(sum(amount), 0) FROM reservations WHERE call = ? AND cap = ?",
        (reservation.call, cap),
    ).fetchone()
    asked = reservation.amounts[cap]
    if used + asked <= most:
        return None
    return CapReached(
        cap=cap, most=most, used=used, asked=asked, room_at=None, per_call=True
    )


def _reached(
    cursor: sqlite3.Cursor, reservation: Reservation, cap: str, most: int, now: float
) -> CapReached | None:
    counts = "owner = ? AND cap = ? AND at > ?"
    which = (reservation.owner, cap, now - DAY_SECONDS)
    # There is room nearly always, and there can be as many rows as the cap is high.
    (used,) = cursor.execute(
        f"SELECT coalesce(sum(amount), 0) FROM reservations WHERE {counts}", which
    ).fetchone()
    asked, left = reservation.amounts[cap], used
    if used + asked <= most:
        return None
    counted = cursor.execute(
        f"SELECT at, amount FROM reservations WHERE {counts} ORDER BY at", which
    )
    room_at = None
    for at, amount in counted:
        left -= amount
        if left + asked <= most:
            room_at = at + DAY_SECONDS
            break
    return CapReached(cap=cap, most=most, used=used, asked=asked, room_at=room_at)


def _release(cursor: sqlite3.Cursor, act: str) -> None:
    cursor.execute("DELETE FROM reservations WHERE act = ?", (act,))
