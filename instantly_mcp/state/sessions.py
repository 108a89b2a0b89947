"""Legacy sessions in memory, under ids that are valid beyond this process.

A session id is a sealed token (see the head of `sealed_tokens`). It contains the
negotiated revision, the principal, the time of its creation, and the access level and
toolsets if they are limited. So the store can adopt a session that was opened before a
restart, or on another instance with the same keys: it creates a session under the same
id, for the same principal only, with the same limits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from secrets import token_bytes
from typing import final

from attrs import define, field, frozen
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from .._credential import ANONYMOUS, SHOWN_CHARACTERS, Credential
from .._log import Line
from .._noop import noop
from .._rights import ALL_RIGHTS, Level, Rights
from ..protocol.calls.session import (
    ENDED,
    FOREIGN,
    SEALED,
    ISessionStore,
    McpSession,
    SessionLookup,
    SessionStatus,
)
from ..protocol.interfaces import ITokenSealer
from ..protocol.wire.versions import LEGACY_REVISIONS, Revision
from .ended_sessions import ENDED_SESSIONS_FILE_NAME, EndedSessions
from .idle_queue import IdleQueue, is_busy
from .sealed_tokens import looks_sealed

PURPOSE = "session"
RANDOM_BYTES = 16
_VERSION_LENGTH = 10
_HEAD_LENGTH = _VERSION_LENGTH + 8 + RANDOM_BYTES

SWEEP_SECONDS = 60.0
"""How often `sweep` should be called."""

_LINE = Line(
    f"{__name__}.MemorySessionStore",
    "Session {what} for {principal}, client {client} ({count} held)",
)

_EVENTS = frozenset({"opened", "adopted", "expired", "evicted", "released"})
"""Events that are counted under their own name; any other is counted as ``ended``."""


_LEVELS = {level.value: level for level in Level}

_MAX_SWEPT = 1000
"""Sessions that one sweep ends. `look_up` ends others that have expired."""


@frozen(kw_only=True)
class SessionLimits:
    """The limits that the operator sets.

    :param idle_seconds: time without activity after which a session expires.
    :param adoptable_seconds: age up to which the id of a session that is not held can
        be adopted.
    :param total: sessions that are held; beyond it the longest idle one is evicted.
    :param per_principal: the same for one principal.
    """

    idle_seconds: float = 1800.0
    adoptable_seconds: float = 30 * 86400.0
    total: int = 10_000
    per_principal: int = 500


@frozen
class _Sealed:
    """The content of a session id."""

    revision: Revision
    created: int
    principal: str
    rights: Rights


@final
@implementer(ISessionStore)
@define(eq=False, kw_only=True)
class MemorySessionStore:
    """Holds the sessions.

    A session that expired, or that its client ended, stays ended. One that was evicted
    because a limit was reached can be adopted, like one from before a restart.

    :param wall: returns seconds since the epoch. Ids are valid beyond this process, so
        their age cannot be measured with its clock.
    :param ended_sessions: remembers the ids of ended sessions.
    :param count_event: called for each event of a session with ``opened``,
        ``adopted``, ``ended``, ``expired``, ``evicted`` or ``released``.
    """

    seal: ITokenSealer
    clock: IReactorTime
    wall: Callable[[], float]
    limits: SessionLimits = field(factory=SessionLimits)
    ended_sessions: EndedSessions = field(factory=EndedSessions)
    count_event: Callable[[str], object] = noop
    _sessions: dict[str, McpSession] = field(factory=dict, init=False)
    _queue: IdleQueue = field(factory=IdleQueue, init=False)
    _queues: dict[str, IdleQueue] = field(factory=dict, init=False)

    @property
    def count(self) -> int:
        """How many sessions are held."""
        return len(self._sessions)

    def open(
        self,
        revision: Revision,
        credential: Credential | None,
        rights: Rights = ALL_RIGHTS,
    ) -> McpSession:
        """Create a session for the credential's principal."""
        principal = ANONYMOUS if credential is None else credential.principal
        payload = b"".join(
            (
                revision.version.encode("ascii").ljust(_VERSION_LENGTH),
                int(self.wall()).to_bytes(8, "big"),
                token_bytes(RANDOM_BYTES),
                principal.encode(),
                _sealed_rights(rights),
            )
        )
        session_id = self.seal.seal(PURPOSE, payload)
        return self._hold(session_id, revision, credential, rights, "opened")

    def look_up(self, session_id: str) -> SessionLookup:
        """Return what is known about a session id.

        The id is decrypted only if its session is not held.
        """
        session = self._sessions.get(session_id)
        if session is not None:
            if not self._is_expired(session):
                return SessionLookup(SessionStatus.LIVE, session)
            self.end(session, "expired")
            return ENDED
        sealed = self._unseal(session_id)
        if sealed is None:
            return FOREIGN
        return SEALED if self._is_adoptable(session_id, sealed) else ENDED

    def issued(self, session_id: str) -> bool:
        """Say whether the id has the form of a sealed token, of any key."""
        return looks_sealed(session_id)

    def adopt(
        self, session_id: str, credential: Credential | None
    ) -> McpSession | None:
        """Return the session of an id; create it again if it is not held.

        :returns: ``None`` if the id is not valid, belongs to another principal, is too
            old, or has ended.
        """
        principal = ANONYMOUS if credential is None else credential.principal
        held = self._sessions.get(session_id)
        if held is not None:
            return held if held.principal == principal else None
        sealed = self._unseal(session_id)
        if sealed is None or not self._is_adoptable(session_id, sealed):
            return None
        if sealed.principal != principal:
            return None
        return self._hold(
            session_id, sealed.revision, credential, sealed.rights, "adopted"
        )

    def end(self, session: McpSession, why: str) -> None:
        """End the session permanently; requests with its id get 404 from now on.

        :param why: for the log, and for the metrics where it is a known event.
        """
        if self._drop(session, why):
            self.ended_sessions.add(session.id)

    def sweep(self) -> None:
        """End expired sessions. Must be called every `SWEEP_SECONDS`."""
        now = self.clock.seconds()
        for _ in range(_MAX_SWEPT):
            session = self._queue.oldest()
            if session is None or now - session.last_seen < self.limits.idle_seconds:
                return
            if is_busy(session):
                session.touch(now)
            else:
                self.end(session, "expired")

    def disconnect(self, of: Callable[[str], bool] = lambda principal: True) -> None:
        """Close open streams, so that their clients must authenticate again.

        :param of: chooses the principals; by default all.
        """
        for session in self._of(of):
            session.disconnect()

    def end_all(self, of: Callable[[str], bool], why: str) -> None:
        """End the sessions of all principals that `of` chooses; see `end`."""
        for session in self._of(of):
            self.end(session, why)

    def _of(self, of: Callable[[str], bool]) -> Sequence[McpSession]:
        return [each for each in self._sessions.values() if of(each.principal)]

    def release(self) -> None:
        """Close all sessions without ending them, because the daemon stops.

        They can be adopted after the restart.
        """
        for session in list(self._sessions.values()):
            self._drop(session, "released")

    def _hold(
        self,
        session_id: str,
        revision: Revision,
        credential: Credential | None,
        rights: Rights,
        how: str,
    ) -> McpSession:
        now = self.clock.seconds()
        session = McpSession(
            id=session_id,
            revision=revision,
            credential=credential,
            rights=rights,
            last_seen=now,
        )
        own = self._queues.get(session.principal)
        if own is not None and len(own) >= self.limits.per_principal:
            self._evict(own, now)
        if len(self._sessions) >= self.limits.total:
            self._evict(self._queue, now)
        self._sessions[session_id] = session
        self._queue.add(session)
        self._queues.setdefault(session.principal, IdleQueue()).add(session)
        self._tell(session, how)
        return session

    def _evict(self, queue: IdleQueue, now: float) -> None:
        session = queue.expendable(now)
        if session is not None:
            self._drop(session, "evicted")

    def _drop(self, session: McpSession, why: str) -> bool:
        held = self._sessions.get(session.id) is session
        if held:
            del self._sessions[session.id]
        session.close()
        if held:
            self._queue.forget(session)
            own = self._queues[session.principal]
            own.forget(session)
            if not own:
                del self._queues[session.principal]
            self._tell(session, why)
        return held

    def _is_expired(self, session: McpSession) -> bool:
        idle = self.clock.seconds() - session.last_seen
        return idle >= self.limits.idle_seconds and not is_busy(session)

    def _is_adoptable(self, session_id: str, sealed: _Sealed) -> bool:
        age = self.wall() - sealed.created
        return (
            age <= self.limits.adoptable_seconds
            and session_id not in self.ended_sessions
        )

    def _unseal(self, session_id: str) -> _Sealed | None:
        payload = self.seal.unseal(PURPOSE, session_id)
        if payload is None or len(payload) <= _HEAD_LENGTH:
            return None
        version = payload[:_VERSION_LENGTH].decode("ascii", "replace")
        revision = LEGACY_REVISIONS.get(version)
        if revision is None:
            return None
        created = int.from_bytes(payload[_VERSION_LENGTH : _VERSION_LENGTH + 8], "big")
        principal, *limits = (
            payload[_HEAD_LENGTH:].decode("utf-8", "replace").split("\0")
        )
        return _Sealed(revision, created, principal, _unsealed_rights(limits))

    def _tell(self, session: McpSession, what: str) -> None:
        self.count_event(what if what in _EVENTS else "ended")
        _LINE.write(
            what=what,
            client=session.client,
            principal=session.principal[:SHOWN_CHARACTERS],
            revision=session.revision.version,
            count=self.count,
        )


