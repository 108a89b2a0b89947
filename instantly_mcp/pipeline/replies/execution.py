"""Passes the message of an exchange to the McpServer and returns the reply.

Each request gets a `PendingReply`, which decides whether its answer becomes JSON or an
event stream. The requests of a batch run side by side, and their answers become one
array.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from attrs import define
from twisted.internet.defer import CancelledError, Deferred, gatherResults, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from ...protocol.calls.call import Caller
from ...protocol.calls.session import McpSession
from ...protocol.interfaces import ITracker
from ...protocol.methods.tools import still_running
from ...protocol.server import McpServer
from ...protocol.wire.errors import invalid_request
from ...protocol.wire.jsonrpc import Batch, InvalidMember, Message, Request, Response
from ...protocol.wire.versions import Revision
from ..exchange import Exchange
from .pending_reply import ACCEPTED_STATUS, PendingReply, Restate, unchanged
from .repeats import TOOL_CALL, OpenCall
from .reply import JSON_TYPE, Answer, HeaderPairs, Reply, response_answer
from .retention import StreamLog
from .turns import in_turns


@define(eq=False)
class MessageExecutor:
    """Answers the messages of exchanges.

    :param tracker: makes the daemon's stop wait for calls whose client has left.
    """

    server: McpServer
    clock: IReactorTime
    tracker: ITracker

    def execute(
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

        In the modern era a client that disconnects cancels its call. In the legacy era
        the call goes on: only ``notifications/cancelled`` ends it.

        :param can_stream: the answer may become an event stream.
        :param restate: changes an error into the form that this route uses.
        :param streams: the session's resumable streams, if there is a session.
        """
        message = exchange.message
        versioned = (("MCP-Protocol-Version", revision.version),)
        caller = Caller(
            revision=revision,
            credential=exchange.credential,
            rights=exchange.rights,
            session=session,
            headers=exchange.headers,
        )
        if isinstance(message, Batch):
            return self.batch(message, caller, streams, versioned)
        if isinstance(message, InvalidMember):
            return succeed(_error_answer(message, versioned))
        if message is None or not isinstance(message, Request):
            if message is not None:
                self.server.handle(message, caller)
            return succeed(Answer(status=ACCEPTED_STATUS, headers=versioned))
        pending = self.start(
            message,
            caller,
            streams,
            headers=versioned,
            may_stream=can_stream and exchange.accepts_stream,
            only_stream=not exchange.accepts_json,
            gets_progress=can_stream and exchange.accepts_stream,
            restate=restate,
        )
        return pending.reply

    def start(
        self,
        request: Request,
        caller: Caller,
        streams: StreamLog | None,
        *,
        headers: HeaderPairs = (),
        may_stream: bool = False,
        only_stream: bool = False,
        gets_progress: bool = False,
        restate: Restate = unchanged,
    ) -> PendingReply:
        """Start a request, or join an identical call whose answer was not read.

        :param streams: the session's resumable streams, if there is a session.
        :param gets_progress: progress notifications reach the client. Clients wait
            longer while they receive them.
        """
        is_call = streams is not None and request.method == TOOL_CALL
        running = None
        if streams is not None and is_call:
            running = streams.repeated(request, caller.rights)
        joined = running is not None
        call = self._open_call(request, caller) if is_call else None
        pending = PendingReply(
            clock=self.clock,
            tracker=self.tracker,
            headers=headers,
            survives=not caller.revision.modern and not joined,
            joined=joined,
            may_stream=may_stream,
            only_stream=only_stream,
            streams=streams,
            primed=caller.revision.priming,
            restate=restate,
            call=call,
            notice=(
                partial(still_running, request, caller.revision)
                if is_call and not (gets_progress and _wants_progress(request))
                else None
            ),
        )
        if running is None:
            if may_stream:
                caller = caller.with_sink(pending.sink_for_call)
            if streams is not None and call is not None:
                streams.began(call)
            running = self.server.handle(request, caller)
        pending.run(running)
        return pending

    def _open_call(self, request: Request, caller: Caller) -> OpenCall:
        name = request.params.get("name")
        tools = self.server.features.tools
        tool = tools.find(name) if isinstance(name, str) else None
        reads = tool is not None and tool.annotations.read_only
        return OpenCall(request, caller.rights, reads=reads)

    def batch(
        self,
        batch: Batch,
        caller: Caller,
        streams: StreamLog | None,
        headers: HeaderPairs = (),
    ) -> Deferred[Reply]:
        """Answer the members of a batch together.

        :param streams: the session's resumable streams, if there is a session.
        """
        started: list[PendingReply] = []

        def start(member: Message | InvalidMember) -> Deferred[Reply | None]:
            if isinstance(member, Request):
                if caller.session is not None and caller.session.ended:
                    return succeed(None)
                pending = self.start(member, caller, streams)
                started.append(pending)
                if waiter.called:
                    pending.leave_unread()
                return pending.reply.addErrback(_silent_if_cancelled)
            if isinstance(member, InvalidMember):
                return succeed(_error_answer(member, ()))
            self.server.handle(member, caller)
            return succeed(None)

        def left(waiter: Deferred[Reply]) -> None:
            for pending in started:
                pending.leave_unread()

        waiter: Deferred[Reply] = Deferred(left)
        whole = in_turns(self.clock, start, members_of(batch)).addCallback(
            gatherResults
        )
        self.tracker.track(whole.addCallback(_fire_with_batch, waiter, headers))
        return waiter


def _wants_progress(request: Request) -> bool:
    meta = request.params.get("_meta")
    return isinstance(meta, dict) and meta.get("progressToken") is not None


def _error_answer(member: InvalidMember, headers: HeaderPairs) -> Answer:
    return response_answer(Response(member.id, error=member.error), headers)


def members_of(batch: Batch) -> Sequence[Message | InvalidMember]:
    """Return the members of a batch; what a batch may not hold becomes an error."""
    return [_allowed(member) for member in batch.members]


def _allowed(member: Message | InvalidMember) -> Message | InvalidMember:
    if isinstance(member, Request) and member.method == "initialize":
        error = invalid_request("initialize is never part of a batch")
        return InvalidMember(member.id, error)
    return member


def _silent_if_cancelled(failure: Failure) -> None:
    failure.trap(CancelledError)


def _fire_with_batch(
    replies: Sequence[Reply | None], waiter: Deferred[Reply], headers: HeaderPairs
) -> None:
    if waiter.called:
        return  # The client has left; the calls of a legacy session ran to their end.
    bodies = [
        reply.body for reply in replies if isinstance(reply, Answer) and reply.body
    ]
    if bodies:
        body = b"[" + b",".join(bodies) + b"]"
        answer = Answer(status=200, body=body, headers=(JSON_TYPE, *headers))
    else:
        answer = Answer(status=ACCEPTED_STATUS, headers=headers)
    waiter.callback(answer)
