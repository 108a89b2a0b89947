"""Writes audit lines on a thread, so that a slow disk never blocks the reactor.

Lines that arrive while others are written wait, and are then written together with one
fsync(2). Number and HMAC are added only then, so a line that could not be written
leaves no gap in the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, TypeAlias, final

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, execute, succeed
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ..._deferred import deferred
from ..._json_codec import JsonObject, dumps
from ..._times import utc_milliseconds
from ...access.audit.chain import ChainHead
from ...access.audit.open_intents import INTENT
from ...access.audit.records import REFUSED, STOPPED
from ...access.interfaces import IAuditLog
from .file import AuditFile

InThread: TypeAlias = Callable[
    [Callable[[Sequence[JsonObject]], ChainHead], Sequence[JsonObject]],
    Deferred[ChainHead],
]
"""Calls a function with an argument, at once or on a thread."""

MAX_LATE = 10_000
"""How many lines are kept in memory while the file cannot be written."""

_NOT_KEPT = frozenset({INTENT, REFUSED})
"""The kinds of lines that need not be written later: what they tell of was not sent."""

Waiting: TypeAlias = tuple[Sequence[JsonObject], Deferred[None]]
"""Lines, and what fires when they are durable."""


@final
@implementer(IAuditLog)
@define(eq=False)
class AuditLog:
    """A queue in front of an `AuditFile`.

    Until `start` is called, lines are written at once, on the calling thread.

    :param file: a file that was started.
    :param wall: returns the seconds since the epoch.
    :param in_thread: calls the methods of the file.
    :ivar late: lines that could not be written, at most `MAX_LATE`: all that tell of
        something that has happened, such as outcomes, decisions and commands. They are
        written before any other line, so no write is sent while one of
        these is missing.
    """

    log: ClassVar[Logger] = Logger()

    file: AuditFile
    wall: Callable[[], float]
    in_thread: InThread = execute
    late: list[JsonObject] = field(factory=list, init=False)
    _waiting: list[Waiting] = field(factory=list, init=False)
    _idle: bool = field(default=True, init=False)

    def start(self, reactor: Any) -> None:
        """Write on a thread of the reactor from now on."""
        pool = reactor.getThreadPool()
        self.in_thread = partial(deferToThreadPool, reactor, pool)

    def append(self, facts: JsonObject) -> Deferred[None]:
        return self._queue([stamped(facts, self.wall())])

    def append_now(self, lines: Sequence[JsonObject]) -> None:
        """Write lines at once, before `start`.

        :raises OSError: if that fails.
        """
        now = self.wall()
        self.file.append(
            [stamped(facts, now) for facts in lines], utc_milliseconds(now)
        )

    def reopen(self) -> Deferred[None]:
        """Begin a new file if the present one was renamed.

        The next line would do so as well; a rotation should not wait for it.
        """
        return self._queue(())

    def log_head(self) -> None:
        """Log the head, so that a missing end of the file can be found later."""
        head = self.file.head
        self.log.info("audit head: line {seq}, {mac}", seq=head.seq, mac=head.mac)

    @deferred
    async def close(self) -> None:
        """Write what is queued and a last line, log the head, and close the file.

        A second time does nothing.
        """
        if self.file.closed:
            return
        try:
            await self.append({"kind": STOPPED})
        except CancelledError:
            # Its thread may be writing still, so the descriptor stays open.
            self.file.refuse_more()
            raise
        except OSError:
            self.log.failure("IMCP-AUDIT the last line of the audit is not written")
        self.log_head()
        self.file.close()

    def _queue(self, lines: Sequence[JsonObject]) -> Deferred[None]:
        done: Deferred[None] = Deferred()
        self._waiting.append((lines, done))
        self._write()
        return done

    def _write(self) -> None:
        if not self._idle or not self._waiting:
            return
        self._idle = False
        batch, self._waiting = self._waiting, []
        late, self.late = self.late, []
        lines = [*late, *(facts for lines, _ in batch for facts in lines)]
        append = partial(self.file.append, at=utc_milliseconds(self.wall()))
        self.in_thread(append, lines).addBoth(self._written, late, batch)

    def _written(
        self,
        result: ChainHead | Failure,
        late: list[JsonObject],
        batch: Sequence[Waiting],
    ) -> None:
        self._idle = True
        if isinstance(result, Failure):
            lines = [*late, *(facts for lines, _ in batch for facts in lines)]
            kept = [each for each in lines if each["kind"] not in _NOT_KEPT]
            self.late = kept[:MAX_LATE]
        for _, done in batch:
            if isinstance(result, Failure):
                done.errback(result)
            else:
                done.callback(None)
        self._write()


@final
@implementer(IAuditLog)
class LoggedAudit:
    """Writes audit lines to the log of the daemon, which no chain protects.

    For a daemon without a state directory, which has nowhere to keep the key.

    :param wall: returns the seconds since the epoch.
    """

    log: ClassVar[Logger] = Logger()

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall

    def start(self, reactor: Any) -> None:
        """Do nothing: the log has a thread of its own."""

    def append(self, facts: JsonObject) -> Deferred[None]:
        line = dumps(stamped(facts, self._wall())).decode()
        self.log.info("audit {line}", line=line)
        return succeed(None)

    def reopen(self) -> Deferred[None]:
        """Do nothing: the log file is opened again by its own part."""
        return succeed(None)

    def log_head(self) -> None:
        """Do nothing: there is no chain."""

    def close(self) -> Deferred[None]:
        """Do nothing: the log is closed last."""
        return succeed(None)


def noting(audit: IAuditLog) -> Callable[[JsonObject], None]:
    """Return what adds a line that nothing waits for; a failure is only logged."""
    log = Logger("instantly_mcp.daemon.audit")

    def failed(failure: Failure) -> None:
        log.failure("IMCP-AUDIT a line is not in the audit yet", failure=failure)

    def note(facts: JsonObject) -> None:
        audit.append(facts).addErrback(failed)

    return note


def stamped(facts: JsonObject, now: float) -> JsonObject:
    """Return a line with its time.

    :param now: seconds since the epoch.
    """
    return {"at": utc_milliseconds(now), **facts}
