"""Writes that go on without their caller, and what they came to.

A client gives up after a minute or so, and asks again. A write that is on the wire then
is left to finish; the same call gets its result, and nothing is sent twice. A result is
handed out once: after that the same call is a new one.

Only writes whose repetition would do more are remembered. Pausing, resuming and pausing
again are three calls, and the third must not get the result of the first; made twice,
none of them does harm.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256

from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from .._credential import Credential
from .._json_codec import Json, JsonObject, dumps
from ..catalog.operation import Operation

KEPT_SECONDS = 600.0
MOST = 1000


def key_of(
    operation: Operation, arguments: JsonObject, credential: Credential
) -> bytes:
    """Return what stands for a call; nothing can be read from it."""
    whose = [credential.principal, credential.workspace]
    return sha256(dumps([whose, operation.id, dict(arguments)])).digest()


@define(eq=False)
class LeftWrite:
    """One of them: still going on, or ended.

    :param since: clock seconds at which it was left, or at which it ended.
    """

    key: bytes
    since: float
    outcome: Json | Exception = None
    ended: bool = False
    waiting: list[Deferred[Json]] = field(factory=list)

    def answer(self) -> Deferred[Json]:
        """Return the outcome, or wait for it. Cancelling only ends the waiting."""
        if not self.ended:
            waiter: Deferred[Json] = Deferred(self.waiting.remove)
            self.waiting.append(waiter)
            return waiter
        if isinstance(self.outcome, Exception):
            return fail(self.outcome)
        return succeed(self.outcome)


@define(eq=False)
class LeftWrites:
    """Remembers them, those of `MOST` calls; the oldest are forgotten first.

    Equal calls that were made at the same time are writes of their own, and each
    outcome is for another one of the calls that ask again.
    """

    clock: IReactorTime
    _known: OrderedDict[bytes, list[LeftWrite]] = field(factory=OrderedDict, init=False)

    def __len__(self) -> int:
        return len(self._known)

    def add(self, key: bytes) -> LeftWrite:
        """Remember a write whose caller leaves now."""
        write = LeftWrite(key, self.clock.seconds())
        self._known.setdefault(key, []).append(write)
        self._known.move_to_end(key)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return write

    def end(self, write: LeftWrite, outcome: Json | Failure) -> None:
        """Note what a write came to, and tell those who wait for it."""
        failed = isinstance(outcome, Failure)
        write.outcome = outcome.value if failed else outcome
        write.since, write.ended = self.clock.seconds(), True
        waiting, write.waiting = write.waiting, []
        if waiting:
            self._forget(write)
        for waiter in waiting:
            write.answer().chainDeferred(waiter)

    def collect(self, key: bytes) -> Deferred[Json] | None:
        """Return the outcome of the same call that was left; ``None`` if none was.

        One that has ended is forgotten by this: its outcome is handed out.
        """
        known = self._known.get(key, [])
        oldest = self.clock.seconds() - KEPT_SECONDS
        for write in [one for one in known if one.ended]:
            self._forget(write)
            if write.since >= oldest:
                return write.answer()
        running = [one for one in known if not one.ended]
        if not running:
            return None
        return min(running, key=lambda one: len(one.waiting)).answer()

    def _forget(self, write: LeftWrite) -> None:
        known = self._known.get(write.key, [])
        if write in known:
            known.remove(write)
        if not known:
            self._known.pop(write.key, None)
