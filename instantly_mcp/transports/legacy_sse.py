"""HTTP+SSE of 2024-11-05: a stream that answers, and ``/messages`` that takes POSTs.

Its ``endpoint`` event comes first; answers travel as ``message`` events. Its clients
read their stream and not the POST. So a message whose ``sessionId`` was issued here is
answered on its stream; where that stream is gone it is refused with 404 before it is
executed, because a client whose answer is lost sends the message a second time.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from zope.interface import implementer

from .._credential import Credential
from ..pipeline.answering import members_of
from ..pipeline.channel import Channel, Event
from ..pipeline.exchange import Exchange, Route
from ..pipeline.interfaces import ITransport
from ..pipeline.media import names_stream
from ..pipeline.outlets import ChannelOutlet
from ..pipeline.race import ACCEPTED
from ..pipeline.reply import Answer, EventStream, Reply, refuse
from ..protocol.call import Caller
from ..protocol.classify import is_modern_header
from ..protocol.errors import ProtocolError, key_required, session_not_found
from ..protocol.interfaces import ISessionStore, ITracker
from ..protocol.jsonrpc import Batch, Broken, Message, Response
from ..protocol.server import McpServer
from ..protocol.session import McpSession
from ..protocol.subscriptions import Changes
from ..protocol.versions import V2024_11_05, VERSION_HEADER

_STREAM_GONE = (
    "The event stream of this session is closed, so nothing was executed. "
    "Open the stream again with GET /sse."
)

_SHOWN = Answer(status=200, headers=(("Content-Type", "text/event-stream"),))


@implementer(ITransport)
@define(eq=False, kw_only=True)
class LegacySse:
    """Serves ``GET /sse``, the bare ``GET /mcp`` of old clients, and ``/messages``."""

    server: McpServer
    sessions: ISessionStore
    changes: Changes
    tracker: ITracker
    clock: IReactorTime
    _open: dict[str, ChannelOutlet] = field(factory=dict, init=False, repr=False)

    def accepts(self, exchange: Exchange) -> bool:
        """Say whether the exchange opens a stream, or names one that was open once."""
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
        """Open a stream, or hand the message to the open one."""
        if exchange.method != "POST":
            return succeed(self._stream_for(exchange))
        try:
            return succeed(self._take(exchange))
        except ProtocolError as error:
            return succeed(refuse(exchange, error))

    def _take(self, exchange: Exchange) -> Reply:
        """Start what was posted; its answers travel on the stream.

        :raises ProtocolError: 404 when that stream is not open.
        """
        session, body = exchange.session, exchange.message
        outlet = None if session is None else self._open.get(session.id)
        if session is None or outlet is None:
            raise session_not_found(_STREAM_GONE)
        caller = Caller(
            revision=session.revision,
            credential=exchange.credential,
            session=session,
            headers=exchange.headers,
            outlet=outlet,
        )
        members = members_of(body) if isinstance(body, Batch) else [body]
        for member in members:
            if member is not None:
                self._deliver(member, caller, outlet)
        return Answer(status=ACCEPTED)

    def _stream_for(self, exchange: Exchange) -> Reply:
        """Open a stream; for a HEAD only say that there would be one."""
        if exchange.credential is None:
            return refuse(exchange, key_required(self.server.offer.key_formats))
        if exchange.method == "HEAD":
            return _SHOWN
        return self._open_stream(exchange.credential)

    def _open_stream(self, credential: Credential) -> EventStream:
        session = self.sessions.open(V2024_11_05, credential)
        channel = Channel()
        outlet = ChannelOutlet(channel)
        self._open[session.id] = outlet
        session.streams.append(outlet)
        session.stands_for_key = True
        self.changes.attach(session)
        channel.when_closed(partial(self._closed, session, outlet))
        where = f"/messages?sessionId={session.id}"
        channel.send(Event(data=where.encode("ascii"), name="endpoint"))
        return EventStream(channel=channel)

    def _closed(self, session: McpSession, outlet: ChannelOutlet) -> None:
        """Forget the stream; what is posted for it from now on is refused."""
        self._open.pop(session.id, None)
        session.stands_for_key = False
        session.touch(self.clock.seconds())
        # No other stream will ever be this session's: nobody hears of changes.
        session.unsubscribe_all()
        with suppress(ValueError):
            session.streams.remove(outlet)

    def _deliver(
        self, message: Message | Broken, caller: Caller, outlet: ChannelOutlet
    ) -> None:
        if isinstance(message, Broken):
            broken = Response(message.id, error=message.error)
            outlet.send(broken.as_object())
            return

        def send(response: Response | None) -> None:
            if response is not None:
                outlet.send(response.as_object())

        def done(_: None) -> None:
            if caller.session is not None:
                caller.session.close_if_done()

        answering = self.server.handle(message, caller).addCallback(send)
        answered = answering.addErrback(_silent_if_cancelled).addCallback(done)
        self.tracker.track(answered)


def _silent_if_cancelled(failure: Failure) -> None:
    """A cancelled request has no answer."""
    failure.trap(CancelledError)
