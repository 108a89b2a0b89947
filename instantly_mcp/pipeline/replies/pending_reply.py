"""Decides whether the answer to a request becomes JSON or an event stream.

Streamable HTTP allows both for a POST. An event stream is needed for progress, for
requests to the client, and to keep a slow connection alive; but it starts with status
200, before the result is known. So the answer is a race between two events:

- The result comes first: the reply is an `Answer`, JSON with the result's own HTTP
  status, such as 400 or 404.
- The call sends a message first, or `COMMIT_SECONDS` pass: the reply is an
  `EventStream`. The message and all later ones become its events, the result is the
  last one.

A client that accepts only JSON gets JSON, however long it takes. One that accepts only
event streams gets a stream, except for errors, which keep their status.

A client may leave before its answer. In the modern era that cancels the call. In the
legacy era the call goes on (`survives`), and its answer is kept for a client that
resumes the stream or repeats the call: see `retention` and `repeats`. Most clients give
up after 60 seconds without any sign of progress; shortly before that they get a result
that says that the call still runs (`notice`), and that they should repeat it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, cast

from attrs import define, evolve, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ..._json_codec import JsonObject
from ...protocol.calls.call import NULL_SINK
from ...protocol.interfaces import INotificationSink, ITracker
from ...protocol.wire.errors import ProtocolError
from ...protocol.wire.incidents import report_bug
from ...protocol.wire.jsonrpc import Response
from .channel import Channel, ChannelSink
from .repeats import OpenCall
from .reply import Answer, EventStream, HeaderPairs, Reply, response_answer
from .resumable import ResumableStream
from .retention import StreamLog

log = Logger()

COMMIT_SECONDS = 5.0
"""After this time without a result the answer becomes a stream, which is kept alive."""

NOTICE_SECONDS = 54.0
"""After this time a client that gets no progress gets the result "still running".

