"""The commands ``token …``: issue, list, narrow and revoke connection tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial

from attrs import define, field, frozen

from ...._deferred import deferred
from ...._json_codec import Json
from ...._rights import Level
from ...._times import utc
from ....access.tokens.book import TokenBook, TokenTerms
from ....access.tokens.token import ConnectionToken, TokenState
from ....features.toolsets import TOOLSETS, ToolSelection
from ..dispatch import Command, NoArguments
from ..in_effect import in_effect
from ..requests import CommandRefusedError

_NAME = re.compile(r"\w[\w .,@'()+-]{0,63}")
_SPAN = re.compile(r"([1-9][0-9]{0,3})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
MAX_CAP = 1_000_000
AGAIN = "The daemon tries again; see its log."


@frozen(kw_only=True)
class AddToken:
    """The request of ``token.add``.

    :param expires: a span such as ``90d``, or the last day, such as ``2027-03-31``.
    :param caps: limits for 24 hours, by the name of the cap.
    """

    name: str
    access: str = Level.FULL.value
    workspaces: tuple[str, ...] = ()
    toolsets: tuple[str, ...] | None = None
    expires: str | None = None
    caps: Mapping[str, int] = field(factory=dict)


@frozen(kw_only=True)
class NarrowToken:
    """The request of ``token.narrow``; ``None`` leaves a limit as it is."""

    token: str
    access: str | None = None
    toolsets: tuple[str, ...] | None = None


@frozen(kw_only=True)
class NamedToken:
    """The request of ``token.revoke``: the id of a token, or its name."""

    token: str


@define(eq=False, kw_only=True)
class TokenCommands:
    """Issues and ends tokens.

    :param wall: returns the time in seconds since the epoch.
    :param cap_names: the names of the caps that a token may have.
    :param known_workspace: returns whether there is a workspace of this alias.
    """

    book: TokenBook
    wall: Callable[[], float]
    cap_names: Collection[str] = ()
    known_workspace: Callable[[str], bool]

    def commands(self) -> Mapping[str, Command]:
        """Return the commands of tokens."""
        return {
            "token.add": Command(AddToken, self.add, recorded=True),
            "token.list": Command(NoArguments, self.list_all),
            "token.narrow": Command(NarrowToken, self.narrow, recorded=True),
            "token.revoke": Command(NamedToken, self.revoke, recorded=True),
        }

    @deferred
    async def add(self, request: AddToken) -> Json:
        """Issue a token; the answer is the only place that shows it."""
        if _NAME.fullmatch(request.name) is None:
            raise CommandRefusedError(
                "name must have 1 to 64 letters, digits, blanks or . , @ ' ( ) + _ -, "
                "and begin with a letter or a digit"
            )
        if any(token.name == request.name for token in self._valid()):
            raise CommandRefusedError(
                f"there is already a valid token named {request.name}: choose another "
                "name, or revoke that one first"
            )
        for alias in request.workspaces:
            if not self.known_workspace(alias):
                raise CommandRefusedError(
                    f"there is no workspace {alias!r}: see instantly-mcp workspace list"
                )
        token, value = await self.book.issue(
            TokenTerms(
                name=request.name,
                level=_level(request.access),
                toolsets=_toolsets(request.toolsets),
                workspaces=tuple(dict.fromkeys(request.workspaces)),
                caps=self._caps(request.caps),
                expires=expiry(request.expires, self.wall()),
            )
        )
        return {"token": value, **described(token)}

    def list_all(self, request: NoArguments) -> Json:
        """Return all tokens, the oldest first, without their values."""
        return [described(token) for token in self.book.listed()]

    @deferred
    async def narrow(self, request: NarrowToken) -> Json:
        """Limit a token further."""
        token = self._named(request.token)
        level = None if request.access is None else _level(request.access)
        toolsets = _toolsets(request.toolsets)
        if level is None and toolsets is None:
            raise CommandRefusedError("say which access or toolsets to limit it to")
        if level is not None and level.rank > token.level.rank:
            raise CommandRefusedError(
                f"{token.name} has access {token.level.value}, which cannot be "
                "widened: issue another token"
            )
        wider = set(toolsets or ()) - set(token.toolsets or toolsets or ())
        if wider:
            raise CommandRefusedError(
                f"{token.name} does not have the toolsets {', '.join(sorted(wider))}, "
                "and cannot get them: issue another token"
            )
        with in_effect(f"{token.name} is limited", partial(self._now, token), AGAIN):
            await self.book.narrow(token, level, toolsets)
        return self._now(token)

    @deferred
    async def revoke(self, request: NamedToken) -> Json:
        """Revoke a token, from now on."""
        token = self._named(request.token)
        with in_effect(f"{token.name} is revoked", partial(self._now, token), AGAIN):
            await self.book.revoke(token)
        return self._now(token)

    def _now(self, token: ConnectionToken) -> Json:
        return described(self.book.get(token.id) or token)

    def _valid(self) -> Sequence[ConnectionToken]:
        return [
            token for token in self.book.listed() if token.state is TokenState.VALID
        ]

    def _named(self, text: str) -> ConnectionToken:
        """Return the valid token with this id, or with this name."""
        for token in self._valid():
            if text in {token.id, token.name}:
                return token
        ended = [
            token for token in self.book.listed() if text in (token.id, token.name)
        ]
        if ended:
            raise CommandRefusedError(f"this token is already {ended[-1].state.value}")
        # The text is not repeated, because it may be a token.
        raise CommandRefusedError(
            "there is no such token: name it by its id or its name, as "
            "instantly-mcp token list shows them"
        )

    def _caps(self, caps: Mapping[str, int]) -> Mapping[str, int]:
        for name, limit in caps.items():
            if name not in self.cap_names:
                known = ", ".join(sorted(self.cap_names))
                raise CommandRefusedError(f"a cap is one of: {known}")
            if not 0 <= limit <= MAX_CAP:
                raise CommandRefusedError(f"{name} must be from 0 to {MAX_CAP}")
        return dict(caps)


def _level(text: str) -> Level:
    try:
        return Level(text)
    except ValueError:
        known = ", ".join(level.value for level in Level)
        raise CommandRefusedError(f"access is one of: {known}") from None


def _toolsets(names: Sequence[str] | None) -> tuple[str, ...] | None:
    if names is None:
        return None
    try:
        selection = ToolSelection.parse(",".join(names))
    except ValueError as error:
        raise CommandRefusedError(f"toolsets: {error}") from None
    return None if selection.toolsets == TOOLSETS else selection.toolsets


def expiry(text: str | None, now: float) -> float | None:
    """Return the second at which a token with this text expires.

    :param now: seconds since the epoch.
    """
    if text is None:
        return None
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now + timedelta(**{_UNITS[span[2]]: int(span[1])}).total_seconds()
    try:
        last = date.fromisoformat(text)
        over = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise CommandRefusedError(
            "expires is a span such as 90d, 12h or 4w, or the last day, such as "
            "2027-03-31"
        ) from None
    if over.timestamp() <= now:
        raise CommandRefusedError("expires is a day that is over")
    return over.timestamp()


def described(token: ConnectionToken) -> Mapping[str, Json]:
    """Return what an answer says about a token: everything but its value."""
    return {
        "id": token.id,
        "name": token.name,
        "access": token.level.value,
        "toolsets": None if token.toolsets is None else list(token.toolsets),
        "workspaces": list(token.workspaces),
        "caps": dict(token.caps),
        "state": token.state.value,
        "created": _instant(token.created),
        "expires": _instant(token.expires),
        "ended": _instant(token.ended),
        "last_used": _instant(token.last_used),
    }


def _instant(seconds: float | None) -> str | None:
    return None if seconds is None else utc(seconds)
