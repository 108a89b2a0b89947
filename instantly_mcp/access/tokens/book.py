"""The connection tokens of a daemon, in memory, and what is true of them now.

Decisions are made in memory, for every message. Changes are stored as well: a new token
is stored before it is valid, and a revocation takes effect before it is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from attrs import define, evolve, field, frozen
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..._deferred import deferred
from ..._rights import Level, Rights
from .interfaces import ITokenStore
from .token import (
    ConnectionToken,
    TokenState,
    digest_of,
    new_token,
    new_token_id,
)

LAST_USED_SECONDS = 60.0
"""How often the time of a token's last use is stored at most."""


@frozen(kw_only=True)
class TokenTerms:
    """What the operator decides about a new token; see `ConnectionToken`."""

    name: str
    level: Level = Level.FULL
    toolsets: tuple[str, ...] | None = None
    workspaces: tuple[str, ...] = ()
    caps: Mapping[str, int] = field(factory=dict)
    expires: float | None = None


@define(eq=False)
class TokenBook:
    """Finds tokens by their value, and changes them.

    :param wall: returns the time in seconds since the epoch.
    :ivar on_change: called with each token that ended or was narrowed. Its callers must
        be disconnected.
    :ivar on_first: called when the first token was issued. From then on no caller uses
        the operator's key without one.
    """

    log: ClassVar[Logger] = Logger()

    store: ITokenStore
    wall: Callable[[], float]
    on_change: list[Callable[[ConnectionToken], object]] = field(
        factory=list, init=False
    )
    on_first: list[Callable[[], object]] = field(factory=list, init=False)
    _unstored: dict[str, ConnectionToken] = field(factory=dict, init=False)
    _by_id: dict[str, ConnectionToken] = field(factory=dict, init=False)
    _ids: dict[str, str] = field(factory=dict, init=False, repr=False)

    def load(self) -> Deferred[None]:
        """Read the stored tokens. Must succeed before the first caller is admitted."""
        return self.store.tokens().addCallback(self._replace)

    def _replace(self, tokens: Sequence[ConnectionToken]) -> None:
        self._by_id = {token.id: token for token in tokens}
        self._ids = {token.digest: token.id for token in tokens}

    @property
    def exist(self) -> bool:
        """Whether a token was ever issued, be it valid or not."""
        return bool(self._ids)

    def listed(self) -> Sequence[ConnectionToken]:
        """Return all tokens, the oldest first."""
        for token in tuple(self._by_id.values()):
            self._as_of_now(token)
        return sorted(self._by_id.values(), key=lambda token: token.created)

    def find(self, value: str) -> ConnectionToken | None:
        """Return the token with this value, whatever its state; ``None`` if unknown."""
        token_id = self._ids.get(digest_of(value))
        return None if token_id is None else self.get(token_id)

    def get(self, token_id: str) -> ConnectionToken | None:
        """Return a token in its present state; ``None`` if there is none."""
        token = self._by_id.get(token_id)
        return None if token is None else self._as_of_now(token)

    def names_for(self, alias: str) -> Sequence[str]:
        """Return the names of the valid tokens that may use a workspace."""
        return [
            token.name
            for token in self.listed()
            if alias in token.workspaces and token.state is TokenState.VALID
        ]

    def current(self, rights: Rights) -> Rights | None:
        """Return rights as far as the token behind them still permits them.

        :returns: ``None`` when the token is no longer valid.
        """
        if rights.token is None:
            return rights
        token = self.get(rights.token)
        if token is None or token.state is not TokenState.VALID:
            return None
        return rights.narrowed(token.level, token.toolsets, by="token")

    def caps_of(self, token_id: str) -> Mapping[str, int]:
        """Return the caps of a token, by their names."""
        token = self._by_id.get(token_id)
        return {} if token is None else token.caps

    def used(self, token: ConnectionToken) -> None:
        """Note that a caller presented a token, at most once in a minute."""
        now, last = self.wall(), token.last_used
        if last is not None and 0 <= now - last < LAST_USED_SECONDS:
            return
        self._by_id[token.id] = evolve(token, last_used=now)
        self._store(self.store.used(token.id, now))

    @deferred
    async def issue(self, terms: TokenTerms) -> tuple[ConnectionToken, str]:
        """Issue a token.

        :returns: the token, and its value, which is known to no one else.
        """
        value = new_token()
        token = ConnectionToken(
            id=new_token_id(),
            name=terms.name,
            digest=digest_of(value),
            level=terms.level,
            toolsets=terms.toolsets,
            workspaces=terms.workspaces,
            caps=terms.caps,
            created=self.wall(),
            expires=terms.expires,
        )
        # Listed at once, so that its name and its workspaces are taken while it is
        # stored; found by its value once it is.
        self._by_id[token.id] = token
        try:
            await self.store.add(token)
        except BaseException:
            del self._by_id[token.id]
            self._unstored.pop(token.id, None)
            raise
        is_first = not self.exist
        self._ids[token.digest] = token.id
        if is_first:
            for listener in self.on_first:
                self._call(listener)
        return token, value

    @deferred
    async def revoke(self, token: ConnectionToken) -> ConnectionToken:
        """Revoke a valid token: from now on it is refused.

        :raises Exception: when this could not be stored. It is in effect nevertheless,
            until the daemon ends, and `sweep` tries to store it again.
        """
        revoked = self._end(token, TokenState.REVOKED)
        await self._change(revoked)
        return revoked

    @deferred
    async def narrow(
        self,
        token: ConnectionToken,
        level: Level | None = None,
        toolsets: Sequence[str] | None = None,
    ) -> ConnectionToken:
        """Limit the rights of a valid token further, from its next message on.

        :raises Exception: as `revoke`.
        """
        rights = token.rights.narrowed(level, toolsets)
        narrowed = evolve(token, level=rights.level, toolsets=rights.toolsets)
        self._put(narrowed)
        await self._change(narrowed)
        return narrowed

    def sweep(self) -> None:
        """End the tokens whose time is over, also those that no one presents.

        Changes that could not be stored, for example on a full disk, are tried again.
        """
        for token in tuple(self._by_id.values()):
            self._as_of_now(token)
        for token in tuple(self._unstored.values()):
            self._store(self._change(token))

    def _as_of_now(self, token: ConnectionToken) -> ConnectionToken:
        if token.state is not TokenState.VALID or not token.is_past(self.wall()):
            return token
        expired = self._end(token, TokenState.EXPIRED)
        self._store(self._change(expired))
        return expired

    @deferred
    async def _change(self, token: ConnectionToken) -> None:
        await self.store.change(token)
        # A newer change of the token stays until it is stored itself.
        if self._unstored.get(token.id) is token:
            del self._unstored[token.id]

    def _end(self, token: ConnectionToken, state: TokenState) -> ConnectionToken:
        ended = evolve(token, state=state, ended=self.wall())
        self._put(ended)
        return ended

    def _put(self, token: ConnectionToken) -> None:
        """Let a change take effect, and have it stored sooner or later."""
        self._by_id[token.id] = self._unstored[token.id] = token
        for listener in self.on_change:
            self._call(listener, token)

    def _call(self, listener: Callable[..., object], *changed: ConnectionToken) -> None:
        try:
            listener(*changed)
        except Exception:
            self.log.failure("a listener to changes of connection tokens failed")

    def _store(self, storing: Deferred[None]) -> None:
        storing.addErrback(self._not_stored)

    def _not_stored(self, failure: Failure) -> None:
        self.log.failure("a change of a connection token is not stored", failure)
