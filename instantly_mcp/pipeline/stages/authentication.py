"""Stage three: finds the caller's credential and session.

It collects the keys that the request presents, has the gatekeeper turn them into a
credential, and compares that with the session that the request names. It does not ask
Instantly whether a key is valid. Then it narrows the rights of the credential: to those
of the session, and to what the request itself states (`selection`).

A session id is not a credential: the specification forbids sessions as authentication
(basic/security_best_practices, "Session Hijacking"). There are two exceptions: clients
of revision 2024-11-05 (HTTP+SSE) send only the id of their open stream with a message,
and an operator can set `key_in_session` for old clients on ``/mcp``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from attrs import evolve, field, frozen
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from ..._credential import ANONYMOUS, OPERATOR, Credential
from ..._noop import noop
from ..._object_ids import plain_id
from ..._rights import ALL_RIGHTS
from ...protocol.calls.session import (
    FOREIGN,
    ISessionStore,
    SessionLookup,
    SessionStatus,
)
from ...protocol.wire.errors import ProtocolError, invalid_request, session_not_found
from ...protocol.wire.versions import MODERN_REVISIONS, VERSION_HEADER
from ..credential_errors import (
    KEY_FORMATS,
    key_required,
    session_needs_key,
    token_required,
)
from ..credential_sources import CredentialSources, presented_session_ids
from ..exchange import Exchange, Note, Route
from ..interfaces import IGatekeeper, IStage, Presented
from ..proxied import proxy_header
from ..refusals import key_required_on_messages, proxied_without_secret
from ..replies.reply import Outcome, refuse
from ..selection import (
    SELECTS_NOTHING,
    Selector,
    statements_in,
    workspace_in,
)

_NOTES = {
    "query": Note("credential-from-query"),
    "session-id": Note("credential-from-session-id"),
}
ADOPTED = Note("session-adopted")
NOT_THAT_SESSION = Note("anonymous-session-left")

_MAX_WORKSPACE_LENGTH = 64
_OTHER_WORKSPACE = "It was not opened for this workspace."

Resolved: TypeAlias = tuple[Credential | None, SessionLookup, Sequence[Note]]


@implementer(IStage)
@frozen(kw_only=True)
class Authentication:
    """Fills `credential`, `session_id` and `lookup`, or refuses.

    :param anonymous: callers without a key may initialize, ping, discover and list.
    :param key_in_session: on ``/mcp``, too, the id of a session that was opened with a
        key replaces that key, for old clients that present it only once.
    :param key_formats: the ways to present a key, for the error when it is missing.
    :param selector: narrows the caller's rights to what the request states.
    :param report_proxied: called with the proxy's header when a request that came
        through a proxy was refused the operator's key.
    """

    gatekeeper: IGatekeeper
    sessions: ISessionStore
    clock: IReactorTime
    sources: CredentialSources = field(factory=CredentialSources)
    anonymous: bool = True
    key_in_session: bool = False
    key_formats: Sequence[str] = KEY_FORMATS
    report_proxied: Callable[[str], object] = noop
    selector: Selector = SELECTS_NOTHING
    name: str = "authentication"

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Carry on with credential and session, or refuse with 400, 401, 403 or 404."""
        try:
            return succeed(self._identified(exchange))
        except ProtocolError as error:
            return succeed(refuse(exchange, error))

    def _identified(self, exchange: Exchange) -> Exchange:
        presented = self.sources.presented(exchange)
        statements = statements_in(exchange)
        session_id = _session_id(exchange)
        lookup = FOREIGN if session_id is None else self.sessions.look_up(session_id)
        if not presented and session_id and lookup.status is SessionStatus.FOREIGN:
            presented = self._in_session_id(exchange, session_id)
        alias = workspace_in(statements) if statements else None
        credential, lookup, notes = self._resolve(
            exchange, presented, session_id, lookup, alias
        )
        if credential is None and not self.anonymous:
            raise self._required(exchange)
        rights = ALL_RIGHTS if credential is None else credential.rights
        if lookup.session is not None:
            lookup.session.touch(self.clock.seconds())
            rights = lookup.session.narrow(rights)
        return exchange.with_facts(
            credential=credential,
            rights=self.selector.narrowed(rights, statements),
            session_id=session_id,
            lookup=lookup,
            notes=(*exchange.notes, *notes) if notes else exchange.notes,
        )

    def _in_session_id(
        self, exchange: Exchange, session_id: str
    ) -> Sequence[Presented]:
        if exchange.route is not Route.MESSAGES:
            return ()
        return self.sources.in_session_id(session_id)

    def _resolve(
        self,
        exchange: Exchange,
        presented: Sequence[Presented],
        session_id: str | None,
        lookup: SessionLookup,
        alias: str | None,
    ) -> Resolved:
        workspace = _workspace(exchange)
        session = lookup.session
        admitted = self.gatekeeper.admit(presented, workspace, alias)
        if isinstance(admitted, ProtocolError):
            raise admitted
        if admitted is not None and admitted.source == OPERATOR:
            self._check_direct(exchange)
        notes = _notes_on(admitted)
        if session is not None:
            if _is_own(admitted, presented):
                return _with_own_key(admitted, lookup, notes)
            return self._without_own_key(exchange, admitted, lookup, workspace)
        if session_id is not None and lookup.status is SessionStatus.SEALED:
            lookup = self._adopted(session_id, admitted)
            notes = (*notes, ADOPTED)
        return admitted, lookup, notes

    def _without_own_key(
        self,
        exchange: Exchange,
        credential: Credential | None,
        lookup: SessionLookup,
        workspace: str | None,
    ) -> Resolved:
        """Return what a request acts with that names a session and presents no key.

        :param credential: the operator's or the sandbox's, if there is one.
        :raises ProtocolError: 401 or 404 when the session's key may not be used.
        """
        session = lookup.session
        assert session is not None
        owner = session.credential
        if owner is None and credential is not None:
            return _without_session(credential, ())
        if session.principal == _principal(credential):
            return credential, lookup, ()
        assert owner is not None
        on_messages = exchange.route is Route.MESSAGES
        id_suffices = session.replaces_key if on_messages else self.key_in_session
        if id_suffices:
            return _owner_for(self._renewed(owner), workspace), lookup, ()
        if credential is not None and _are_one_account(owner, credential):
            raise session_not_found(_OTHER_WORKSPACE)
        if on_messages:
            raise session_not_found("Its event stream is closed: open a new one.")
        raise session_needs_key(self.key_formats)

    def _renewed(self, owner: Credential) -> Credential:
        """Return the credential of a session as it is now.

        :raises ProtocolError: 401 when it would not be admitted any more.
        """
        renewed = self.gatekeeper.renewed(owner)
        if isinstance(renewed, ProtocolError):
            raise renewed
        return renewed

    def _check_direct(self, exchange: Exchange) -> None:
        """Refuse the operator's key to a caller behind a proxy.

        :raises ProtocolError: 403.
        """
        if not self.gatekeeper.shares_operator_key:
            return
        header = proxy_header(exchange.headers)
        if header is not None:
            self.report_proxied(header)
            raise proxied_without_secret(header)

    def _required(self, exchange: Exchange) -> ProtocolError:
        if self.gatekeeper.refuses_keys:
            return token_required()
        if exchange.route is Route.MESSAGES:
            return key_required_on_messages(self.sources.on_messages)
        return key_required(self.key_formats)

    def _adopted(self, session_id: str, credential: Credential | None) -> SessionLookup:
        session = self.sessions.adopt(session_id, credential)
        if session is None:
            raise session_not_found("Send initialize to open a new session.")
        return SessionLookup(SessionStatus.LIVE, session)