Many clients give up after 60 seconds, and later answers are lost.
"""

ACCEPTED_STATUS = 202

Restate: TypeAlias = Callable[[ProtocolError], ProtocolError]


def unchanged(error: ProtocolError) -> ProtocolError:
    """Return the error as it is."""
    return error


@define(eq=False, kw_only=True)
class PendingReply:
    """One request, from its start to its reply.

    :param survives: the call goes on when its client leaves.
    :param may_stream: the answer may become an event stream.
    :param only_stream: every result is streamed; errors keep their HTTP status.
    :param restate: changes an error into the form that the route uses.
    :param commit_seconds: see `COMMIT_SECONDS`.
    :param streams: keeps the stream for resumption; ``None`` if it cannot be resumed.
    :param primed: a kept stream begins with an empty event.
    :param joined: the answer is that of an earlier call, whose stream keeps it. It is
        not kept a second time.
    :param call: lets an identical request join this call once its client has left. It
        needs `streams`, which keep its answer.
    :param notice: returns the result for a client that would not wait any longer.
    :ivar reply: fires with the reply. Cancelling it means that the client has left.
    """

    clock: IReactorTime
    tracker: ITracker
    headers: HeaderPairs
    survives: bool
    may_stream: bool
    joined: bool = False
    only_stream: bool = False
    streams: StreamLog | None = None
    primed: bool = False
    restate: Restate = unchanged
    commit_seconds: float = COMMIT_SECONDS
    call: OpenCall | None = None
    notice: Callable[[], Response] | None = None
    reply: Deferred[Reply] = field(init=False)
    _sink: INotificationSink | None = field(default=None, init=False)
    _stream: ResumableStream | None = field(default=None, init=False)
    _running: Deferred[Response | None] | None = field(default=None, init=False)
    _timer: IDelayedCall | None = field(default=None, init=False)
    _client_left: bool = field(default=False, init=False)
    _over: bool = field(default=False, init=False)
    _started: float = field(default=0.0, init=False)

    def __attrs_post_init__(self) -> None:
        """Create the Deferred for the reply; cancelling it calls `_reply_cancelled`."""
        self.reply = Deferred(self._reply_cancelled)
        self._started = self.clock.seconds()

    @property
    def running(self) -> Deferred[None]:
        """Fires when the call has ended and was answered. Set by `run`."""
        assert self._running is not None
        return cast("Deferred[None]", self._running)

    @property
    def sink_for_call(self) -> INotificationSink:
        """Takes the messages that the call sends before its result."""
        return _PendingReplySink(self) if self.may_stream else NULL_SINK

    def run(self, running: Deferred[Response | None]) -> None:
        """Wait for the result of a call and turn it into the reply."""
        self._running = running
        running.addCallbacks(self._answered, self._failed)
        if self._over:
            return
        if self._client_left:
            self._leave()
        elif self.only_stream:
            self.commit()
        elif self.may_stream and self._sink is None:
            self._timer = self.clock.callLater(self.commit_seconds, self.commit)
        elif self._timer is None:
            self._await_notice()

    def commit(self) -> None:
        """Turn the answer into an event stream now, unless it is decided already."""
        decided = self._sink is not None or self.reply.called or self._client_left
        if decided or not self.may_stream:
            return
        self._stop_timer()
        channel = self._open()
        channel.when_closed(self._client_left_stream)
        self._await_notice()
        self.reply.callback(EventStream(channel=channel, headers=self.headers))

    def send(self, message: JsonObject) -> None:
        """Send a message, which makes the answer a stream."""
        self.commit()
        if self._sink is not None:
            self._sink.send(message)

    def interrupt(self) -> None:
        """Close the stream's connection, if the stream can be resumed."""
        self.commit()
        if self._sink is not None:
            self._sink.interrupt()

    def _open(self) -> Channel:
        if self.streams is None or self.joined:
            channel = Channel()
            self._sink = ChannelSink(channel)
            return channel
        stream = self._kept_in(self.streams, self.primed)
        return stream.open()

    def _kept_in(self, streams: StreamLog, primed: bool) -> ResumableStream:
        stream = streams.new(primed, is_answer=True)
        stream.call = self.call
        self._sink = self._stream = stream
        return stream

    def _await_notice(self) -> None:
        if self.notice is not None and not self._over:
            waited = self.clock.seconds() - self._started
            left = max(0.0, NOTICE_SECONDS - waited)
            self._timer = self.clock.callLater(left, self._give_notice)

    def _give_notice(self) -> None:
        """Answer that the call still runs, if its client still reads."""
        self._timer = None
        sink, stream = self._sink, self._stream
        is_read = stream is None or stream.channel is not None
        if self.notice is None or self._client_left or not is_read:
            return
        response, self._sink, self._stream = self.notice(), None, None
        if sink is None:
            self.reply.callback(response_answer(response, self.headers))
            self._leave()
        else:
            # Closing the stream has the same effect as a client that leaves.
            sink.send(response.as_object())
            sink.close()

    def _answered(self, response: Response | None) -> None:
        self._over = True
        self._stop_timer()
        joined = self._end_call(response)
        if response is not None and response.error is not None:
            response = evolve(response, error=self.restate(response.error))
        elif response is not None and self.only_stream:
            self.commit()
        if self._sink is not None:
            if response is not None:
                self._sink.send(response.as_object())
            self._sink.close()
            if joined and self._stream is not None:
                self._stream.was_read()
        elif not self.reply.called and not self._client_left:
            self.reply.callback(
                Answer(status=ACCEPTED_STATUS, headers=self.headers)
                if response is None
                else response_answer(response, self.headers)
            )

    def _end_call(self, response: Response | None) -> bool:
        """End the call; say whether a request that joined it got its answer."""
        if self.call is None:
            return False
        if self.streams is not None:
            self.streams.ended(self.call)
        return self.call.answered(response)

    def _keep(self) -> ResumableStream | None:
        """Keep the call's answer for a request that repeats it, if it is not kept."""
        if self._sink is None and self.call is not None and self.streams is not None:
            return self._kept_in(self.streams, primed=False)
        return None

    def leave_unread(self) -> None:
        """Note that the client left without reading the answer, if there is one."""
        if not self._over:
            self.reply.cancel()
            return
        response = None if self.call is None else self.call.response
        stream = None if response is None else self._keep()
        if response is not None and stream is not None:
            stream.send(response.as_object())
            stream.close()

    def _failed(self, failure: Failure) -> None:
        """End without an answer if the call was cancelled; any other failure is a bug.

        `McpServer.handle` promises to fail in no other way: it logs the exceptions of
        features and answers them.
        """
        if failure.check(CancelledError):
            self._answered(None)
        else:
            error = report_bug(log, failure, "A call failed unexpectedly")
            self._answered(Response(None, error=error))

    def _reply_cancelled(self, reply: Deferred[Reply]) -> None:
        """Note that the client left before the answer began."""
        self._client_left = True
        self._stop_timer()
        self._leave()

    def _client_left_stream(self) -> None:
        if not self._over:
            self._leave()

    def _leave(self) -> None:
        if self._running is None:
            self._client_left = True
        elif self.survives:
            self._keep()
            self.tracker.track(self._running)
        else:
            self._running.cancel()

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()


@implementer(INotificationSink)
class _PendingReplySink:
    """The part of a pending reply that its call may use."""

    __slots__ = ("_pending",)

    def __init__(self, pending: PendingReply) -> None:
        self._pending = pending

    def send(self, message: JsonObject) -> None:
        self._pending.send(message)

    def close(self) -> None:
        """Do nothing: the stream ends with the result, not before."""

    def interrupt(self) -> None:
        self._pending.interrupt()
