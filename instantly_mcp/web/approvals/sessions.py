"""Who is signed in, in memory: a restart signs everyone out."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from secrets import token_bytes, token_urlsafe

from attrs import define, evolve, field, frozen

from ...access.approvals.interfaces import IApprovers

IDLE_SECONDS = 15 * 60.0
LONGEST_SECONDS = 12 * 3600.0
MAX_SESSIONS = 200
"""Beyond it, the session that was used longest ago ends."""


@frozen(kw_only=True)
class ApproverSession:
    """One sign-in of an approver in one browser.

    :param version: of the approver's secret; another secret ends the session.
    :param form_token: must be in each form that the browser sends.
    """

    approver: str
    version: str = field(repr=False)
    form_token: str = field(repr=False)
    opened_at: float
    used_at: float


@define(eq=False)
class ApproverSessions:
    """The sessions, by the digests of their ids.

    :param seconds: returns the time of a clock that is never set.
    """

    approvers: IApprovers
    seconds: Callable[[], float]
    _sessions: OrderedDict[str, ApproverSession] = field(
        factory=OrderedDict, init=False, repr=False
    )

    def open(self, approver: str) -> str | None:
        """Sign an approver in; return the id of the session, for a cookie.

        :returns: ``None`` if the approver was removed meanwhile.
        """
        version = self.approvers.version(approver)
        if version is None:
            return None
        id, now = token_urlsafe(32), self.seconds()
        self._sessions[_key(id)] = ApproverSession(
            approver=approver,
            version=version,
            form_token=token_urlsafe(32),
            opened_at=now,
            used_at=now,
        )
        if len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)
        return id

    def find(self, id: str | None) -> ApproverSession | None:
        """Return the session of an id, and note that it was used."""
        session = None if id is None else self._sessions.pop(_key(id), None)
        if id is None or session is None:
            return None
        now = self.seconds()
        idle, age = now - session.used_at, now - session.opened_at
        if idle >= IDLE_SECONDS or age >= LONGEST_SECONDS:
            return None
        if self.approvers.version(session.approver) != session.version:
            return None
        self._sessions[_key(id)] = used = evolve(session, used_at=now)
        return used

    def close(self, id: str) -> None:
        """Sign out."""
        self._sessions.pop(_key(id), None)

    def __len__(self) -> int:
        return len(self._sessions)


class LoginTokens:
    """The tokens of login forms, for browsers that are not signed in.

    A browser gets a random value in a cookie, and a token made from it in the form.
    Nothing is kept, so that requests cannot fill the memory.
    """

    def __init__(self) -> None:
        self._key = token_bytes(32)

    def new_nonce(self) -> str:
        """Return a value for the cookie."""
        return token_urlsafe(24)

    def token(self, nonce: str) -> str:
        """Return the token of the form that belongs to a cookie."""
        return hmac.digest(self._key, nonce.encode("utf-8", "replace"), "sha256").hex()

    def belongs(self, token: str, nonce: str | None) -> bool:
        """Say whether a form and a cookie belong together."""
        return nonce is not None and same(token, self.token(nonce))


def same(one: str, other: str) -> bool:
    """Compare two secret texts in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _key(id: str) -> str:
    return sha256(id.encode("utf-8", "replace")).hexdigest()
