"""Runs a message through the McpServer and decides how its answer travels.

A call that can stream is raced. Its result first: a JSON answer with its true HTTP
status. A notification first, or a commit window passing: an event stream whose last
event is the result. So a 400 or a 404 stays honest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from attrs import define, evolve
from twisted.internet.defer import CancelledError, Deferred, gatherResults, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure
from zope.interface import implementer

from .._json import JsonObject, dumps
from ..protocol.call import NOWHERE, Caller
from ..protocol.errors import ProtocolError, internal_error, invalid_request
from ..protocol.interfaces import IOutlet, ITracker
from ..protocol.jsonrpc import Batch, Broken, Message, Request, Response
from ..protocol.server import McpServer
from ..protocol.session import McpSession
from ..protocol.versions import Revision
from .channel import Channel, Event
from .exchange import Exchange
from .reply import (
    JSON_TYPE,
    Answer,
    EventStream,
    HeaderPairs,
    Reply,
    response_answer,
)

COMMIT_SECONDS = 5.0
"""After this long without a result the answer becomes a stream, kept alive."""

MAX_BATCH = 100

ACCEPTED = 202

Restate: TypeAlias = Callable[[ProtocolError], ProtocolError]


def unchanged(error: ProtocolError) -> ProtocolError:
    """Say an error as it is."""
    return error


def message_event(message: JsonObject) -> Event:
    """Return the event that carries a JSON-RPC message."""
    return Event(data=dumps(message), name="message")


@define(eq=False)
class Answering:
    """Answers one exchange's message from the one `McpServer`.

    :param tracker: holds the daemon's stop for calls whose client is gone.
    """

    server: McpServer
    clock: IReactorTime
    tracker: ITracker
    commit_seconds: float = COMMIT_SECONDS

    def answer(
        self,
        exchange: Exchange,
        revision: Revision,
        session: McpSession | None = None,
        can_stream: bool = True,
        restate: Restate = unchanged,
    ) -> Deferred[Reply]:
        """Answer a single message or a batch.

        In the modern era a client that disconnects cancels its call. Before it, the
        call goes on: only ``notifications/cancelled`` ends it.

        :param can_stream: the answer may become an event stream.
        :param restate: how this route words an error.
        """
        message = exchange.message
        versioned = (("MCP-Protocol-Version", revision.version),)
        if isinstance(message, Batch):
            return self._batch(exchange, message, revision, session, versioned)
        if not isinstance(message, Request):
            return self._accept(message, exchange, revision, session, versioned)
        race = Race(
            self,
            versioned,
            survives=not revision.modern,
            streams=can_stream and exchange.accepts_stream,
            restate=restate,
        )
        caller = self._caller(exchange, revision, session, race.outlet)
        race.run(self.server.handle(message, caller))
        if not exchange.accepts_json:
            race.commit()
        return race.reply

    def _caller(
        self,
        exchange: Exchange,
        revision: Revision,
        session: McpSession | None,
        outlet: IOutlet,
    ) -> Caller:
        return Caller(
            revision=revision,
            credential=exchange.credential,
            session=session,
            headers=exchange.headers,
            outlet=outlet,
        )

    def _accept(
        self,
        message: Message | None,
        exchange: Exchange,
        revision: Revision,
        session: McpSession | None,
        headers: HeaderPairs,
    ) -> Deferred[Reply]:
        if message is not None:
            caller = self._caller(exchange, revision, session, NOWHERE)
            self.server.handle(message, caller)
        return succeed(Answer(status=ACCEPTED, headers=headers))

    def _batch(
        self,
        exchange: Exchange,
        batch: Batch,
        revision: Revision,
        session: McpSession | None,
        headers: HeaderPairs,
    ) -> Deferred[Reply]:
        if len(batch.members) > MAX_BATCH:
            error = invalid_request(f"a batch holds at most {MAX_BATCH} messages")
            return succeed(response_answer(Response(None, error=error), headers))
        caller = self._caller(exchange, revision, session, NOWHERE)
        answers = [self._member(member, caller) for member in batch.members]
        whole = gatherResults(answers)
        waiter: Deferred[Reply] = Deferred()
        self.tracker.track(whole.addCallback(_fire_with_batch, waiter, headers))
        return waiter

    def _member(
        self, member: Message | Broken, caller: Caller
    ) -> Deferred[Response | None]:
        if isinstance(member, Broken):
            return succeed(Response(member.id, error=member.error))
        if isinstance(member, Request) and member.method == "initialize":
            error = invalid_request("initialize is never part of a batch")
            return succeed(Response(member.id, error=error))
        return self.server.handle(member, caller).addErrback(_silent_if_cancelled)


def _silent_if_cancelled(failure: Failure) -> None:
    failure.trap(CancelledError)


def _fire_with_batch(
    responses: Sequence[Response | None], waiter: Deferred[Reply], headers: HeaderPairs
) -> None:
    if waiter.called:
        return  # The client is gone; legacy calls run to their end all the same.
    answered = [response.as_object() for response in responses if response is not None]
    if answered:
        body = dumps(answered)
        answer = Answer(status=200, body=body, headers=(JSON_TYPE, *headers))
    else:
        answer = Answer(status=ACCEPTED, headers=headers)
    waiter.callback(answer)


class Race:
    """One call's answer: JSON if the result comes first, else an event stream."""

    def __init__(
        self,
        answering: Answering,
        headers: HeaderPairs,
        *,
        survives: bool,
        streams: bool,
        restate: Restate,
    ) -> None:
        self._answering = answering
        self._headers = headers
        self._survives = survives
        self._channel: Channel | None = None
        self._running: Deferred[Response | None] | None = None
        self._timer: IDelayedCall | None = None
        self._may_stream = streams
        self._restate = restate
        self.outlet: IOutlet = _StreamOutlet(self) if streams else NOWHERE
        self.reply: Deferred[Reply] = Deferred(self._client_gone)

    def run(self, running: Deferred[Response | None]) -> None:
        """Follow a call to its end."""
        self._running = running
        if not running.called and self._may_stream and self._channel is None:
            self._timer = self._answering.clock.callLater(
                self._answering.commit_seconds, self.commit
            )
        running.addCallbacks(self._answered, self._failed)

    def commit(self) -> None:
        """Turn the answer into an event stream now. Does nothing once replied."""
        if self._channel is not None or self.reply.called:
            return
        self._stop_timer()
        self._channel = Channel()
        self._channel.when_closed(self._stream_closed)
        self.reply.callback(EventStream(channel=self._channel, headers=self._headers))

    def send(self, message: JsonObject) -> None:
        """Put a notification on the stream, which it opens."""
        self.commit()
        if self._channel is not None:
            self._channel.send(message_event(message))

    def _answered(self, response: Response | None) -> None:
        self._stop_timer()
        if response is not None and response.error is not None:
            response = evolve(response, error=self._restate(response.error))
        if self._channel is not None:
            if response is not None:
                self._channel.send(message_event(response.as_object()))
            self._channel.close()
        elif not self.reply.called:
            self.reply.callback(
                Answer(status=ACCEPTED, headers=self._headers)
                if response is None
                else response_answer(response, self._headers)
            )

    def _failed(self, failure: Failure) -> None:
        if failure.check(CancelledError):
            self._answered(None)
            return
        self._stop_timer()
        error = internal_error("unexpected")
        self._answered(Response(None, error=error))

    def _client_gone(self, reply: Deferred[Reply]) -> None:
        """The client left before the answer began."""
        self._stop_timer()
        self._leave()

    def _stream_closed(self) -> None:
        if self._running is not None and not self._running.called:
            self._leave()

    def _leave(self) -> None:
        running = self._running
        if running is None:
            return
        if self._survives:
            self._answering.tracker.track(running)
        else:
            running.cancel()

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()


@implementer(IOutlet)
class _StreamOutlet:
    def __init__(self, race: Race) -> None:
        self._race = race

    def send(self, message: JsonObject) -> None:
        self._race.send(message)

    def close(self) -> None:
        """A call's own stream ends with its result, not before."""

    def interrupt(self) -> None:
        """Nothing here can be resumed yet."""
