"""How many calls are under way to one upstream at a time, and how many may wait.

Two limits, because a call either holds a connection or does not: `slots` bounds the
calls that are on the wire, `places` those that wait, be it for a slot, for their turn
at the rate limit or to try again. Beyond both a call is refused at once.

Both are shared by the dynamic threshold of Choudhury and Hahne (IEEE/ACM Transactions
on Networking 6(2), 1998): a principal may hold `SHARE` times what is still free. One
that is alone gets nearly all of it; whoever comes next always finds some; two that ask
for everything end with equal parts. Slots that become free go to the waiting principals
in rotation, so that a queue of one of them delays nobody else's.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

MAX_SLOTS = 256
MAX_PLACES = 1024
SHARE = 7

MAX_WAIT_SECONDS = 4.5
"""Over HTTP an answer may become a stream after 5 s, and can no longer be a 503."""


@define(eq=False)
class Busy(Exception):
    """There is no slot, and no place to wait for one, or it was waited for in vain.

    :param waited: seconds that the call waited for a slot.
    """

    waited: float = 0.0


@define(eq=False)
class _Shared:
    """So many of something, shared by principals."""

    total: int
    used: int = field(default=0, init=False)
    _held: dict[str, int] = field(factory=dict, init=False)

    def take(self, principal: str) -> bool:
        """Take one, if it is within the principal's share."""
        held = self._held.get(principal, 0)
        if held >= SHARE * (self.total - self.used):
            return False
        self.used += 1
        self._held[principal] = held + 1
        return True

    def free(self, principal: str) -> None:
        """Give one back."""
        self.used -= 1
        held = self._held[principal] - 1
        if held:
            self._held[principal] = held
        else:
            del self._held[principal]


@define(eq=False)
class _Waiter:
    since: float
    turn: Deferred[None]
    timer: IDelayedCall | None = None


@define(eq=False, kw_only=True)
class Concurrency:
    """The slots and the places of one upstream.

    :param slots: calls on the wire at a time.
    :param places: calls that wait at a time.
    """

    clock: IReactorTime
    slots: int = MAX_SLOTS
    places: int = MAX_PLACES
    _slots: _Shared = field(init=False)
    _places: _Shared = field(init=False)
    _queues: OrderedDict[str, deque[_Waiter]] = field(factory=OrderedDict, init=False)
    _handing_over: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._slots = _Shared(self.slots)
        self._places = _Shared(self.places)

    @property
    def in_use(self) -> int:
        """How many calls are on the wire."""
        return self._slots.used

    @property
    def waiting(self) -> int:
        """How many calls wait for anything."""
        return self._places.used

    @contextmanager
    def place(self, principal: str) -> Iterator[None]:
        """Hold a place while a call waits for something else than a slot.

        :raises Busy: when there is none.
        """
        if not self._places.take(principal):
            raise Busy
        try:
            yield
        finally:
            self._places.free(principal)

    def enter(self, principal: str, seconds: float) -> Deferred[None] | None:
        """Take a slot now (``None``), or wait in line for one.

        :param seconds: how long the call may wait.
        :raises Busy: (or fails with it) when it cannot wait, or waited in vain.
        """
        if principal not in self._queues and self._slots.take(principal):
            return None
        if seconds <= 0 or not self._places.take(principal):
            raise Busy
        waiter = _Waiter(
            self.clock.seconds(), Deferred(lambda _: self._give_up(principal, waiter))
        )
        waiter.timer = self.clock.callLater(seconds, self._expire, principal, waiter)
        self._queues.setdefault(principal, deque()).append(waiter)
        return waiter.turn

    def leave(self, principal: str) -> None:
        """Give a slot back; the next principal in line gets it."""
        self._slots.free(principal)
        # A call that ends at once comes back here before its turn was handed over. A
        # loop, not a recursion: there may be hundreds of such calls.
        if self._handing_over:
            return
        self._handing_over = True
        try:
            while self._hand_over():
                pass
        finally:
            self._handing_over = False

    def _hand_over(self) -> bool:
        """Give one slot to the next in line; say whether there was one to give.

        A principal that has its share already is passed over.
        """
        for _ in range(len(self._queues)):
            principal, queue = next(iter(self._queues.items()))
            self._queues.move_to_end(principal)
            if self._slots.take(principal):
                waiter = queue[0]
                self._remove(principal, waiter)
                waiter.turn.callback(None)
                return True
        return False

    def _expire(self, principal: str, waiter: _Waiter) -> None:
        waiter.timer = None
        self._remove(principal, waiter)
        waiter.turn.errback(Busy(self.clock.seconds() - waiter.since))

    def _give_up(self, principal: str, waiter: _Waiter) -> None:
        self._remove(principal, waiter)

    def _remove(self, principal: str, waiter: _Waiter) -> None:
        """Take a waiter out of its line, which gives its place back."""
        queue = self._queues[principal]
        queue.remove(waiter)
        if not queue:
            del self._queues[principal]
        if waiter.timer is not None:
            waiter.timer.cancel()
            waiter.timer = None
        self._places.free(principal)
