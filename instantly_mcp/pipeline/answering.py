"""Runs a message through the McpServer and decides how its answer travels.

A call that can stream is raced. Its result first: a JSON answer with its true HTTP
status. A notification first, or a commit window passing: an event stream whose last
event is the result. So a 400 or a 404 stays honest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from attrs import define
from twisted.internet.defer import CancelledError, Deferred, gatherResults, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from ..protocol.calls.call import Caller
from ..protocol.calls.session import McpSession
from ..protocol.interfaces import ITracker
from ..protocol.methods.tools import still_running
from ..protocol.server import McpServer
from ..protocol.wire.errors import invalid_request
from ..protocol.wire.jsonrpc import Batch, Broken, Message, Request, Response
from ..protocol.wire.versions import Revision
from .exchange import Exchange
from .race import ACCEPTED, Race, Restate, unchanged
from .repeats import TOOL_CALL, OpenCall
from .reply import (
    JSON_TYPE,
    Answer,
    HeaderPairs,
    Reply,
    response_answer,
)
from .retention import StreamLog
from .turns import in_turns


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
        caller = Caller(
            revision=revision,
            credential=exchange.credential,
            session=session,
            headers=exchange.headers,
        )
        if isinstance(message, Batch):
            return self._batch(message, caller, streams, versioned)
        if isinstance(message, Broken):
            return succeed(_broken(message, versioned))
        if message is None or not isinstance(message, Request):
            if message is not None:
                self.server.handle(message, caller)
            return succeed(Answer(status=ACCEPTED, headers=versioned))
        race = self.race(
            message,
            caller,
            streams,
            headers=versioned,
            may_stream=can_stream and exchange.accepts_stream,
            only_stream=not exchange.accepts_json,
            hears_progress=can_stream and exchange.accepts_stream,
            restate=restate,
        )
        return race.reply

    def race(
        self,
        request: Request,
        caller: Caller,
        streams: StreamLog | None,
        *,
        headers: HeaderPairs = (),
        may_stream: bool = False,
        only_stream: bool = False,
        hears_progress: bool = False,
        restate: Restate = unchanged,
    ) -> Race:
        """Start a request, or join the identical call whose answer was not read.

        :param streams: of the session, where there is one.
        :param hears_progress: progress reaches the client, which waits for longer then.
        """
        is_call = streams is not None and request.method == TOOL_CALL
        joined = streams.repeated(request) if streams is not None and is_call else None
        call = OpenCall(request, self._only_reads(request)) if is_call else None
        race = Race(
            clock=self.clock,
            tracker=self.tracker,
            headers=headers,
            survives=not caller.revision.modern and joined is None,
            joined=joined is not None,
            may_stream=may_stream,
            only_stream=only_stream,
            streams=streams,
            primed=caller.revision.priming,
            restate=restate,
            call=call,
            notice=(
                partial(still_running, request)
                if is_call and not (hears_progress and _wants_progress(request))
                else None
            ),
        )
        if joined is None:
            if may_stream:
                caller = caller.heard_by(race.outlet)
            if streams is not None and call is not None:
                streams.began(call)
            joined = self.server.handle(request, caller)
        race.run(joined)
        return race

    def _only_reads(self, request: Request) -> bool:
        name = request.params.get("name")
        toolbox = self.server.offer.toolbox
        tool = toolbox.find(name) if isinstance(name, str) else None
        return tool is not None and tool.annotations.read_only

    def _batch(
        self,
        batch: Batch,
        caller: Caller,
        streams: StreamLog | None,
        headers: HeaderPairs,
    ) -> Deferred[Reply]:
        races: list[Race] = []

        def start(member: Message | Broken) -> Deferred[Reply | None]:
            if isinstance(member, Request):
                if caller.session is not None and caller.session.ended:
                    return succeed(None)
                race = self.race(member, caller, streams)
                races.append(race)
                if waiter.called:
                    race.leave_unread()
                return race.reply.addErrback(_silent_if_cancelled)
            if isinstance(member, Broken):
                return succeed(_broken(member, ()))
            self.server.handle(member, caller)
            return succeed(None)

        def left(waiter: Deferred[Reply]) -> None:
            for race in races:
                race.leave_unread()

        waiter: Deferred[Reply] = Deferred(left)
        whole = in_turns(self.clock, start, members_of(batch)).addCallback(
            gatherResults
        )
        self.tracker.track(whole.addCallback(_fire_with_batch, waiter, headers))
        return waiter


def _wants_progress(request: Request) -> bool:
    meta = request.params.get("_meta")
    return isinstance(meta, dict) and meta.get("progressToken") is not None


def _broken(broken: Broken, headers: HeaderPairs) -> Answer:
    return response_answer(Response(broken.id, error=broken.error), headers)


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
    replies: Sequence[Reply | None], waiter: Deferred[Reply], headers: HeaderPairs
) -> None:
    if waiter.called:
        return  # The client is gone; legacy calls run to their end all the same.
    bodies = [
        reply.body for reply in replies if isinstance(reply, Answer) and reply.body
    ]
    if bodies:
        body = b"[" + b",".join(bodies) + b"]"
        answer = Answer(status=200, body=body, headers=(JSON_TYPE, *headers))
    else:
        answer = Answer(status=ACCEPTED, headers=headers)
    waiter.callback(answer)
