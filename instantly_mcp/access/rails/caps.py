"""The rail of the caps: how much one caller may send, add, delete and spend in a day.

What an act counts is reserved before it is sent, and released only if it was surely not
sent. So the caps hold for calls that run at the same time, for calls whose answer was
lost, and over restarts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from attrs import define, evolve
from twisted.internet.defer import CancelledError
from zope.interface import implementer

from ..._deferred import deferred
from ..._json_codec import Json
from ..._times import utc
from ..act import Act, Ending, EndingKind
from ..interfaces import IRail
from ..refusal import CAP_REACHED, AccessRefusedError
from .durably import recorded
from .interfaces import ICounters
from .records import CapReached, Caps, Reservation, owner_of

COUNTED: Mapping[str, str] = {
    "mails": "mails sent by hand",
    "activations": "activations",
    "leads": "leads added",
    "deletions": "deletions",
    "credits": "credits",
    "recipients": "recipients of one mail",
}
"""The caps by their names in the settings, with what they count."""

DAILY = ("mails", "activations", "leads", "deletions", "credits")
"""The caps that count for 24 hours; tokens can have caps of these names."""


def _without_own(token_id: str) -> Mapping[str, int]:
    return {}


@implementer(IRail)
@define(eq=False)
class CapsRail:
    """Reserves what each act counts.

    :param wall: returns the time in seconds since the epoch.
    :param of_token: returns the daily caps of a connection token, by its id. They
        count in each of its workspaces, and cannot exceed those of the settings.
    """

    name: ClassVar[str] = "caps"

    counters: ICounters
    caps: Caps
    wall: Callable[[], float]
    of_token: Callable[[str], Mapping[str, int]] = _without_own

    @deferred
    async def look(self, act: Act) -> None:
        """Refuse what there is no room for, without counting it."""
        self._require_limited(act)
        reservation = _reservation(act)
        if reservation.amounts:
            reached = await recorded(
                self.counters.room(reservation, self._caps_for(act))
            )
            if reached is not None:
                raise self._refusal(reached)

    @deferred
    async def before(self, act: Act) -> None:
        self._require_limited(act)
        reservation = _reservation(act)
        if not reservation.amounts:
            return
        try:
            reached = await recorded(
                self.counters.reserve(reservation, self._caps_for(act))
            )
        except CancelledError:
            # The reservation may be made all the same, before this.
            await self.counters.release(act.id)
            raise
        if reached is not None:
            raise self._refusal(reached)

    @deferred
    async def after(self, act: Act, ending: Ending) -> None:
        if ending.kind is EndingKind.REFUSED and act.amounts:
            await self.counters.release(act.id)

    def _require_limited(self, act: Act) -> None:
        """Refuse an act that may count more than a cap, because it states no limit.

        :raises AccessRefusedError: if one of the caps that it counts for is set.
        """
        caps = self._caps_for(act)
        for cap in sorted(act.open_amounts):
            limits = [each[cap] for each in (caps.daily, caps.per_call) if cap in each]
            if limits:
                most = min(limits)
                what, name = COUNTED.get(cap, cap), act.operation.amounts[cap].value_of
                raise AccessRefusedError(
                    CAP_REACHED,
                    f"The number of {what} would not be known, and is limited to "
                    f"{most}.",
                    f"Nothing was sent. Give {name}, the most that there may be.",
                    cap=cap,
                    limit=most,
                )

    def _caps_for(self, act: Act) -> Caps:
        token = act.rights.token
        own = {} if token is None else self.of_token(token)
        if not own:
            return self.caps
        daily = dict(self.caps.daily)
        for cap, most in own.items():
            daily[cap] = min(most, daily.get(cap, most))
        return evolve(self.caps, daily=daily)

    def _refusal(self, reached: CapReached) -> AccessRefusedError:
        what = COUNTED.get(reached.cap, reached.cap)
        facts: dict[str, Json] = {
            "cap": reached.cap,
            "limit": reached.most,
            "used": reached.used,
            "asked": reached.asked,
        }
        if reached.per_call:
            return AccessRefusedError(
                CAP_REACHED,
                f"One call is limited to {reached.most} {what}; with this it would be "
                f"{reached.used + reached.asked}.",
                "Nothing was sent. Tell the user that the operator of this server set "
                "this limit.",
                **facts,
            )
        message = (
            f"The limit of {reached.most} {what} in 24 hours leaves no room for "
            f"{reached.asked}: {reached.used} are used."
        )
        if reached.room_at is None:
            hint = (
                "Nothing was sent, and waiting does not help. Tell the user that the "
                "operator of this server set this limit."
            )
            return AccessRefusedError(CAP_REACHED, message, hint, **facts)
        at = utc(reached.room_at)
        hint = f"Nothing was sent. There is room again at {at}: tell the user."
        seconds = max(1, round(reached.room_at - self.wall()))
        return AccessRefusedError(
            CAP_REACHED, message, hint, **facts, room_at=at, retry_after=seconds
        )


def _reservation(act: Act) -> Reservation:
    return Reservation(
        act=act.id,
        owner=owner_of(act.principal, act.workspace_key),
        call=act.call or act.id,
        amounts={cap: number for cap, number in act.amounts.items() if number > 0},
    )
