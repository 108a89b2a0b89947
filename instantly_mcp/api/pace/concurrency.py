"""Limits on the number of calls to the upstream: on the wire, and waiting.

There are two limits, because a call either uses a connection or does not. `slots` is
the number of calls that may be on the wire. `places` is the number of calls that may
wait: for a slot, for their turn at the rate limit (`throttle`), or to try again
(`retry`). A call that finds neither is refused at once.

Both are shared between principals by the dynamic threshold of Choudhury and Hahne
(IEEE/ACM Transactions on Networking 6(2), 1998): a principal may hold `SHARE` times as
many as are still free. A single principal gets nearly all; a second one always finds
some free; two that ask for everything end with equal parts. Slots that become free go
to the waiting principals in rotation (round robin), so the queue of one principal does
not delay the others.
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
"""How many times as many as are still free one principal may hold."""

MAX_WAIT_SECONDS = 4.5
"""How long a call may wait for a slot, counted from when it asked for its turn at the
rate limit (see `api.turn`). It must be below the 5 s after which an HTTP reply may
become an event stream, which can no longer be a 503."""


@define(eq=False)
class Busy(Exception):
    """No slot: there was no place to wait for one, or the wait timed out.

    :param waited: seconds that the call waited for a slot.
    """

    waited: float = 0.0


@define(eq=False)
class _Shared:
    """A number of slots or places that principals share."""

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
class _SlotWait:
    since: float
    turn: Deferred[None]
    timer: IDelayedCall | None = None


@define(eq=False, kw_only=True)
class Concurrency:
    """The slots and places for one upstream.

    :param slots: calls that may be on the wire at the same time.
    :param places: calls that may wait at the same time.
    """

    clock: IReactorTime
    slots: int = MAX_SLOTS
    places: int = MAX_PLACES
    _slots: _Shared = field(init=False)
    _places: _Shared = field(init=False)
    _queues: OrderedDict[str, deque[_SlotWait]] = field(factory=OrderedDict, init=False)
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
        """How many calls wait, for any reason."""
        return self._places.used

    @contextmanager
    def place(self, principal: str) -> Iterator[None]:
        """Hold a place while a call waits for something other than a slot.

        :raises Busy: when the principal gets no place.
        """
        if not self._places.take(principal):
            raise Busy
        try:
            yield
        finally:
            self._places.free(principal)

    def enter(self, principal: str, seconds: float) -> Deferred[None] | None:
        """Take a slot, or wait for one.

        :param seconds: how long the call may wait.
        :returns: ``None`` when the slot was free, else a Deferred that fires when the
            call gets it, and fails with `Busy` after `seconds`.
        :raises Busy: when there is no slot, and no place or no time to wait for one.
        """
        if principal not in self._queues and self._slots.take(principal):
            return None
        if seconds <= 0 or not self._places.take(principal):
            raise Busy
        waiter = _SlotWait(
            self.clock.seconds(), Deferred(lambda _: self._give_up(principal, waiter))
        )
        waiter.timer = self.clock.callLater(seconds, self._expire, principal, waiter)
        self._queues.setdefault(principal, deque()).append(waiter)
        return waiter.turn

    def leave(self, principal: str) -> None:
        """Release a slot; the next principal in the rotation gets it."""
        self._slots.free(principal)
        # A call that ends immediately gets here while its slot is being handed over.
        # A loop instead of recursion: there may be hundreds of such calls.
        if self._handing_over:
            return
        self._handing_over = True
        try:
            while self._hand_over():
                pass
        finally:
            self._handing_over = False

    def _hand_over(self) -> bool:
        """Give one slot to the next principal; say whether that was possible.

        A principal that already has its share is skipped.
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

    def _expire(self, principal: str, waiter: _SlotWait) -> None:
        waiter.timer = None
        self._remove(principal, waiter)
        waiter.turn.errback(Busy(self.clock.seconds() - waiter.since))

    def _give_up(self, principal: str, waiter: _SlotWait) -> None:
        self._remove(principal, waiter)

    def _remove(self, principal: str, waiter: _SlotWait) -> None:
        """Remove a waiter from its queue and release its place."""
        queue = self._queues[principal]
        queue.remove(waiter)
        if not queue:
            del self._queues[principal]
        if waiter.timer is not None:
            waiter.timer.cancel()
            waiter.timer = None
        self._places.free(principal)
