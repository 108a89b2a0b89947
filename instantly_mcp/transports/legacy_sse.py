"""HTTP+SSE of revision 2024-11-05: a stream for answers, ``/messages`` for POSTs.

A message has at most the rights with which the stream was opened.

The stream's first event is ``endpoint``; answers are ``message`` events. Clients read
their stream and ignore the answer to the POST. So a message whose ``sessionId`` this
server issued is answered on its stream. If that stream is closed, the message is
refused with 404 before it is executed, because a client that loses the answer sends the
message again.

Every event has an id that begins with the session's id. An EventSource that lost its
connection sends the last id that it saw, and gets its session back with the events that
it missed; after a restart it gets only the session back.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from attrs import Factory, define, evolve, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from .._credential import Credential
from ..pipeline.exchange import Exchange, Route
from ..pipeline.interfaces import ITransport
from ..pipeline.media import names_stream
from ..pipeline.replies.channel import Channel, Event
from ..pipeline.replies.execution import MessageExecutor, members_of
from ..pipeline.replies.pending_reply import ACCEPTED_STATUS
from ..pipeline.replies.reply import Answer, EventStream, Reply, refuse
from ..pipeline.replies.resumable import ResumableStream, split_event_id
from ..pipeline.replies.retention import Retention, StreamLogs
from ..pipeline.replies.turns import in_turns
from ..protocol.calls.call import Caller
from ..protocol.calls.session import ISessionStore, McpSession, SessionStatus
from ..protocol.calls.subscriptions import ChangeNotifier
from ..protocol.interfaces import ITracker
from ..protocol.server import McpServer
from ..protocol.wire.classify import is_modern_header
from ..protocol.wire.errors import ProtocolError, session_not_found
from ..protocol.wire.jsonrpc import Batch, InvalidMember, Message, Request, Response
from ..protocol.wire.versions import LATEST_LEGACY, VERSION_HEADER

_STREAM_GONE = (
    "The event stream of this session is closed, so nothing was executed. "
    "Open the stream again with GET /sse."
)

_SHOWN = Answer(status=200, headers=(("Content-Type", "text/event-stream"),))


def _own_logs(transport: LegacySse) -> StreamLogs:
    return StreamLogs(Retention(transport.clock))


@implementer(ITransport)
@define(eq=False, kw_only=True)
class LegacySse:
    """Serves ``GET /sse``, ``GET /mcp`` without a session, and ``/messages``.

    :param tracker: makes the daemon's stop wait for running calls.
    :param logs: the kept streams of sessions.
    :param prefix: the path of the public URL, which clients need for ``/messages``.
    """

    server: McpServer
    sessions: ISessionStore
    changes: ChangeNotifier
    tracker: ITracker
    clock: IReactorTime
    logs: StreamLogs = Factory(_own_logs, takes_self=True)
    prefix: str = ""
    _streams: dict[str, ResumableStream] = field(factory=dict, init=False, repr=False)
    _executor: MessageExecutor = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Create the executor of posted messages."""
        self._executor = MessageExecutor(self.server, self.clock, self.tracker)

    def accepts(self, exchange: Exchange) -> bool:
        """Say whether the exchange opens a stream, or names one that was opened."""
        if exchange.route is Route.MESSAGES:
            named = exchange.session_id
            if exchange.method != "POST" or named is None:
                return False
            return self.sessions.issued(named)
        if exchange.route is Route.SSE:
            return exchange.method in ("GET", "HEAD")
        return (
            exchange.method == "GET"
            and exchange.session_id is None
            and names_stream(", ".join(exchange.headers.all("accept")))
            and not is_modern_header(exchange.headers.get(VERSION_HEADER))
        )

    def serve(self, exchange: Exchange) -> Deferred[Reply]:
        """Open a stream, or execute a message for an open one."""
        if exchange.method != "POST":
            return succeed(self._stream_for(exchange))
        try:
            return succeed(self._execute(exchange))
        except ProtocolError as error:
            return succeed(refuse(exchange, error))

    def _execute(self, exchange: Exchange) -> Reply:
        """Start what was posted; its answers are sent on the stream.

        :raises ProtocolError: 404 when that stream is not open.
        """
        session, body = exchange.session, exchange.message
        stream = None if session is None else self._streams.get(session.id)
        if session is None or stream is None or stream.channel is None:
            raise session_not_found(_STREAM_GONE)
        caller = Caller(
            revision=session.revision,
            credential=exchange.credential,
            rights=exchange.rights,
            session=session,
            headers=exchange.headers,
            sink=stream,
        )

        def deliver(message: Message | InvalidMember) -> None:
            self._deliver(message, session, caller, stream)

        if isinstance(body, Batch):
            self.tracker.track(in_turns(self.clock, deliver, members_of(body)))
        elif body is not None:
            deliver(body)
        return Answer(status=ACCEPTED_STATUS)

    def _stream_for(self, exchange: Exchange) -> Reply:
        """Open a stream; for HEAD only answer with the headers of one."""
        if exchange.credential is None:
            return refuse(exchange, self.server.features.credential_required())
        if exchange.method == "HEAD":
            return _SHOWN
        last = exchange.headers.get("last-event-id")
        if last is not None:
            session = self._session_of(last, exchange.credential)
            if session is not None:
                session.rights = session.narrow(exchange.rights)
                return self._reopened(session, last)
        # The client may have sent its initialize before a restart, and may check
        # results against the schemas that it got then. So the newest legacy revision is
        # assumed until it sends another initialize.
        session = self.sessions.open(
            LATEST_LEGACY, exchange.credential, exchange.rights
        )
        return self._opened(session)

    def _session_of(self, event_id: str, credential: Credential) -> McpSession | None:
        """Return the session that an event belongs to, if the principal owns it."""
        session_id, _ = split_event_id(event_id)
        lookup = self.sessions.look_up(session_id)
        session = lookup.session
        if lookup.status is SessionStatus.SEALED:
            session = self.sessions.adopt(session_id, credential)
        if session is None or session.principal != credential.principal:
            return None
        return session

    def _opened(self, session: McpSession) -> EventStream:
        """Open a stream, and close the one that the session had before."""
        log = self.logs.of(session)
        former = self._streams.get(session.id)
        if former is None:
            session.when_closed(partial(self._forget, session.id))
        else:
            former.close()
            log.forget(former)
        stream = log.new(primed=False, id=session.id)
        self._streams[session.id] = stream
        channel = stream.open()
        stream.put(self._endpoint(session))
        return self._attach(session, stream, channel)

    def _reopened(self, session: McpSession, event_id: str) -> EventStream:
        """Resume after the last event that the client saw, if that is still kept."""
        log = self.logs.of(session)
        found = log.find(event_id)
        if found is None:
            return self._opened(session)
        stream, place = found
        if stream.is_over:
            log.forget(stream)
            return self._opened(session)
        channel = stream.resume(place, evolve(self._endpoint(session), id=event_id))
        return self._attach(session, stream, channel)

    def _attach(
        self, session: McpSession, stream: ResumableStream, channel: Channel
    ) -> EventStream:
        session.connected(stream)
        session.replaces_key = True
        session.closing = False
        self.changes.attach(session)
        channel.when_closed(partial(self._lost, session, stream))
        return EventStream(channel=channel)

    def _endpoint(self, session: McpSession) -> Event:
        where = f"{self.prefix}/messages?sessionId={session.id}"
        return Event(data=where.encode("ascii"), name="endpoint")

    def _lost(self, session: McpSession, stream: ResumableStream) -> None:
        """Note a lost connection. Posts are refused until the client reconnects."""
        session.replaces_key = False
        # Most clients never come back, so their subscriptions end.
        session.unsubscribe_all()
        session.lost(stream, self.clock.seconds())

    def _forget(self, session_id: str) -> None:
        self._streams.pop(session_id, None)

    def _deliver(
        self,
        message: Message | InvalidMember,
        session: McpSession,
        caller: Caller,
        stream: ResumableStream,
    ) -> None:
        if isinstance(message, InvalidMember):
            broken = Response(message.id, error=message.error)
            stream.send(broken.as_object())
            return
        log = self.logs.of(session)
        if session.ended or (isinstance(message, Request) and log.runs(message)):
            return  # The same request twice: the answer to the first answers both.
        if not isinstance(message, Request):
            self.server.handle(message, caller)
            return

        def send(reply: Reply) -> None:
            if isinstance(reply, Answer) and reply.body:
                # The session may have opened another stream in the meantime.
                now = self._streams.get(session.id, stream)
                now.put(Event(data=reply.body, name="message"))

        pending = self._executor.start(message, caller, log, gets_progress=True)
        pending.reply.addCallback(send)
        self.tracker.track(pending.running.addBoth(_then, session.close_if_done))


def _then(outcome: None, act: Callable[[], None]) -> None:
    act()
