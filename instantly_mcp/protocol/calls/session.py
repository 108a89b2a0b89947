"""A legacy MCP session: what the server stores between the requests of one client."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from ..._credential import ANONYMOUS, Credential
from ..._json_codec import Json, JsonObject
from ..._rights import ALL_RIGHTS, Rights
from ..interfaces import INotificationSink
from ..wire.client_label import TOO_LONG, UNNAMED, client_info_in, client_label
from ..wire.jsonrpc import ClientResponse, Id
from ..wire.versions import Revision
from .watching import Unsubscribe

MAX_STATED_CHARS = 100
"""Maximum length of a client's name or version, in characters."""


@define(eq=False, kw_only=True)
class McpSession:
    """One client's session. It belongs to the principal that opened it.

    :param rights: those of the request that opened it; its requests have no more.
    :param calls: requests in flight by JSON-RPC id, for ``notifications/cancelled``.
    :param streams: open GET streams and 2024-11-05 streams, oldest first.
    :param standby: a stream that lost its connection and can be resumed.
    :param capabilities: the client capabilities of ``initialize``.
    :param pending: server requests that the client has not answered yet, by id, with
        the rights of the call that asks.
    :param subscriptions: the subscribed resource URIs, each with the function that ends
        the subscription.
    :param replaces_key: whether its 2024-11-05 stream is open, so that its id on
        ``/messages`` replaces the key that opened it.
    :param closing: whether its streams close once no call is in flight.
    :param client: ``name/version`` of the client for the log, ``-`` if unknown.
    :param last_seen: clock seconds of the last activity.
    """

    id: str
    revision: Revision
    credential: Credential | None
    last_seen: float
    rights: Rights = ALL_RIGHTS
    log_level: str | None = None
    client_name: str = ""
    client_version: str = ""
    client: str = UNNAMED
    ended: bool = False
    replaces_key: bool = False
    closing: bool = False
    capabilities: JsonObject = field(factory=dict)
    calls: dict[Id, Deferred[object]] = field(factory=dict, repr=False)
    streams: list[INotificationSink] = field(factory=list, repr=False)
    pending: dict[Id, tuple[Deferred[ClientResponse], Rights]] = field(
        factory=dict, repr=False
    )
    subscriptions: dict[str, Unsubscribe] = field(factory=dict, repr=False)
    standby: INotificationSink | None = field(default=None, repr=False)
    _asked: int = field(default=0, init=False)
    _on_close: list[Callable[[], None]] = field(factory=list, init=False, repr=False)

    @property
    def principal(self) -> str:
        """The digest of the credential that opened the session."""
        return ANONYMOUS if self.credential is None else self.credential.principal

    def narrow(self, rights: Rights) -> Rights:
        """Return these rights, limited to what the session was opened with."""
        own = self.rights
        return rights.narrowed(own.level, own.toolsets, by=own.level_by or "session")

    def touch(self, now: float) -> None:
        """Record activity at clock second `now`."""
        self.last_seen = now

    def store_client(self, params: JsonObject) -> None:
        """Store the client's capabilities and name from ``initialize``."""
        declared = params.get("capabilities")
        capabilities = dict(declared) if isinstance(declared, dict) else {}
        if not self.revision.elicitation:
            capabilities.pop("elicitation", None)
        self.capabilities = capabilities
        stated = client_info_in(params)
        self.client_name, self.client_version = map(_short, stated or ("", ""))
        key = None if self.credential is None else self.credential.secret
        self.client = client_label(self.client_name, self.client_version, key)

    def send(self, message: JsonObject) -> None:
        """Send a message that belongs to no request, on exactly one stream.

        It is dropped if the session has neither an open stream nor one on standby.
        """
        if self.streams:
            self.streams[0].send(message)
        elif self.standby is not None:
            self.standby.send(message)

    def connected(self, stream: INotificationSink) -> None:
        """Add an open stream for messages that belong to no request."""
        self.streams = [other for other in self.streams if other is not stream]
        self.standby = None
        self.streams.append(stream)

    def lost(self, stream: INotificationSink, now: float) -> None:
        """Remove a stream whose connection is lost.

        The last stream stays on standby and collects messages until it is resumed. An
        open stream counts as activity until `now` (clock seconds).
        """
        self.touch(now)
        if stream not in self.streams:
            return
        self.streams.remove(stream)
        if not self.streams and not self.ended:
            self.standby = stream

    def disconnect(self) -> None:
        """Disconnect the client's streams, so that it has to authenticate again.

        A stream that can be resumed only loses its connection. Another one closes once
        no call is in flight, because the answers of those calls are sent on it.
        """
        for stream in list(self.streams):
            stream.interrupt()
        # `interrupt` moved resumable streams to standby; the others cannot be resumed.
        self.closing = bool(self.streams)
        self.close_if_done()

    def close_if_done(self) -> None:
        """Close the streams if the session is `closing` and no call is in flight."""
        if not self.closing or self.calls:
            return
        for stream in list(self.streams):
            stream.close()

    def when_closed(self, callback: Callable[[], None]) -> None:
        """Call `callback` once when the session closes."""
        self._on_close.append(callback)

    def unsubscribe(self, uri: str) -> None:
        """End the subscription to a resource, if there is one."""
        leave = self.subscriptions.pop(uri, None)
        if leave is not None:
            leave()

    def unsubscribe_all(self) -> None:
        """End all subscriptions."""
        for uri in list(self.subscriptions):
            self.unsubscribe(uri)

    def next_request_id(self) -> str:
        """Return an id for a server request, unique in this session."""
        self._asked += 1
        return f"server-{self._asked}"

    def close(self) -> None:
        """Cancel the calls in flight and close the streams. Idempotent."""
        self.ended = True
        for call in list(self.calls.values()):
            call.cancel()
        self.calls.clear()
        for stream in list(self.streams):
            stream.close()
        self.streams.clear()
        self.unsubscribe_all()
        callbacks, self._on_close = self._on_close, []
        for callback in callbacks:
            callback()


