"""Keeps event streams of legacy sessions for clients that leave and come back.

A client that loses its connection has two ways to get its answer: it resumes the stream
with ``Last-Event-ID`` (see `resumable`), or it sends the same call again and joins the
one that still runs or whose answer was not read (see `repeats`). Both need the events
of the stream, so each session has a `StreamLog`, and `Retention` counts them all.

The memory is bounded for each session and for all sessions together. Beyond a bound the
stream that its client needs least (`Need`) is forgotten first. A complete stream is
forgotten `KEPT_SECONDS` after its end; one whose call still runs is kept until the call
ends. A stream that was forgotten still reaches a connected client; it just cannot be
resumed.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from ..._rights import ALL_RIGHTS, Rights
from ...protocol.calls.session import McpSession
from ...protocol.wire.jsonrpc import Id, Request, Response
from .repeats import OpenCall
from .resumable import STREAM_OVERHEAD_BYTES, Need, ResumableStream, split_event_id

MAX_KEPT_BYTES = 1 << 20
"""Limit for the streams of one session: not more than a channel can replay."""

MAX_TOTAL_BYTES = 64 << 20
"""Limit for the streams of all sessions."""

KEPT_SECONDS = 300.0
"""How long a stream can be resumed that is complete, or that has no call."""

SWEEP_SECONDS = 60.0
"""How often `Retention.sweep` should be called."""

MAX_KEPT_STREAMS = 32
"""Streams that one session keeps for resumption, open ones included.

