"""Outbound rate limits: when a call may be sent, and which calls wait for which.

The throttle
------------
Instantly allows a workspace 100 calls in any second, and fewer of some operations (20
``listEmail`` in any minute). Above that it answers 429 to all users of the workspace.
So calls wait here, before they are sent.

Sliding windows, not token buckets: a bucket that starts full lets nearly twice its rate
through in the first period, and the API counts. A `Lane` remembers when its last calls
were sent; the next one may go when the oldest of them has left the window.

Lanes: a workspace (an API key, perhaps with ``x-as-workspace``) has one lane for all
its calls and one for each operation with a limit of its own. A call of such an
operation passes that lane first and the general one after it. All callers of a
workspace share its lanes, because Instantly limits the workspace. Workspaces never wait
for each other here; they share the slots of `concurrency`. Two keys of one workspace
have separate lanes: this server cannot know that they belong together, and the API's
429 corrects it.

Who waits: the calls of a lane go in the order in which they came. Each may wait for
`max_wait` seconds. The time of its turn can be computed when it comes, so a call whose
turn would be too late is refused at once and learns how long it would have to wait.

After a 429 (other programs may use the same workspace) the lane pauses, then allows
half as many calls for a minute. A further 429 halves that again.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import TypeAlias

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ..._deferred import deferred
from ...catalog.operation import Limit, Operation

WORKSPACE_LIMIT = Limit(calls=100, seconds=1.0)
"""The API also limits a workspace to 6,000 calls in any minute: that follows."""

BOTH_LIMITS = f"{WORKSPACE_LIMIT} and {60 * WORKSPACE_LIMIT.calls} in 60 s"
"""Both limits of the API as text."""

MAX_TURN_WAIT_SECONDS = 4.5
"""Less than the 5 seconds after which an answer becomes an event stream with status
200: a call that gets no turn is still answered with 503, which clients repeat."""

MAX_LANES = 4096

_NARROW_SECONDS = 60.0
"""For this time after the pause that follows a 429 a lane allows fewer calls."""

_LEEWAY_SECONDS = 1e-6
"""Tolerance when times are compared, because sums of floats are not exact."""

Key: TypeAlias = tuple[str, str]


@frozen(kw_only=True)
class LaneState:
    """A lane at this moment, for the status page.

    :param workspace: identifies the workspace; see `Credential.workspace_key`.
    :param operation: the operation with a limit of its own; empty for all calls.
    :param sent: calls in the present window.
    :param waiting: calls that wait for their turn.
    :param allowed: calls that a window has now: fewer after a 429.
    :param paused: seconds for which the lane sends nothing, after a 429.
    """

    workspace: str
    operation: str
    limit: Limit
    sent: int
    waiting: int
    allowed: int
    paused: float


@define(eq=False)
class ThrottleExceeded(Exception):
    """The call's turn would come too late.

    :param limit: the limit that is used up.
    :param seconds: how long until the call could be sent.
    :param asked: the lane pauses because the API answered 429.
    """

    limit: Limit
    seconds: float
    asked: bool = False


@define(eq=False)
class _WaitingCall:
    deadline: float
    turn: Deferred[None]


@define(eq=False)
class Lane:
    """One limit of one workspace: the calls of the last window, and those that wait."""

    limit: Limit
    clock: IReactorTime
    _sent: deque[float] = field(init=False)
    _queue: deque[_WaitingCall] = field(factory=deque, init=False)
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

    def state(self, workspace: str, operation: str) -> LaneState:
        """Return the present state; the parameters are those of `LaneState`."""
        now = self.clock.seconds()
        return LaneState(
            workspace=workspace,
            operation=operation,
            limit=self.limit,
            sent=sum(now - at < self.limit.seconds for at in self._sent),
            waiting=self.waiting,
            allowed=self._current_width(now),
            paused=max(0.0, self._shut_until - now),
        )

    def enter(self, deadline: float) -> Deferred[None] | None:
        """Take a slot, or wait for one.

        :param deadline: clock seconds until which the call may wait.
        :returns: ``None`` when the call may go now, else a Deferred that fires when it
            may, and fails with `ThrottleExceeded` once its turn is after `deadline`.
        :raises ThrottleExceeded: when its turn would be after `deadline`.
        """
        now = self.clock.seconds()
        slot = self._slot(len(self._queue), now)
        if not self._queue and slot <= now + _LEEWAY_SECONDS:
            self._sent.append(now)
            return None
        if slot > deadline + _LEEWAY_SECONDS:
            raise self._exceeded(slot, now)
        waiter = _WaitingCall(deadline, Deferred(self._leave))
        self._queue.append(waiter)
        self._arm()
        return waiter.turn

    def check(self, patience: float) -> None:
        """Check whether one more call would find a slot, without taking it.

        :param patience: seconds that the call may wait.
        :raises ThrottleExceeded: as `enter` would.
        """
        now = self.clock.seconds()
        slot = self._slot(len(self._queue), now)
        if slot > now + patience:
            raise self._exceeded(slot, now)

    def slow_down(self, seconds: float, asked: float = 0.0) -> None:
        """Pause after a 429, then allow half as many calls for a minute.

        :param seconds: the pause.
        :param asked: the pause that the API asked for, which may be longer. Refused
            calls report this time; after `seconds` a call tests whether it is over.
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
        """Return the clock seconds at which the call at `position` in the queue may go.

        :param now: the time that the caller has read once. Reading the clock again
            here would make a slot that is free now appear to be in the future.
        """
        width = self._current_width(now)
        rounds, place = divmod(position, width)
        free = width - len(self._sent)
        earliest = max(now, self._shut_until)
        if place < free:
            return earliest + rounds * self.limit.seconds
        # The slot is free when the call `width` places ahead leaves the window.
        ahead = self._sent[place - free]
        return max(earliest, ahead + self.limit.seconds) + rounds * self.limit.seconds

    def _exceeded(self, slot: float, now: float) -> ThrottleExceeded:
        if self._shut_until > now:
            return ThrottleExceeded(
                self.limit, max(slot, self._asked_until) - now, asked=True
            )
        return ThrottleExceeded(self.limit, slot - now)

    def _leave(self, turn: Deferred[None]) -> None:
        for waiter in self._queue:
            if waiter.turn is turn:
                self._queue.remove(waiter)
                break
        self._arm()

    def _wake(self) -> None:
        self._timer = None
        now = self.clock.seconds()
        while self._queue and self._slot(0, now) <= now + _LEEWAY_SECONDS:
            self._sent.append(now)
            self._queue.popleft().turn.callback(None)
            now = self.clock.seconds()
        self._turn_away()
        self._arm()

    def _turn_away(self) -> None:
        """Refuse the waiting calls whose turn is now after their deadline."""
        now = self.clock.seconds()
        kept: deque[_WaitingCall] = deque()
        away: list[tuple[_WaitingCall, ThrottleExceeded]] = []
        for waiter in self._queue:
            slot = self._slot(len(kept), now)
            if slot > waiter.deadline + _LEEWAY_SECONDS:
                away.append((waiter, self._exceeded(slot, now)))
            else:
                kept.append(waiter)
        self._queue = kept
        for waiter, exceeded in away:
            waiter.turn.errback(exceeded)

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
    """The lanes of all workspaces; see the head of this module.

    :param workspace_limit: the limit for all calls; ``None`` disables the throttle.
    :param max_wait: seconds that a call may wait for its turn.
    :param max_lanes: number of lanes that are remembered. Above it, the one that was
        used least recently and has no waiting calls is forgotten.
    """

    clock: IReactorTime
    workspace_limit: Limit | None = WORKSPACE_LIMIT
    max_wait: float = MAX_TURN_WAIT_SECONDS
    max_lanes: int = MAX_LANES
    _lanes: OrderedDict[Key, Lane] = field(factory=OrderedDict, init=False)

    def states(self) -> Iterator[LaneState]:
        """Yield the state of each lane."""
        for (workspace, operation), lane in self._lanes.items():
            yield lane.state(workspace, operation)

    def admit(self, workspace: str, operation: Operation) -> Deferred[None] | None:
        """Take a slot in each lane of a call, or wait for them.

        :returns: ``None`` when the call may go now, else a Deferred that fires when it
            may, or fails with `ThrottleExceeded`.
        :raises ThrottleExceeded: when its turn would come too late.
        """
        if self.workspace_limit is None:
            return None
        deadline = self.clock.seconds() + self.max_wait
        general = self._lane((workspace, ""), self.workspace_limit)
        if operation.limit is None:
            return general.enter(deadline)
        # Otherwise the call could use a slot of the scarcer limit for nothing.
        general.check(self.max_wait)
        special = self._lane((workspace, operation.id), operation.limit)
        turn = special.enter(deadline)
        if turn is None:
            return general.enter(deadline)
        return self._one_after_the_other(turn, general, deadline)

    def slow_down(
        self,
        workspace: str,
        operation: Operation,
        seconds: float,
        asked: float = 0.0,
    ) -> None:
        """Slow down the lane with the lowest limit of a call that got 429.

        :param seconds: the pause.
        :param asked: the pause that the API asked for.
        """
        if self.workspace_limit is None:
            return
        if operation.limit is not None:
            lane = self._lane((workspace, operation.id), operation.limit)
        else:
            lane = self._lane((workspace, ""), self.workspace_limit)
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
