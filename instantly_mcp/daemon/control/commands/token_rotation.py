"""The command ``token rotate``: a new token for each old one, on the same terms."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence

from attrs import define, frozen

from ...._deferred import deferred
from ...._json_codec import Json, JsonObject
from ....access.tokens.book import TokenBook, TokenTerms
from ....access.tokens.token import ConnectionToken, TokenState
from ..dispatch import Command
from ..requests import CommandRefusedError
from .tokens import described, expiry


@frozen(kw_only=True)
class RotateTokens:
    """The request of ``token.rotate``: which tokens, by one of the first three.

    :param token: the id or the name of one.
    :param workspace: an alias: all tokens that may use it.
    :param all: every valid token.
    :param expires: as of ``token.add``. Without it a new token is valid for as long as
        the old one was from its issue on.
    """

    token: str | None = None
    workspace: str | None = None
    all: bool = False
    expires: str | None = None


@define(eq=False, kw_only=True)
class TokenRotation:
    """Replaces tokens, for example when a laptop was lost or every quarter.

    :param wall: returns the time in seconds since the epoch.
    """

    book: TokenBook
    wall: Callable[[], float]

    def commands(self) -> Mapping[str, Command]:
        """Return the command."""
        return {"token.rotate": Command(RotateTokens, self.rotate, recorded=True)}

    @deferred
    async def rotate(self, request: RotateTokens) -> Json:
        """Issue new tokens, and revoke each old one once the new one is stored.

        :returns: the new tokens, which are shown nowhere else, and for those that could
            not be replaced the reason. These stay valid.
        """
        chosen = self._chosen(request)
        until = expiry(request.expires, self.wall())
        issued: list[Json] = []
        failed: list[Json] = []
        for old in chosen:
            try:
                issued.append(await self._replaced(old, until))
            except sqlite3.Error as error:
                failed.append({"name": old.name, "why": str(error)})
        return {
            "added": [each["id"] for each in issued],
            "tokens": issued,
            "failed": failed,
        }

    @deferred
    async def _replaced(self, old: ConnectionToken, until: float | None) -> JsonObject:
        if until is None and old.expires is not None:
            until = self.wall() + old.expires - old.created
        token, value = await self.book.issue(
            TokenTerms(
                name=old.name,
                level=old.level,
                toolsets=old.toolsets,
                workspaces=old.workspaces,
                caps=old.caps,
                expires=until,
            )
        )
        answer = {"token": value, "replaces": old.id, **described(token)}
        try:
            await self.book.revoke(old)
        except sqlite3.Error as error:
            # It is in effect, and the book tries to store it again. The new token must
            # be shown in any case.
            return {**answer, "trouble": f"{old.id} ended, but is not stored: {error}"}
        return answer

    def _chosen(self, request: RotateTokens) -> Sequence[ConnectionToken]:
        ways = (request.token is not None, request.workspace is not None, request.all)
        if ways.count(True) != 1:
            raise CommandRefusedError(
                "say which: one token, all tokens of a workspace, or all"
            )
        chosen = [
            token
            for token in self.book.listed()
            if token.state is TokenState.VALID and _is_meant(token, request)
        ]
        if not chosen:
            # The text is not repeated, because it may be a token.
            raise CommandRefusedError(
                "there is no such valid token: see instantly-mcp token list"
            )
        return chosen


def _is_meant(token: ConnectionToken, request: RotateTokens) -> bool:
    if request.all:
        return True
    if request.workspace is not None:
        return request.workspace in token.workspaces
    return request.token in {token.id, token.name}
