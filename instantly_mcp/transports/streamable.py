"""Streamable HTTP on ``/mcp``, for both eras; sessions exist in the legacy era only.

Sessions are handled here; the `McpServer` executes the messages.
"""

from __future__ import annotations

from functools import partial

from attrs import Factory, frozen
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from ..pipeline.exchange import Exchange, Route
from ..pipeline.interfaces import ITransport
from ..pipeline.replies.channel import Channel
from ..pipeline.replies.execution import MessageExecutor
from ..pipeline.replies.reply import Answer, EventStream, Reply, refuse
from ..pipeline.replies.retention import Retention, StreamLogs
from ..protocol.calls.session import FOREIGN, ISessionStore, McpSession, SessionStatus
from ..protocol.calls.subscriptions import ChangeNotifier
from ..protocol.interfaces import INotificationSink
from ..protocol.wire.classify import is_modern_header
from ..protocol.wire.errors import (
    SERVER_ERROR,
    ProtocolError,
    invalid_request,
    session_not_found,
)
from ..protocol.wire.jsonrpc import Request
from ..protocol.wire.versions import VERSION_HEADER, negotiate

SESSION_HEADER = "Mcp-Session-Id"

MAX_OPEN_STREAMS = 8
"""GET streams that one session may hold open at a time."""


def _own_logs(transport: StreamableHttp) -> StreamLogs:
    return StreamLogs(Retention(transport.executor.clock))


@implementer(ITransport)
@frozen(kw_only=True)
class StreamableHttp:
    """Serves requests with a session, an ``initialize``, or a modern envelope.

    :param strict: refuse a session id that this server did not issue with 404, and a
        missing one with 400. Otherwise `DirectExecution` serves such requests.
    :param logs: the kept streams of sessions.
    """

    executor: MessageExecutor
    sessions: ISessionStore
    changes: ChangeNotifier
    strict: bool = False
    logs: StreamLogs = Factory(_own_logs, takes_self=True)

    def accepts(self, exchange: Exchange) -> bool:
        """Say whether the exchange belongs to this transport."""
        if exchange.route is not Route.MCP:
            return False
        if exchange.method == "POST":
            return self._accepts_post(exchange)
        if is_modern_header(exchange.headers.get(VERSION_HEADER)):
            return False
        if exchange.method == "DELETE":
            return True
        if exchange.method != "GET":
            return False
        if exchange.lookup.status in (SessionStatus.LIVE, SessionStatus.ENDED):
            return True
        return self.strict and exchange.session_id is not None

    def serve(self, exchange: Exchange) -> Deferred[Reply]:
        """Serve an exchange that `accepts` returned true for."""
        if exchange.method == "DELETE":
            return succeed(self._delete(exchange))
        revision = exchange.revision
        if revision is not None and revision.modern:
            return self.executor.execute(exchange, revision)
        if _initializes(exchange):
            return self._initialize(exchange)
        session = exchange.session
        if session is None:
            return succeed(refuse(exchange, _no_session(exchange)))
        if exchange.method == "GET":
            return succeed(self._open_stream(exchange, session))
        return self.executor.execute(
            exchange, session.revision, session, streams=self.logs.of(session)
        )

    def _accepts_post(self, exchange: Exchange) -> bool:
        revision = exchange.revision
        if revision is not None and revision.modern:
            return True
        if exchange.lookup.status in (SessionStatus.LIVE, SessionStatus.ENDED):
            return True
        return self.strict or _initializes(exchange)

    def _initialize(self, exchange: Exchange) -> Deferred[Reply]:
        """Answer ``initialize`` and, if it succeeds, open the session."""
        request = exchange.message
        assert isinstance(request, Request)
        revision = negotiate(request.params.get("protocolVersion"))
        alone = exchange
        if exchange.lookup is not FOREIGN:
            alone = exchange.with_facts(lookup=FOREIGN)
        errors: list[ProtocolError] = []

        def noted(error: ProtocolError) -> ProtocolError:
            errors.append(error)
            return error

        answered = self.executor.execute(alone, revision, restate=noted)

        def with_session(reply: Reply) -> Reply:
            # The status is not enough: an internal error has status 200 as well.
            if errors or (isinstance(reply, Answer) and reply.status != 200):
                return reply
            session = self.sessions.open(revision, exchange.credential, exchange.rights)
            session.store_client(request.params)
            headers = (*reply.headers, (SESSION_HEADER, session.id))
            if isinstance(reply, Answer):
                return Answer(status=200, body=reply.body, headers=headers)
            return EventStream(channel=reply.channel, headers=headers)

        return answered.addCallback(with_session)

    def _open_stream(self, exchange: Exchange, session: McpSession) -> Reply:
        if not _asks_for_stream(exchange):
            error = ProtocolError(
                SERVER_ERROR,
                "Not acceptable: this stream is text/event-stream",
                status=406,
            )
            return refuse(exchange, error)
        if len(session.streams) >= MAX_OPEN_STREAMS:
            hint = f"A session holds at most {MAX_OPEN_STREAMS} open streams."
            error = ProtocolError(SERVER_ERROR, "Too many streams", hint, status=409)
            return refuse(exchange, error)
        resumed = self._resume(exchange, session)
        if resumed is not None:
            return resumed
        stream = self.logs.of(session).new(session.revision.priming)
        channel = stream.open()
        session.connected(stream)
        self.changes.attach(session)
        channel.when_closed(partial(self._lost, session, stream))
        return _event_stream(channel, session)

    def _resume(self, exchange: Exchange, session: McpSession) -> Reply | None:
        """Resume a stream of this session after the last event that the client saw.

        :returns: ``None`` if that event is not kept (any more). The client then gets a
            new stream.
        """
        last = exchange.headers.get("last-event-id")
        found = None if last is None else self.logs.of(session).find(last)
        if found is None:
            return None
        stream, place = found
        channel = stream.resume(place)
        if not stream.is_answer and not stream.is_over:
            session.connected(stream)
            channel.when_closed(partial(self._lost, session, stream))
        return _event_stream(channel, session)

    def _lost(self, session: McpSession, stream: INotificationSink) -> None:
        session.lost(stream, self.executor.clock.seconds())

    def _delete(self, exchange: Exchange) -> Reply:
        if exchange.session_id is None:
            error = ProtocolError(
                SERVER_ERROR,
                "No session to end",
                {"hint": f"Name the session in the {SESSION_HEADER} header."},
                status=400,
            )
            return refuse(exchange, error)
        session = exchange.session
        if session is None:
            return refuse(exchange, _no_session(exchange))
        self.sessions.end(session, "deleted by the client")
        return Answer(status=204)


def _event_stream(channel: Channel, session: McpSession) -> EventStream:
    versioned = ("MCP-Protocol-Version", session.revision.version)
    return EventStream(channel=channel, headers=(versioned,))


def _initializes(exchange: Exchange) -> bool:
    message = exchange.message
    return isinstance(message, Request) and message.method == "initialize"


def _asks_for_stream(exchange: Exchange) -> bool:
    return exchange.accepts_stream


def _no_session(exchange: Exchange) -> ProtocolError:
    if exchange.session_id is None:
        return invalid_request(f"{SESSION_HEADER} is required; send initialize first")
    return session_not_found("Send initialize to open a new session.")