def _is_own(credential: Credential | None, presented: Sequence[Presented]) -> bool:
    """Say whether the request itself presented the key: it is not the operator's."""
    if credential is None:
        return False
    return any(key.source == credential.source for key in presented)


def _with_own_key(
    credential: Credential | None, lookup: SessionLookup, notes: Sequence[Note]
) -> Resolved:
    """Let a request that presents a key use a session of the same key only.

    :raises ProtocolError: 404 for the session of another key.
    """
    session = lookup.session
    assert session is not None
    if session.credential is None:
        return _without_session(credential, notes)
    if session.principal != _principal(credential):
        raise session_not_found("It was not opened with this key.")
    return credential, lookup, notes


def _without_session(credential: Credential | None, notes: Sequence[Note]) -> Resolved:
    """Go on without the session, which was opened before its client had a key.

    The contents of such a session do not belong to any principal.
    """
    return credential, FOREIGN, (*notes, NOT_THAT_SESSION)


def _are_one_account(one: Credential, other: Credential) -> bool:
    """Say whether two credentials hold the same key and differ in the workspace.

    A caller's key that equals the operator's makes a different credential, too.
    """
    return one.secret.digest() == other.secret.digest()


def _owner_for(owner: Credential, workspace: str | None) -> Credential:
    if workspace not in {None, owner.workspace}:
        raise session_not_found(_OTHER_WORKSPACE)
    return evolve(owner, source="session")


def _principal(credential: Credential | None) -> str:
    return ANONYMOUS if credential is None else credential.principal


def _notes_on(credential: Credential | None) -> Sequence[Note]:
    note = None if credential is None else _NOTES.get(credential.source)
    return () if note is None else (note,)


def _session_id(exchange: Exchange) -> str | None:
    ids = presented_session_ids(exchange)
    if not ids:
        return None
    # The modern era ignores the header; a sessionId names a stream in every era.
    if (
        exchange.route is Route.MCP
        and exchange.headers.get(VERSION_HEADER) in MODERN_REVISIONS
    ):
        return None
    if any(other != ids[0] for other in ids):
        raise invalid_request("two different session ids")
    return ids[0] or None


def _workspace(exchange: Exchange) -> str | None:
    values = exchange.headers.all("x-as-workspace")
    if not values:
        return None
    value = values[0].strip()
    if len(values) > 1 or len(value) > _MAX_WORKSPACE_LENGTH or not _is_visible(value):
        raise invalid_request("x-as-workspace must be one workspace id")
    return plain_id(value) or None


def _is_visible(value: str) -> bool:
    return value.isascii() and value.isprintable() and " " not in value
