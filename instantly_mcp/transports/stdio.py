"""MCP over standard input and output, for both eras on one pair of pipes.

The pipe has one client, and one credential, which the process was started with. So
there is one session of the legacy era, which lives as long as the process; what
``initialize`` agrees on holds for it. A request with the envelope of the modern era is
served without it, as everywhere. The specification allows both on one pipe
(basic/versioning, "Backward Compatibility").

All messages share the pipe, and ids belong to the client. So in both eras
``notifications/cancelled`` cancels a request, after which nothing more is sent for it,
and notifications of subscriptions have the id of their request
(basic/transports/stdio). There are no headers: checks that compare them do not apply.

A legacy call that takes nearly a minute without progress is answered "still running",
as over HTTP, because clients wait no longer over pipes either; a repetition of the call
gets its result.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.python.failure import Failure
from zope.interface import implementer

from .._credential import Credential
from .._json_codec import Json, JsonObject, dumps
from .._rights import Rights
from ..pipeline.replies.execution import MessageExecutor
from ..pipeline.replies.pending_reply import PendingReply
from ..pipeline.replies.reply import Answer, Reply
from ..pipeline.replies.retention import Retention, StreamLogs
from ..protocol.calls.call import Caller
from ..protocol.calls.session import McpSession
from ..protocol.calls.subscriptions import ChangeNotifier
from ..protocol.interfaces import INotificationSink
from ..protocol.wire.classify import LegacyMessage, classify
from ..protocol.wire.envelope import NO_HEADER_LAYER
from ..protocol.wire.errors import ProtocolError, invalid_request, overloaded
from ..protocol.wire.jsonrpc import (
    Batch,
    Body,
    Id,
    MalformedMessage,
    Notification,
    Request,
    Response,
    decode,
    peek_id,
)
from ..protocol.wire.versions import LATEST_LEGACY, V2026_07_28
from .stdio_lines import ILineConsumer, ILineSink

MAX_OPEN_REQUESTS = 256
"""Requests of the client that may be unanswered at a time; more are refused."""

RETRY_AFTER_SECONDS = 1

CANCELLED = "notifications/cancelled"


@implementer(INotificationSink)
@define(eq=False)
class LineNotifications:
    """Writes the notifications and requests of this server as lines."""

    output: ILineSink

    def send(self, message: JsonObject) -> None:
        self.output.write_line(dumps(message))

    def close(self) -> None:
        """Do nothing: the pipe outlives each request."""

    def interrupt(self) -> None:
        """Do nothing: a pipe cannot be resumed."""


@implementer(ILineConsumer)
@define(eq=False, kw_only=True)
class StdioServer:
    """Serves one client.

    :param credential: what all its requests act with; ``None`` for listing only.
    :param rights: what the client may do, as the settings narrow it.
    :param finish: called once the client sends nothing more; fires when the calls in
        flight have ended and the process may end.
    """

    executor: MessageExecutor
    changes: ChangeNotifier
    credential: Credential | None
    rights: Rights
    output: ILineSink
    finish: Callable[[], Deferred[None]]
    session: McpSession = field(init=False)
    _sink: LineNotifications = field(init=False)
    _logs: StreamLogs = field(init=False, repr=False)
    _open: int = field(default=0, init=False)
    _modern: dict[Id, PendingReply] = field(factory=dict, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Open the session; its revision is a guess until ``initialize``."""
        clock = self.executor.clock
        self._logs = StreamLogs(Retention(clock))
        self._sink = LineNotifications(self.output)
        self.session = McpSession(
            id="stdio",
            revision=LATEST_LEGACY,
            credential=self.credential,
            rights=self.rights,
            last_seen=clock.seconds(),
        )

    def received(self, line: bytes) -> None:
        try:
            body = decode(line)
            era = classify(body, None)
            if isinstance(body, Batch) and not self.session.revision.batches:
                raise invalid_request("batches exist only in revision 2025-03-26")
        except MalformedMessage as malformed:
            self._write(Response(malformed.id, error=malformed.error))
        except ProtocolError as error:
            self._write(Response(peek_id(line), error=error))
        else:
            self._serve(body, modern=not isinstance(era, LegacyMessage))

    def pressed(self, high: bool) -> None:
        """Do nothing: without further requests, little more is sent."""

    def ended(self) -> Deferred[None]:
        self._answer_open_questions()
        return self.finish()

    def _serve(self, body: Body, *, modern: bool) -> None:
        caller = self._modern_caller() if modern else self._legacy_caller()
        count = len(body.members) if isinstance(body, Batch) else 1
        if isinstance(body, Notification) and body.method == CANCELLED:
            self._cancel(body)
        elif not isinstance(body, Batch | Request):
            self.executor.server.handle(body, caller)
        elif self._open + count > MAX_OPEN_REQUESTS:
            self._refuse(None if isinstance(body, Batch) else body.id)
        elif isinstance(body, Batch):
            streams = self._logs.of(self.session)
            self._await(self.executor.batch(body, caller, streams), count)
        else:
            self._start(body, caller)

    def _start(self, request: Request, caller: Caller) -> None:
        modern = caller.revision.modern
        if request.method == "initialize" and not modern:
            self._attach()
        streams = None if modern else self._logs.of(self.session)
        pending = self.executor.start(request, caller, streams, gets_progress=True)
        # If the client uses the id of an open request again, that one stays the one
        # that can be cancelled.
        if modern and not pending.reply.called and request.id not in self._modern:
            self._modern[request.id] = pending
            pending.reply.addBoth(self._forget, request.id)
        self._await(pending.reply, 1)

    def _attach(self) -> None:
        """Notify the session of changes. A modern client subscribes to them instead."""
        self.session.connected(self._sink)
        self.changes.attach(self.session)

    def _await(self, reply: Deferred[Reply], count: int) -> None:
        self._open += count

        def answered(outcome: Reply | Failure) -> None:
            self._open -= count
            if isinstance(outcome, Failure):
                outcome.trap(CancelledError)
            elif isinstance(outcome, Answer) and outcome.body:
                self.output.write_line(outcome.body)

        reply.addBoth(answered)

    def _forget(self, outcome: Reply | Failure, id: Id) -> Reply | Failure:
        del self._modern[id]
        return outcome

    def _cancel(self, notification: Notification) -> None:
        """Cancel a request of either era; ids are the client's, on the whole pipe."""
        id: Json = notification.params.get("requestId")
        if isinstance(id, str | int) and not isinstance(id, bool):
            pending = self._modern.get(id)
            if pending is not None:
                pending.reply.cancel()
                return
        self.executor.server.handle(notification, self._legacy_caller())

    def _legacy_caller(self) -> Caller:
        return Caller(
            revision=self.session.revision,
            credential=self.credential,
            rights=self.rights,
            session=self.session,
            sink=self._sink,
        )

    def _modern_caller(self) -> Caller:
        return Caller(
            revision=V2026_07_28,
            credential=self.credential,
            rights=self.rights,
            headers=NO_HEADER_LAYER,
            sink=self._sink,
        )

    def _refuse(self, id: Id | None) -> None:
        error = overloaded(
            f"More than {MAX_OPEN_REQUESTS} requests are unanswered. This one was not "
            "executed; send it again when others are answered.",
            RETRY_AFTER_SECONDS,
        )
        self._write(Response(id, error=error))

    def _write(self, response: Response) -> None:
        self.output.write_line(response.encode())

    def _answer_open_questions(self) -> None:
        """End the questions to the client, which cannot answer any more.

        The calls that ask go on as if it had not answered in time, or cannot be asked.
        """
        self.session.capabilities = {}
        waiting, self.session.pending = self.session.pending, {}
        for answer, _ in waiting.values():
            answer.errback(Failure(DeferredTimeout()))