def _sealed_rights(rights: Rights) -> bytes:
    """Return level and toolsets in the form of a session id, nothing if unlimited."""
    if rights.level is Level.FULL and rights.toolsets is None:
        return b""
    toolsets = "" if rights.toolsets is None else "\0" + ",".join(rights.toolsets)
    return f"\0{rights.level.value}{toolsets}".encode()


def _unsealed_rights(limits: Sequence[str]) -> Rights:
    """Return what `_sealed_rights` sealed, split at its zeros."""
    if not limits:
        return ALL_RIGHTS
    word, *named = limits
    level = _LEVELS.get(word, Level.READ_ONLY)
    toolsets = tuple(filter(None, named[0].split(","))) if named else None
    return Rights(level=level, toolsets=toolsets)


def make_session_store(
    seal: ITokenSealer,
    clock: IReactorTime,
    wall: Callable[[], float],
    limits: SessionLimits,
    state_dir: str | None,
    *,
    count_event: Callable[[str], object] = noop,
) -> MemorySessionStore:
    """Return a store that remembers ended ids in the state directory.

    :param state_dir: an existing directory, or ``None`` to forget them on exit.
    """
    path = (
        None if state_dir is None else os.path.join(state_dir, ENDED_SESSIONS_FILE_NAME)
    )
    return MemorySessionStore(
        seal=seal,
        clock=clock,
        wall=wall,
        limits=limits,
        ended_sessions=EndedSessions(path),
        count_event=count_event,
    )
