"""Stage three: who sends this, and which session is it part of?

The one resolver for every route. It finds what the request presents, has the gatekeeper
turn that into a credential, and holds the credential against the session that the
request names. It never asks Instantly whether a key is good.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from attrs import field, frozen
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from .._credential import OPERATOR, Credential
from ..protocol.errors import (
    KEY_FORMATS,
    ProtocolError,
    invalid_request,
    key_required,
    session_not_found,
)
from ..protocol.interfaces import ISessionStore
from ..protocol.session import FOREIGN, Lookup, McpSession, Standing
from ..protocol.versions import MODERN, VERSION_HEADER
from .credential_sources import (
    CredentialSources,
    key_in_session_id,
    presented_session_ids,
)
from .exchange import Exchange, Note, Route
from .interfaces import IGatekeeper, IStage, Presented
from .proxied import proxy_header
from .refusals import key_required_on_messages, proxied_without_secret
from .reply import Outcome, refuse

SESSION_SPEAKS_ON = frozenset(Route)
"""Where a session id alone stands for the key of its session: everywhere, so that a
client which shows its key only once keeps its tools."""

ONLY_ON_MESSAGES = frozenset({Route.MESSAGES})
"""The stricter choice: only where the wire of 2024-11-05 leaves no other.

A stolen id is then not worth a key anywhere else.
"""

_NOTES = {
    "query": Note("credential-from-query"),
    "session-id": Note("credential-from-session-id"),
}
ADOPTED = Note("session-adopted")
NOT_THAT_SESSION = Note("anonymous-session-left")

_MAX_WORKSPACE = 64

Resolved: TypeAlias = tuple[Credential | None, Lookup, Sequence[Note]]


@implementer(IStage)
@frozen(kw_only=True)
class Authentication:
    """Fills `credential`, `session_id` and `lookup`, or refuses.

    :param anonymous: callers without a key may shake hands, ping, discover and list.
    :param session_speaks_on: routes on which the id of a session that was opened with
        a key stands for that key.
    :param key_formats: the ways to bring a key, for those who brought none.
    :param tell_proxied: hears the header of a proxy through which somebody asked for
        the operator's key.
    """

    gatekeeper: IGatekeeper
    sessions: ISessionStore
    clock: IReactorTime
    sources: CredentialSources = field(factory=CredentialSources)
    anonymous: bool = True
    session_speaks_on: Collection[Route] = SESSION_SPEAKS_ON
    key_formats: Sequence[str] = KEY_FORMATS
    tell_proxied: Callable[[str], object] = lambda header: None
    name: str = "authentication"

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Carry on with who sent it, or refuse with 400, 401 or 404."""
        try:
            return succeed(self._identified(exchange))
        except ProtocolError as error:
            return succeed(refuse(exchange, error))

    def _identified(self, exchange: Exchange) -> Exchange:
        presented = self.sources.presented(exchange)
        session_id = _session_id(exchange)
        lookup = FOREIGN if session_id is None else self.sessions.look_up(session_id)
        if not presented and session_id and lookup.standing is Standing.FOREIGN:
            presented = self._in_session_id(exchange, session_id)
        credential, lookup, notes = self._resolve(
            exchange, presented, session_id, lookup
        )
        if credential is None and not self.anonymous:
            raise self._required(exchange)
        if lookup.session is not None:
            lookup.session.touch(self.clock.seconds())
        return exchange.knowing(
            credential=credential,
            session_id=session_id,
            lookup=lookup,
            notes=(*exchange.notes, *notes) if notes else exchange.notes,
        )

    def _in_session_id(
        self, exchange: Exchange, session_id: str
    ) -> Sequence[Presented]:
        if exchange.route is not Route.MESSAGES or not self.sources.session_id:
            return ()
        key = key_in_session_id(session_id)
        return () if key is None else (key,)

    def _resolve(
        self,
        exchange: Exchange,
        presented: Sequence[Presented],
        session_id: str | None,
        lookup: Lookup,
    ) -> Resolved:
        workspace = _workspace(exchange)
        session = lookup.session
        speaks = session is not None and exchange.route in self.session_speaks_on
        verdict = self.gatekeeper.admit(presented, workspace, trusted=speaks)
        if isinstance(verdict, ProtocolError):
            raise verdict
        if verdict is not None and verdict.source == OPERATOR:
            self._check_direct(exchange)
        if session is not None and speaks and not _is_own(verdict, presented):
            spoken = _spoken_for(session, workspace)
            if spoken is not None:
                return spoken, lookup, ()
        notes = _notes_on(verdict)
        if session is not None:
            return self._held_against(exchange, verdict, session, notes)
        if session_id is not None and lookup.standing is Standing.SEALED:
            lookup = self._adopted(session_id, verdict)
            notes = (*notes, ADOPTED)
        return verdict, lookup, notes

    def _held_against(
        self,
        exchange: Exchange,
        credential: Credential | None,
        session: McpSession,
        notes: Sequence[Note],
    ) -> Resolved:
        owner = session.credential
        if credential is None:
            if owner is not None:
                raise self._required(exchange)
        elif owner is None:
            # It was opened before its client had a key; whatever it holds belongs to
            # nobody in particular, so the key goes on without it.
            return credential, FOREIGN, (*notes, NOT_THAT_SESSION)
        elif owner.principal != credential.principal:
            raise session_not_found("This session was not opened with this key.")
        return credential, Lookup(Standing.LIVE, session), notes

    def _check_direct(self, exchange: Exchange) -> None:
        """Refuse to use the operator's key for whoever is behind a proxy."""
        if not self.gatekeeper.lends_openly:
            return
        header = proxy_header(exchange.headers)
        if header is not None:
            self.tell_proxied(header)
            raise proxied_without_secret(header)

    def _required(self, exchange: Exchange) -> ProtocolError:
        if exchange.route is Route.MESSAGES:
            return key_required_on_messages(self.sources.on_messages)
        return key_required(self.key_formats)

    def _adopted(self, session_id: str, credential: Credential | None) -> Lookup:
        session = self.sessions.adopt(session_id, credential)
        if session is None:
            raise session_not_found("Send initialize to open a new session.")
        return Lookup(Standing.LIVE, session)


def _is_own(credential: Credential | None, presented: Sequence[Presented]) -> bool:
    """Say whether the request itself brought the key: it is not the operator's."""
    if credential is None:
        return False
    return any(key.source == credential.source for key in presented)


def _spoken_for(session: McpSession, workspace: str | None) -> Credential | None:
    credential = session.credential
    if credential is None or workspace in {None, credential.workspace}:
        return credential
    raise session_not_found("This session was not opened for this workspace.")


def _notes_on(credential: Credential | None) -> Sequence[Note]:
    note = None if credential is None else _NOTES.get(credential.source)
    return () if note is None else (note,)


def _session_id(exchange: Exchange) -> str | None:
    ids = presented_session_ids(exchange)
    if not ids:
        return None
    # The stateless era ignores the header; a sessionId names a stream in every era.
    if exchange.route is Route.MCP and exchange.headers.get(VERSION_HEADER) in MODERN:
        return None
    if any(other != ids[0] for other in ids):
        raise invalid_request("two different session ids")
    return ids[0] or None


def _workspace(exchange: Exchange) -> str | None:
    values = exchange.headers.all("x-as-workspace")
    if not values:
        return None
    value = values[0].strip()
    if len(values) > 1 or len(value) > _MAX_WORKSPACE or not _is_visible(value):
        raise invalid_request("x-as-workspace must be one workspace id")
    return value or None


def _is_visible(value: str) -> bool:
    return value.isascii() and value.isprintable() and " " not in value
