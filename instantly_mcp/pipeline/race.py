"""A race: the result first, and the answer is JSON; anything else first, a stream.

So the HTTP status stays honest: a 400 or a 404 is decided before anything is streamed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import define, evolve, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure
from zope.interface import implementer

from .._json import JsonObject
from ..protocol.call import NOWHERE
from ..protocol.errors import ProtocolError, internal_error
from ..protocol.interfaces import IOutlet, ITracker
from ..protocol.jsonrpc import Response
from .channel import Channel
from .outlets import ChannelOutlet
from .reply import Answer, EventStream, HeaderPairs, Reply, response_answer
from .retention import StreamLog

COMMIT_SECONDS = 5.0
"""After this long without a result the answer becomes a stream, kept alive."""

ACCEPTED = 202

Restate: TypeAlias = Callable[[ProtocolError], ProtocolError]


def unchanged(error: ProtocolError) -> ProtocolError:
    """Say an error as it is."""
    return error


@define(eq=False, kw_only=True)
class Race:
    """One call's way to its answer.

    :param survives: the call goes on when its client leaves.
    :param may_stream: the answer may become an event stream.
    :param only_stream: every result is streamed; errors keep their HTTP status.
    :param streams: where a stream is kept for resumption; ``None`` for nowhere.
    :param primed: such a stream begins with an empty event.
    """

    clock: IReactorTime
    tracker: ITracker
    headers: HeaderPairs
    survives: bool
    may_stream: bool
    only_stream: bool = False
    streams: StreamLog | None = None
    primed: bool = False
    restate: Restate = unchanged
    commit_seconds: float = COMMIT_SECONDS
    reply: Deferred[Reply] = field(init=False)
    _sink: IOutlet | None = field(default=None, init=False)
    _running: Deferred[Response | None] | None = field(default=None, init=False)
    _timer: IDelayedCall | None = field(default=None, init=False)
    _gone: bool = field(default=False, init=False)
    _over: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        """Let whoever waits for the reply give up."""
        self.reply = Deferred(self._client_gone)

    @property
    def outlet(self) -> IOutlet:
        """Where the call sends what it has to say before its result."""
        return _RaceOutlet(self) if self.may_stream else NOWHERE

    def run(self, running: Deferred[Response | None]) -> None:
        """Follow a call to its end."""
        self._running = running
        running.addCallbacks(self._answered, self._failed)
        if self._over:
            return
        if self._gone:
            self._leave()
        elif self.only_stream:
            self.commit()
        elif self.may_stream and self._sink is None:
            self._timer = self.clock.callLater(self.commit_seconds, self.commit)

    def commit(self) -> None:
        """Turn the answer into an event stream now, if it can still become one."""
        decided = self._sink is not None or self.reply.called or self._gone
        if decided or not self.may_stream:
            return
        self._stop_timer()
        channel = self._open()
        channel.when_closed(self._client_left_stream)
        self.reply.callback(EventStream(channel=channel, headers=self.headers))

    def send(self, message: JsonObject) -> None:
        """Put a message on the stream, which it opens."""
        self.commit()
        if self._sink is not None:
            self._sink.send(message)

    def interrupt(self) -> None:
        """Close the connection of a stream that can be resumed."""
        self.commit()
        if self._sink is not None:
            self._sink.interrupt()

    def _open(self) -> Channel:
        if self.streams is None:
            channel = Channel()
            self._sink = ChannelOutlet(channel)
            return channel
        stream = self.streams.new(self.primed, is_answer=True)
        self._sink = stream
        return stream.open()

    def _answered(self, response: Response | None) -> None:
        self._over = True
        self._stop_timer()
        if response is not None and response.error is not None:
            response = evolve(response, error=self.restate(response.error))
        elif response is not None and self.only_stream:
            self.commit()
        if self._sink is not None:
            if response is not None:
                self._sink.send(response.as_object())
            self._sink.close()
        elif not self.reply.called and not self._gone:
            self.reply.callback(
                Answer(status=ACCEPTED, headers=self.headers)
                if response is None
                else response_answer(response, self.headers)
            )

    def _failed(self, failure: Failure) -> None:
        """A cancelled call has no answer; anything else is a bug, already logged."""
        if failure.check(CancelledError):
            self._answered(None)
        else:
            error = internal_error("unexpected")
            self._answered(Response(None, error=error))

    def _client_gone(self, reply: Deferred[Reply]) -> None:
        """The client left before the answer began."""
        self._gone = True
        self._stop_timer()
        self._leave()

    def _client_left_stream(self) -> None:
        if not self._over:
            self._leave()

    def _leave(self) -> None:
        if self._running is None:
            self._gone = True
        elif self.survives:
            self.tracker.track(self._running)
        else:
            self._running.cancel()

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()


@implementer(IOutlet)
class _RaceOutlet:
    """What a call sees of its race."""

    __slots__ = ("_race",)

    def __init__(self, race: Race) -> None:
        self._race = race

    def send(self, message: JsonObject) -> None:
        self._race.send(message)

    def close(self) -> None:
        """A call's own stream ends with its result, not before."""

    def interrupt(self) -> None:
        self._race.interrupt()
