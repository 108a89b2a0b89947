"""What is kept of the streams of all sessions, and how much of it.

Within bounds: of a session, and of all sessions together. What its client would miss
least goes first. Only a call that still runs keeps its stream for as long as it takes.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from ..protocol.calls.session import McpSession
from ..protocol.wire.jsonrpc import Id, Request, Response
from .repeats import OpenCall
from .resumable import STREAM_BYTES, Need, ResumableStream, split_event_id

MAX_KEPT_BYTES = 1 << 20
"""What the streams of one session may keep together: no more than a replay can hold."""

MAX_TOTAL_BYTES = 64 << 20
"""What the streams of all sessions may keep together."""

KEPT_SECONDS = 300.0
"""How long a stream can be taken up that is over, or that no call needs."""

SWEEP_SECONDS = 60.0
"""How often `Retention.sweep` should be called."""

MAX_STREAMS = 32
"""Streams that one session keeps for resumption, open ones included.

More may be open at a time; those that are needed least go on, but cannot be resumed.
"""


@define(eq=False)
class Retention:
    """All streams of all sessions that are kept for resumption, oldest first, bounded.

    :param clock: for the time that a stream which was set aside is kept.
    """

    clock: IReactorTime
    max_bytes: int = MAX_TOTAL_BYTES
    kept_bytes: int = field(default=0, init=False)
    _logs: dict[ResumableStream, StreamLog] = field(factory=dict, init=False)

    def add(self, stream: ResumableStream, log: StreamLog) -> None:
        """Count a new stream."""
        self._logs[stream] = log

    def kept(self, more: int) -> None:
        """Note that more, or less, is kept; what is too much is dropped at once.

        An eighth more than must be is dropped, so that it need not be done often.
        """
        self.kept_bytes += more
        if more <= 0 or self.kept_bytes <= self.max_bytes:
            return
        for stream in sorted(self._logs, key=_need_of):
            if self.kept_bytes <= self.max_bytes * 7 // 8:
                return
            self._logs[stream].forget(stream)

    def set_aside(self, stream: ResumableStream) -> None:
        """Note since when only a client that comes back needs the stream."""
        stream.aside_since = self.clock.seconds()

    def is_stale(self, stream: ResumableStream) -> bool:
        """Say whether its client has not come back to the stream for too long."""
        since = stream.aside_since
        return since is not None and self.clock.seconds() - since >= KEPT_SECONDS

    def drop(self, stream: ResumableStream) -> None:
        """Count the stream no more."""
        del self._logs[stream]

    def sweep(self) -> None:
        """Forget the streams to which nobody came back."""
        for stream, log in list(self._logs.items()):
            if self.is_stale(stream):
                log.forget(stream)


@define(eq=False)
class StreamLog:
    """The resumable streams of one session, oldest first, bounded."""

    retention: Retention
    kept_bytes: int = field(default=0, init=False)
    _streams: dict[str, ResumableStream] = field(factory=dict, init=False)
    _running: dict[Id, OpenCall] = field(factory=dict, init=False)

    def new(
        self, primed: bool, is_answer: bool = False, id: str | None = None
    ) -> ResumableStream:
        """Return a new stream. Where there are too many, the least needed one goes.

        :param id: which event ids begin with; a random one unless given. Clients of
            such a stream are not relied upon to come back.
        """
        if len(self._streams) >= MAX_STREAMS:
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
        """Return the stream that an event id names, and the event's place in it."""
        stream_id, place = split_event_id(last_event_id)
        stream = self._streams.get(stream_id)
        if stream is None or place is None:
            return None
        if self.retention.is_stale(stream):
            self.forget(stream)
            return None
        return stream, place

    def repeated(self, request: Request) -> Deferred[Response | None] | None:
        """Return the answer of an identical call that no client has read, if any.

        That is a call whose client left or was told to ask again, while it runs or for
        a while after it; and one with the same id, which is the same message again.
        """
        for stream in tuple(self._streams.values()):
            call = stream.call
            if call is None or stream.need < Need.UNREAD or not call.is_for(request):
                continue
            if not stream.is_over:
                return call.join(request)
            is_kept = not self.retention.is_stale(stream)
            self.forget(stream)
            if is_kept and call.response is not None:
                return call.join(request)
            # Too long ago, or cancelled.
        call = self._running.get(request.id)
        if call is not None and call.is_for(request):
            return call.join(request)
        return None

    def runs(self, request: Request) -> bool:
        """Say whether the call that this message asks for runs: it was sent twice."""
        call = self._running.get(request.id)
        return call is not None and call.is_for(request)

    def began(self, call: OpenCall) -> None:
        """Note a call that runs. What a write may have changed is read again.

        A read that still runs may have looked before the write.
        """
        self._running.setdefault(call.request.id, call)
        if call.reads or not self._streams:
            return
        for stream in self._streams.values():
            if stream.call is not None and stream.call.reads:
                stream.call = None

    def ended(self, call: OpenCall) -> None:
        """Note that a call does not run any more."""
        if self._running.get(call.request.id) is call:
            del self._running[call.request.id]

    def kept(self, stream: ResumableStream, more: int) -> None:
        """Note the change; what the session keeps too much is dropped."""
        self.kept_bytes += more
        self.retention.kept(more)
        if more + STREAM_BYTES > MAX_KEPT_BYTES:
            # No replay could hold this event: do not sacrifice the others to it.
            self.forget(stream)
        while more > 0 and self.kept_bytes > MAX_KEPT_BYTES:
            self._drop_for(stream)

    def set_aside(self, stream: ResumableStream) -> None:
        """Note that the stream is kept only for a client that may come back."""
        self.retention.set_aside(stream)

    def forget(self, stream: ResumableStream) -> None:
        """Keep nothing of the stream: it cannot be resumed any more."""
        if self._streams.pop(stream.id, None) is not None:
            stream.forget()
            self.retention.drop(stream)

    def clear(self) -> None:
        """Forget all of them: the session is over."""
        self._running.clear()
        for stream in list(self._streams.values()):
            self.forget(stream)

    def _drop_for(self, stream: ResumableStream) -> None:
        """Drop something, so that there is room for what the stream keeps now.

        First what was delivered; then the stream's own oldest events; then a stream
        that is needed less; and the stream itself if there is none.
        """
        least = min(self._streams.values(), key=_need_of)
        if least.need is Need.DELIVERED or not stream.drop_oldest():
            self.forget(least if least.need < stream.need else stream)


@define(eq=False)
class StreamLogs:
    """The log of each session, made when it is first needed."""

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
