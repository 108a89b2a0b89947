"""One call in progress: who asks, in which revision, and where notifications go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite

from attrs import Factory, define, field, frozen
from twisted.internet.defer import Deferred, fail
from zope.interface import implementer

from ..._credential import ANONYMOUS, Credential
from ..._json import Json, JsonObject
from ..interfaces import IHeaders, IOutlet
from ..wire.jsonrpc import notification
from ..wire.log_levels import LOG_LEVELS
from ..wire.trace import Trace
from ..wire.versions import Revision
from .client_requests import Answers, Ask, CannotAsk, IAsker, lacks
from .session import McpSession


@implementer(IOutlet)
class Nowhere:
    """The outlet of a request whose client can receive no notifications."""

    def send(self, message: JsonObject) -> None:
        """Drop the message."""

    def close(self) -> None:
        """Do nothing."""

    def interrupt(self) -> None:
        """Do nothing."""


NOWHERE = Nowhere()


@frozen(kw_only=True)
class Caller:
    """Who sent a message and how it can be told things.

    :param revision: the revision that is spoken with this caller now.
    :param credential: what it may reach Instantly with, if anything.
    :param session: its legacy session, if it has one.
    :param headers: the HTTP headers of the request (the modern era checks them).
    :param outlet: takes the notifications that belong to this very request.
    """

    revision: Revision
    credential: Credential | None = None
    session: McpSession | None = None
    headers: IHeaders | None = None
    outlet: IOutlet = NOWHERE

    @property
    def principal(self) -> str:
        """The digest that the caller acts as."""
        return ANONYMOUS if self.credential is None else self.credential.principal

    def heard_by(self, outlet: IOutlet) -> Caller:
        """Return the same caller with another outlet."""
        return Caller(
            revision=self.revision,
            credential=self.credential,
            session=self.session,
            headers=self.headers,
            outlet=outlet,
        )


@implementer(IAsker)
class Mute:
    """The asker of a call whose client can be asked nothing."""

    def ask(self, asks: Mapping[str, Ask]) -> Deferred[Answers]:
        return fail(CannotAsk("This client cannot be asked anything here."))


MUTE = Mute()


def _own_outlet(call: Call) -> IOutlet:
    return call.caller.outlet


def _is_number(value: float) -> bool:
    """Say whether a client can read it: no infinity, no NaN, no more than a double."""
    try:
        return isfinite(value)
    except OverflowError:
        return False


@define(eq=False, kw_only=True)
class Call:
    """What a feature sees of the request that runs it.

    :param progress_token: the client's token, ``None`` if it wants no progress.
    :param log_level: least severe level the client wants to see, ``None`` for no logs.
    :param capabilities: what the client can be asked, as it declares it.
    :param asker: the way to reach it with questions.
    :param promote: makes a task of the call; ``None`` where there can be none.
    :param note: once the call is a task, takes what to say of it meanwhile.
    :param trace: the caller's OpenTelemetry context.
    :param until: clock seconds until which the client waits; the feature sets it.
    """

    caller: Caller
    progress_token: str | int | None = None
    log_level: str | None = None
    finished: bool = False
    capabilities: JsonObject = field(factory=dict)
    asker: IAsker = MUTE
    promote: Callable[[str | None], bool] | None = None
    note: Callable[[str], None] | None = None
    trace: Trace | None = None
    until: float | None = None
    outlet: IOutlet = Factory(_own_outlet, takes_self=True)
    _last_progress: float = field(default=float("-inf"), init=False)

    def ask(self, asks: Mapping[str, Ask]) -> Deferred[Answers]:
        """Ask the client, whatever its era; answer by key once all are answered.

        In the modern era the tool is run again from its start when the answers come,
        so ask before you act, and ask the same when asked the same.

        Fails with `CannotAsk` or `ProtocolError`: let them pass.
        """
        return self.asker.ask(asks)

    def can_ask(self, ask: Ask) -> bool:
        """Say whether the client declares what this question needs."""
        return not lacks(self.capabilities, ask.required)

    def become_task(self, message: str | None = None) -> bool:
        """From here on be a task, if client and tool both can: answer with a handle.

        :returns: ``False`` where the call simply goes on and the client waits.
        """
        if self.promote is None:
            return False
        promote, self.promote = self.promote, None
        return promote(message)

    @property
    def credential(self) -> Credential:
        """The credential; only for tools that declare that they need one.

        :raises LookupError: when there is none: a tool forgot to declare its need.
        """
        if self.caller.credential is None:
            raise LookupError("this call has no credential")
        return self.caller.credential

    def progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Tell the client how far the work is.

        Silently nothing without a token, after the end, or when `progress` does not
        grow: the protocol demands strictly increasing values. JSON has neither
        infinities nor NaN: they are left out. A call that became a task has no
        stream; there the message becomes the task's.
        """
        if self.note is not None:
            if message is not None and not self.finished:
                self.note(message)
            return
        if self.progress_token is None or self.finished:
            return
        if not _is_number(progress) or progress <= self._last_progress:
            return
        self._last_progress = progress
        params: dict[str, Json] = {
            "progressToken": self.progress_token,
            "progress": progress,
        }
        if total is not None and _is_number(total):
            params["total"] = total
        if message is not None and self.caller.revision.progress_messages:
            params["message"] = message
        self.outlet.send(notification("notifications/progress", params))

    def log(self, level: str, data: Json, logger: str = "instantly_mcp") -> None:
        """Send a log message to the client, if it asked for that level.

        :raises ValueError: for a level that MCP does not have.
        """
        severity = LOG_LEVELS.index(level)
        if self.finished or self.log_level is None:
            return
        if severity < LOG_LEVELS.index(self.log_level):
            return
        params = {"level": level, "logger": logger, "data": data}
        self.outlet.send(notification("notifications/message", params))