More may be open at a time; those that are needed least cannot be resumed.
"""


@define(eq=False)
class Retention:
    """The kept streams of all sessions, oldest first.

    :param clock: measures how long a stream has been set aside.
    :param max_bytes: what they may take together.
    """

    clock: IReactorTime
    max_bytes: int = MAX_TOTAL_BYTES
    kept_bytes: int = field(default=0, init=False)
    _logs: dict[ResumableStream, StreamLog] = field(factory=dict, init=False)

    def add(self, stream: ResumableStream, log: StreamLog) -> None:
        """Count a new stream."""
        self._logs[stream] = log

    def kept(self, more: int) -> None:
        """Count `more` bytes (negative for fewer); forget streams over the limit.

        Forgets an eighth of the limit more than it must, so that it is done rarely.
        """
        self.kept_bytes += more
        if more <= 0 or self.kept_bytes <= self.max_bytes:
            return
        for stream in sorted(self._logs, key=_need_of):
            if self.kept_bytes <= self.max_bytes * 7 // 8:
                return
            self._logs[stream].forget(stream)

    def set_aside(self, stream: ResumableStream) -> None:
        """Note the time from which the stream is kept for a returning client only."""
        stream.aside_since = self.clock.seconds()

    def is_stale(self, stream: ResumableStream) -> bool:
        """Say whether the stream has been set aside for `KEPT_SECONDS`."""
        since = stream.aside_since
        return since is not None and self.clock.seconds() - since >= KEPT_SECONDS

    def drop(self, stream: ResumableStream) -> None:
        """Remove a stream that was forgotten."""
        del self._logs[stream]

    def sweep(self) -> None:
        """Forget the streams that have been set aside for too long."""
        for stream, log in list(self._logs.items()):
            if self.is_stale(stream):
                log.forget(stream)


@define(eq=False)
class StreamLog:
    """The resumable streams of one session, oldest first, and its running calls."""

    retention: Retention
    kept_bytes: int = field(default=0, init=False)
    _streams: dict[str, ResumableStream] = field(factory=dict, init=False)
    _running: dict[Id, OpenCall] = field(factory=dict, init=False)

    def new(
        self, primed: bool, is_answer: bool = False, id: str | None = None
    ) -> ResumableStream:
        """Return a new stream; beyond `MAX_KEPT_STREAMS` the least needed is forgotten.

        :param primed: see `ResumableStream`, as for `is_answer`.
        :param id: the stream id, random unless given. A stream with a given id is not
            interrupted.
        """
        if len(self._streams) >= MAX_KEPT_STREAMS:
            self.forget(min(self._streams.values(), key=_need_of))
        stream = (
            ResumableStream(self, primed, is_answer)
            if id is None
            else ResumableStream(self, primed, is_answer, id, interruptible=False)
        )
        self._streams[stream.id] = stream
        self.retention.add(stream, self)
        self.kept(stream, stream.kept_bytes)
        return stream

    def find(self, last_event_id: str) -> tuple[ResumableStream, int] | None:
        """Return the stream that an event id names, and the event's place in it.

        :returns: ``None`` if the stream is not kept (any more).
        """
        stream_id, place = split_event_id(last_event_id)
        stream = self._streams.get(stream_id)
        if stream is None or place is None:
            return None
        if self.retention.is_stale(stream):
            self.forget(stream)
            return None
        return stream, place

    def repeated(
        self, request: Request, rights: Rights = ALL_RIGHTS
    ) -> Deferred[Response | None] | None:
        """Return the answer of an identical call that no client has read, if any.

        It may be the answer of a call whose client left or was asked to repeat it,
        while the call runs and for `KEPT_SECONDS` after it; or the answer of a running
        call with the same id, which is the same message sent twice.

        :param rights: those of the caller; calls with other ones are not joined.
        """
        for stream in tuple(self._streams.values()):
            call = stream.call
            if call is None or stream.need < Need.UNREAD or not call.is_for(request):
                continue
            if call.rights != rights:
                continue
            if not stream.is_over:
                return call.join(request)
            is_kept = not self.retention.is_stale(stream)
            self.forget(stream)
            if is_kept and call.response is not None:
                return call.join(request)
            # It ended too long ago, or was cancelled.
        call = self._running.get(request.id)
        if call is not None and call.is_for(request) and call.rights == rights:
            return call.join(request)
        return None

    def runs(self, request: Request) -> bool:
        """Say whether this same request is running: it was sent twice."""
        call = self._running.get(request.id)
        return call is not None and call.is_for(request)

    def began(self, call: OpenCall) -> None:
        """Note a running call. After a write, calls that read cannot be joined.

        Their answers may show the state before the write.
        """
        self._running.setdefault(call.request.id, call)
        if call.reads or not self._streams:
            return
        for stream in self._streams.values():
            if stream.call is not None and stream.call.reads:
                stream.call = None

    def ended(self, call: OpenCall) -> None:
        """Note that a call has ended."""
        if self._running.get(call.request.id) is call:
            del self._running[call.request.id]

    def kept(self, stream: ResumableStream, more: int) -> None:
        """Count `more` bytes (negative for fewer); forget events over the limit."""
        self.kept_bytes += more
        self.retention.kept(more)
        if more + STREAM_OVERHEAD_BYTES > MAX_KEPT_BYTES:
            # No channel could replay this event: do not forget the others for it.
            self.forget(stream)
        while more > 0 and self.kept_bytes > MAX_KEPT_BYTES:
            self._drop_for(stream)

    def set_aside(self, stream: ResumableStream) -> None:
        """Note that the stream is kept only for a client that may come back."""
        self.retention.set_aside(stream)

    def forget(self, stream: ResumableStream) -> None:
        """Stop keeping the stream. It cannot be resumed any more."""
        if self._streams.pop(stream.id, None) is not None:
            stream.forget()
            self.retention.drop(stream)

    def clear(self) -> None:
        """Forget all streams: the session has ended."""
        self._running.clear()
        for stream in list(self._streams.values()):
            self.forget(stream)

    def _drop_for(self, stream: ResumableStream) -> None:
        """Forget something, so that there is room for the stream's new event.

        First streams that were delivered; then the stream's own oldest events; then a
        stream that is needed less; or the stream itself if none is.
        """
        least = min(self._streams.values(), key=_need_of)
        if least.need is Need.DELIVERED or not stream.drop_oldest():
            self.forget(least if least.need < stream.need else stream)


@define(eq=False)
class StreamLogs:
    """The log of each session, created on first use."""

    retention: Retention
    _logs: WeakKeyDictionary[McpSession, StreamLog] = field(
        factory=WeakKeyDictionary, init=False, repr=False
    )

    def of(self, session: McpSession) -> StreamLog:
        """Return the session's log; it is cleared when the session closes."""
        log = self._logs.get(session)
        if log is None:
            log = self._logs[session] = StreamLog(self.retention)
            session.when_closed(log.clear)
        return log


def _need_of(stream: ResumableStream) -> Need:
    return stream.need
