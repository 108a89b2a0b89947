"""Outbound rate: no workspace sends more than the API takes, and none jumps the queue.

Limits are exact sliding windows, not buckets: a bucket that starts full lets nearly
twice its rate through at first, and the API counts. It knows keys and limits, and
refuses to know what a call does.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TypeAlias

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from .._deferred import deferred
from ..catalog.operation import Limit, Operation

WORKSPACE_LIMIT = Limit(calls=100, seconds=1.0)
"""Never above 100 in any second, hence never above 6,000 in any minute."""

BOTH_LIMITS = f"{WORKSPACE_LIMIT} and {60 * WORKSPACE_LIMIT.calls} in 60 s"
"""The two limits of the API in words; the second follows from the first."""

MAX_WAIT = 5.0
MAX_LANES = 4096

_NARROW_SECONDS = 60.0
_LEEWAY = 1e-6

Key: TypeAlias = tuple[str, str]


@define(eq=False)
class Crowded(Exception):
    """The turn would come too late.

    :param limit: the limit that is used up.
    :param seconds: how long until there is a free slot.
    :param asked: not the limit but the API's own word closes the lane now.
    """

    limit: Limit
    seconds: float
    asked: bool = False


@define(eq=False)
class _Waiter:
    deadline: float
    turn: Deferred[None]


@define(eq=False)
class Lane:
    """One limit of one workspace: the calls of the last window, and who waits."""

    limit: Limit
    clock: IReactorTime
    _sent: deque[float] = field(init=False)
    _queue: deque[_Waiter] = field(factory=deque, init=False)
    _timer: IDelayedCall | None = field(default=None, init=False)
    _width: int = field(init=False)
    _narrow_until: float = field(default=0.0, init=False)
    _shut_until: float = field(default=0.0, init=False)
    _asked_until: float = field(default=0.0, init=False)

    def __attrs_post_init__(self) -> None:
        self._sent = deque(maxlen=self.limit.calls)
        self._width = self.limit.calls

    @property
    def waiting(self) -> int:
        """How many calls wait for their turn."""
        return len(self._queue)

    def enter(self, deadline: float) -> Deferred[None] | None:
        """Take a slot now (``None``), or wait in line for one until `deadline`.

        :raises Crowded: when the wait would certainly be too long.
        """
        now = self.clock.seconds()
        slot = self._slot(len(self._queue), now)
        if not self._queue and slot <= now + _LEEWAY:
            self._sent.append(now)
            return None
        if slot > deadline + _LEEWAY:
            raise self._crowded(slot, now)
        waiter = _Waiter(deadline, Deferred(self._leave))
        self._queue.append(waiter)
        self._arm()
        return waiter.turn

    def check(self, patience: float) -> None:
        """Take no slot, but say now when there is none for one more call.

        :raises Crowded: as `enter` would.
        """
        now = self.clock.seconds()
        slot = self._slot(len(self._queue), now)
        if slot > now + patience:
            raise self._crowded(slot, now)

    def slow_down(self, seconds: float, asked: float = 0.0) -> None:
        """The API says: too fast. Pause, then go on in half the width for a while.

        :param asked: for how long it asked, which may be longer than the pause. That
            is what callers are told; after the pause one of them finds out.
        """
        now = self.clock.seconds()
        self._asked_until = now + asked
        self._width = max(1, self._current_width(now) // 2)
        self._narrow_until = now + seconds + _NARROW_SECONDS
        self._shut_until = max(self._shut_until, now + seconds)
        self._turn_away()
        self._arm()

    def _current_width(self, now: float) -> int:
        if now >= self._narrow_until:
            self._width = self.limit.calls
        return self._width

    def _slot(self, position: int, now: float) -> float:
        """Return when the call at `position` of the line may go.

        :param now: looked up once by each caller. Time passes between two looks at the
            clock, and a slot that is free now must not seem to lie ahead.
        """
        width = self._current_width(now)
        rounds, place = divmod(position, width)
        free = width - len(self._sent)
        earliest = max(now, self._shut_until)
        if place < free:
            return earliest + rounds * self.limit.seconds
        # The slot frees when the call that is `width` places ahead leaves the window.
        ahead = self._sent[place - free]
        return max(earliest, ahead + self.limit.seconds) + rounds * self.limit.seconds

    def _crowded(self, slot: float, now: float) -> Crowded:
        if self._shut_until > now:
            return Crowded(self.limit, max(slot, self._asked_until) - now, asked=True)
        return Crowded(self.limit, slot - now)

    def _leave(self, turn: Deferred[None]) -> None:
        for waiter in self._queue:
            if waiter.turn is turn:
                self._queue.remove(waiter)
                break
        self._arm()

    def _wake(self) -> None:
        self._timer = None
        now = self.clock.seconds()
        while self._queue and self._slot(0, now) <= now + _LEEWAY:
            self._sent.append(now)
            self._queue.popleft().turn.callback(None)
            now = self.clock.seconds()
        self._turn_away()
        self._arm()

    def _turn_away(self) -> None:
        """Refuse those whose turn, as things are now, comes after their deadline."""
        now = self.clock.seconds()
        kept: deque[_Waiter] = deque()
        away: list[tuple[_Waiter, Crowded]] = []
        for waiter in self._queue:
            slot = self._slot(len(kept), now)
            if slot > waiter.deadline + _LEEWAY:
                away.append((waiter, self._crowded(slot, now)))
            else:
                kept.append(waiter)
        self._queue = kept
        for waiter, crowded in away:
            waiter.turn.errback(crowded)

    def _arm(self) -> None:
        if not self._queue:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            return
        now = self.clock.seconds()
        delay = max(0.0, self._slot(0, now) - now)
        if self._timer is None:
            self._timer = self.clock.callLater(delay, self._wake)
        else:
            self._timer.reset(delay)


@define(eq=False, kw_only=True)
class Throttle:
    """The lanes of every workspace: one for all its calls, one for each own limit.

    :param workspace_limit: what a workspace may send; ``None`` for no limit at all.
    :param max_wait: seconds a call may wait for its turn.
    :param max_lanes: above this, the lane that was idle longest is forgotten.
    """

    clock: IReactorTime
    workspace_limit: Limit | None = WORKSPACE_LIMIT
    max_wait: float = MAX_WAIT
    max_lanes: int = MAX_LANES
    _lanes: OrderedDict[Key, Lane] = field(factory=OrderedDict, init=False)

    @property
    def lanes(self) -> int:
        """How many lanes are remembered."""
        return len(self._lanes)

    def admit(self, principal: str, operation: Operation) -> Deferred[None] | None:
        """Take a slot now (``None``), or return a Deferred that fires in turn.

        :raises Crowded: (or fails with it) when the turn would come too late.
        """
        if self.workspace_limit is None:
            return None
        deadline = self.clock.seconds() + self.max_wait
        general = self._lane((principal, ""), self.workspace_limit)
        if operation.limit is None:
            return general.enter(deadline)
        general.check(self.max_wait)
        special = self._lane((principal, operation.id), operation.limit)
        turn = special.enter(deadline)
        if turn is None:
            return general.enter(deadline)
        return self._one_after_the_other(turn, general, deadline)

    def slow_down(
        self,
        principal: str,
        operation: Operation,
        seconds: float,
        asked: float = 0.0,
    ) -> None:
        """The API answered 429: the tightest lane of this call pauses and narrows.

        :param seconds: the pause.
        :param asked: for how long the API asked.
        """
        if self.workspace_limit is None:
            return
        if operation.limit is not None:
            lane = self._lane((principal, operation.id), operation.limit)
        else:
            lane = self._lane((principal, ""), self.workspace_limit)
        lane.slow_down(seconds, asked)

    @deferred
    async def _one_after_the_other(
        self, turn: Deferred[None], general: Lane, deadline: float
    ) -> None:
        await turn
        second = general.enter(max(deadline, self.clock.seconds()))
        if second is not None:
            await second

    def _lane(self, key: Key, limit: Limit) -> Lane:
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(limit, self.clock)
            if len(self._lanes) > self.max_lanes:
                self._forget_one(key)
        else:
            self._lanes.move_to_end(key)
        return lane

    def _forget_one(self, newest: Key) -> None:
        for key, lane in self._lanes.items():
            if not lane.waiting and key != newest:
                del self._lanes[key]
                return