class SessionStatus(Enum):
    """What a session store knows about a session id.

    ``LIVE``: the session exists. ``SEALED``: a server with the same keys issued the id,
    but this one does not hold the session. ``ENDED``: the session has ended.
    ``FOREIGN``: any other text.
    """

    LIVE = "live"
    SEALED = "sealed"
    ENDED = "ended"
    FOREIGN = "foreign"


@frozen
class SessionLookup:
    """The result of looking up a session id; `session` is set if it is live."""

    status: SessionStatus
    session: McpSession | None = None


FOREIGN = SessionLookup(SessionStatus.FOREIGN)
SEALED = SessionLookup(SessionStatus.SEALED)
ENDED = SessionLookup(SessionStatus.ENDED)


def _short(stated: Json) -> str:
    if not isinstance(stated, str):
        return ""
    return stated if len(stated) <= MAX_STATED_CHARS else TOO_LONG


class ISessionStore(Interface):
    """The legacy sessions of this server."""

    count = Attribute("How many sessions are held now.")

    def open(
        revision: Revision,
        credential: Credential | None,
        rights: Rights = ALL_RIGHTS,
    ) -> McpSession:
        """Create a session with a sealed id. May end the longest-idle session.

        :param rights: those of the request that opens it. The id holds them, so that an
            adopted session is limited in the same way.
        """

    def look_up(session_id: str) -> SessionLookup:
        """Look up a session id; see `SessionStatus` for the results."""

    def issued(session_id: str) -> bool:
        """Return whether the id has the form of ids that such a server issues.

        This includes ids that were sealed with keys that are lost.
        """

    def adopt(session_id: str, credential: Credential | None) -> McpSession | None:
        """Recreate the session of a sealed id, for example after a restart.

        :returns: ``None`` if the id is not valid, belongs to another principal, is too
            old, or has ended.
        """

    def end(session: McpSession, why: str) -> None:
        """End the session: close its streams and cancel its calls.

        :param why: the reason, for the log and the metrics.
        """
