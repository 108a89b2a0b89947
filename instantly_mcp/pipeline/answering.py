"""Runs a message through the McpServer and decides how its answer travels.

A call that can stream is raced. Its result first: a JSON answer with its true HTTP
status. A notification first, or a commit window passing: an event stream whose last
event is the result. So a 400 or a 404 stays honest.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define
from twisted.internet.defer import CancelledError, Deferred, gatherResults, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from .._json import dumps
from ..protocol.call import NOWHERE, Caller
from ..protocol.errors import invalid_request
from ..protocol.interfaces import IOutlet, ITracker
from ..protocol.jsonrpc import Batch, Broken, Message, Request, Response
from ..protocol.server import McpServer
from ..protocol.session import McpSession
from ..protocol.versions import Revision
from .exchange import Exchange
from .race import ACCEPTED, Race, Restate, unchanged
from .reply import (
    JSON_TYPE,
    Answer,
    HeaderPairs,
    Reply,
    response_answer,
)
from .retention import StreamLog


@define(eq=False)
class Answering:
    """Answers one exchange's message from the one `McpServer`.

    :param tracker: holds the daemon's stop for calls whose client is gone.
    """

    server: McpServer
    clock: IReactorTime
    tracker: ITracker

    def answer(
        self,
        exchange: Exchange,
        revision: Revision,
        session: McpSession | None = None,
        *,
        can_stream: bool = True,
        restate: Restate = unchanged,
        streams: StreamLog | None = None,
    ) -> Deferred[Reply]:
        """Answer a single message or a batch.

        In the modern era a client that disconnects cancels its call. Before it, the
        call goes on: only ``notifications/cancelled`` ends it.

        :param can_stream: the answer may become an event stream.
        :param restate: how this route words an error.
        :param streams: the session's resumable streams, where there is a session.
        """
        message = exchange.message
        versioned = (("MCP-Protocol-Version", revision.version),)
        if isinstance(message, Batch):
            return self._batch(exchange, message, revision, session, versioned)
        if isinstance(message, Broken):
            broken = Response(message.id, error=message.error)
            return succeed(response_answer(broken, versioned))
        if not isinstance(message, Request):
            return self._accept(message, exchange, revision, session, versioned)
        race = Race(
            clock=self.clock,
            tracker=self.tracker,
            headers=versioned,
            survives=not revision.modern,
            may_stream=can_stream and exchange.accepts_stream,
            only_stream=not exchange.accepts_json,
            streams=streams,
            primed=revision.priming,
            restate=restate,
        )
        caller = self._caller(exchange, revision, session, race.outlet)
        race.run(self.server.handle(message, caller))
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
        members = members_of(batch)
        caller = self._caller(exchange, revision, session, NOWHERE)
        answers = [self._member(member, caller) for member in members]
        whole = gatherResults(answers)
        waiter: Deferred[Reply] = Deferred()
        self.tracker.track(whole.addCallback(_fire_with_batch, waiter, headers))
        return waiter

    def _member(
        self, member: Message | Broken, caller: Caller
    ) -> Deferred[Response | None]:
        if isinstance(member, Broken):
            return succeed(Response(member.id, error=member.error))
        return self.server.handle(member, caller).addErrback(_silent_if_cancelled)


def members_of(batch: Batch) -> Sequence[Message | Broken]:
    """Return what a batch asks for; what it may not ask for becomes an error."""
    return [_allowed(member) for member in batch.members]


def _allowed(member: Message | Broken) -> Message | Broken:
    if isinstance(member, Request) and member.method == "initialize":
        error = invalid_request("initialize is never part of a batch")
        return Broken(member.id, error)
    return member


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
