"""Results of writes that went on after their caller had left.

Many clients time out after a minute or so and send the same call again. A write that is
on the wire at that moment goes on (see the head of `call`); the same call then gets its
result, and nothing is sent twice. A result is returned once: after that, the same call
is a new one.

Only writes that are not idempotent are remembered. Pausing, resuming and pausing again
are three calls, and the third must not get the result of the first; doing an idempotent
write twice does no harm.

Three other parts handle repeated requests as well, and all four are needed:

- `pipeline.replies.repeats`: the tool still runs, because in the legacy era a lost
  connection does not cancel its call. An identical ``tools/call`` of that session
  joins it.
- Here: the tool was cancelled while its write was on the wire. Its request was
  cancelled (in the modern era a lost connection does that), its session ended, or its
  deadline passed. The repetition may come in another session or era, so what is
  compared is the call of the API: principal, workspace, operation and arguments.
- `features.workspace.memory.send_once`: nothing was lost, but a model or a client sends
  the same mail again. It remembers mails for some minutes after they were sent.
- `access.rails.outcomes`: the answer was lost, or the process ended, so there is no
  result to return. It refuses the repetition, also after a restart, until the caller
  has looked; the other three are forgotten when the process ends.
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
MAX_CALLS = 1000


def key_of(
    operation: Operation, arguments: JsonObject, credential: Credential
) -> bytes:
    """Return a digest that is equal for equal calls."""
    owner = [credential.principal, credential.workspace]
    return sha256(dumps([owner, operation.id, dict(arguments)])).digest()


@define(eq=False)
class LeftWrite:
    """A write whose caller has left: still running, or ended.

    :param key: what `key_of` returned for its call.
    :param since: clock seconds at which its caller left, or at which it ended.
    :param waiting: equal calls that wait for its result.
    """

    key: bytes
    since: float
    outcome: Json | Exception = None
    ended: bool = False
    waiting: list[Deferred[Json]] = field(factory=list)

    def answer(self) -> Deferred[Json]:
        """Return the result, or wait for it. Cancelling only stops the wait."""
        if not self.ended:
            waiter: Deferred[Json] = Deferred(self.waiting.remove)
            self.waiting.append(waiter)
            return waiter
        if isinstance(self.outcome, Exception):
            return fail(self.outcome)
        return succeed(self.outcome)


@define(eq=False)
class LeftWrites:
    """Remembers the writes of at most `MAX_CALLS` different calls, the latest ones.

    Equal calls that were made at the same time are separate writes. Of the calls that
    repeat them each gets the result of another one.
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
        if len(self._known) > MAX_CALLS:
            self._known.popitem(last=False)
        return write

    def end(self, write: LeftWrite, outcome: Json | Failure) -> None:
        """Store the result of a write and give it to the calls that wait for it."""
        failed = isinstance(outcome, Failure)
        write.outcome = outcome.value if failed else outcome
        write.since, write.ended = self.clock.seconds(), True
        waiting, write.waiting = write.waiting, []
        if waiting:
            self._forget(write)
        for waiter in waiting:
            write.answer().chainDeferred(waiter)

    def collect(self, key: bytes) -> Deferred[Json] | None:
        """Return the result of an equal write whose caller left; ``None`` without one.

        A write that has ended is then forgotten: its result is returned only once.
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
