"""The order of the writes of one workspace, so that what was agreed to stays true.

A preview is built from reads, and the API has no conditional writes. Without an order
another write could arrive between the last read and the request: a draft could get
other copy, or 10,000 leads, while its start is on its way. So a write that acts on all
of what a campaign or a list contains then (`ALONE`) has the workspace alone, from its
preview to its end: it waits for the writes that are under way, and later ones wait for
it. All others run at the same time.

They hold a turn from before the first read that decides about them. No turn is held
while a person is asked: after that the preview is built again, in another turn.
"""

from __future__ import annotations

from collections import deque
from weakref import WeakValueDictionary

from attrs import define, field
from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime

from ...access.refusal import BUSY, AccessRefusedError
from ...catalog.operation import Operation

ALONE = frozenset(
    {"activateCampaign", "moveLeads", "deleteCampaign", "deleteLeadList"}
    | {"patchLeadList"}
)
"""The operations that act on whatever their object contains at that moment, and the one
that can let a list spend credits for each lead that is added to it."""

MAX_WAIT_SECONDS = 20.0
"""How long a write waits for its turn, if its call has so much time."""


@define(eq=False)
class _Waiting:
    alone: bool
    turn: Deferred[None]


@define(eq=False)
class WriteQueue:
    """The writes of one workspace: those under way, and those that wait, in order."""

    _together: int = field(default=0, init=False)
    _alone: bool = field(default=False, init=False)
    _waiting: deque[_Waiting] = field(factory=deque, init=False)

    async def enter(self, alone: bool, clock: IReactorTime, seconds: float) -> None:
        """Wait for a turn.

        :raises AccessRefusedError: when it does not come in so many seconds.
        """
        if not self._waiting and self._admits(alone):
            self._admit(alone)
            return
        waiting = _Waiting(alone, Deferred(lambda _: self._give_up(waiting)))
        self._waiting.append(waiting)
        try:
            await waiting.turn.addTimeout(seconds, clock)
        except TimeoutError:
            raise _busy() from None

    def leave(self, alone: bool) -> None:
        """End a turn, and begin those for which that is enough."""
        if alone:
            self._alone = False
        else:
            self._together -= 1
        self._advance()

    def _admits(self, alone: bool) -> bool:
        return not self._alone and not (alone and self._together)

    def _admit(self, alone: bool) -> None:
        if alone:
            self._alone = True
        else:
            self._together += 1

    def _give_up(self, waiting: _Waiting) -> None:
        self._waiting.remove(waiting)
        self._advance()

    def _advance(self) -> None:
        while self._waiting and self._admits(self._waiting[0].alone):
            waiting = self._waiting.popleft()
            self._admit(waiting.alone)
            waiting.turn.callback(None)


@define(eq=False)
class Turn:
    """The turn of one write: taken, perhaps left while a person is asked, and ended."""

    _queue: WriteQueue
    _alone: bool
    _taken: bool = field(default=False, init=False)

    async def take(self, clock: IReactorTime, seconds: float) -> None:
        """Wait for the turn, if it is not taken.

        :raises AccessRefusedError: when it does not come in so many seconds.
        """
        if not self._taken:
            await self._queue.enter(self._alone, clock, seconds)
            self._taken = True

    def leave(self) -> None:
        """End the turn, if it is taken."""
        if self._taken:
            self._taken = False
            self._queue.leave(self._alone)


@define(eq=False)
class Turns:
    """The queues of all workspaces."""

    _queues: WeakValueDictionary[str, WriteQueue] = field(
        factory=WeakValueDictionary, init=False
    )

    def of(self, workspace_key: str, operation: Operation) -> Turn:
        """Return the turn of a write, which is not taken yet."""
        queue = self._queues.get(workspace_key)
        if queue is None:
            queue = self._queues[workspace_key] = WriteQueue()
        return Turn(queue, operation.id in ALONE)


def _busy() -> AccessRefusedError:
    return AccessRefusedError(
        BUSY,
        "Other changes of this workspace have not ended yet. Nothing was sent.",
        "Call it again in a minute with the same arguments.",
    )
