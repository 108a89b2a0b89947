"""What tools, resources and prompts share: the API client, clock, calendar and state.

It also limits the time of one MCP call: 50 s, because hosts give up after 60 s of
silence, or 120 s for a client that receives progress. The time starts with the first
request to Instantly that the MCP call makes, and all its requests share the deadline.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TypeAlias

from attrs import define, field, frozen
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from zope.interface import Interface

from ..._json_codec import Json, JsonObject
from ..._noop import always, noop
from ..._rights import Level, Rights
from ...access.grants import grant_to_read
from ...access.levels import risks_of
from ...api.errors import ApiError, Reason
from ...api.grant import Grant
from ...api.interfaces import IInstantly
from ...catalog.index import BY_ID
from ...catalog.operation import Operation
from ...protocol.calls.call import Call
from ...protocol.calls.workspace_choice import IWorkspaceChoice, NoWorkspaces
from ...protocol.interfaces import ITokenSealer
from ...protocol.primitives.tool import Tool
from ..results import CallRefusedError
from .memory.job_changes import JobChangeTracker
from .memory.name_cache import NameCache
from .memory.recent_ids import RecentIds
from .memory.recent_starts import RecentStarts
from .memory.send_once import SendOnce
from .timezones import TimezoneMap

Values: TypeAlias = Mapping[str, str]
"""The values of a URI template's variables."""

SILENT_SECONDS = 50.0
"""Time for all Instantly calls of one MCP call: hosts give up after 60 s of silence."""

WITH_PROGRESS_SECONDS = 120.0
"""The same for a client that receives progress, and therefore waits longer."""

RESERVE_SECONDS = 5.0
"""Reserved for one more status call after a wait."""


def _required_object(reply: Json, operation_id: str) -> JsonObject:
    if not isinstance(reply, dict):
        raise ApiError(
            reason=Reason.UNEXPECTED_REPLY,
            message="Instantly's reply is not a JSON object.",
            operation_id=operation_id,
        )
    return reply


def _noted(reply: Json, operation_id: str, steps: list[str]) -> Json:
    steps.append(operation_id)
    return reply


def _no_tools(rights: Rights) -> Sequence[Tool]:
    return ()


def as_they_are(rights: Rights) -> Rights:
    """Return the rights: for a server without connection tokens."""
    return rights


@frozen(kw_only=True)
class ServerFacts:
    """How the server describes itself.

    :param mode: ``live`` or ``sandbox``.
    :param decisions: what the operator decided about each risk class: ``allow``,
        ``confirm``, ``approve`` or ``deny``.
    :param operator: whom to ask about this server.
    :param sends: says whether the operator permits sending at this time.
    """

    name: str
    version: str
    mode: str = "live"
    decisions: Mapping[str, str] = field(factory=dict)
    operator: str = ""
    sends: Callable[[], bool] = always

    def rules(self, level: Level) -> JsonObject:
        """Return what happens with changes, and whether sending is on, in few words.

        :param level: classes that it does not permit at all are left out.
        """
        possible = {risk.value for risk in risks_of(level)}
        if level is not Level.READ_ONLY:
            possible.add("writes")
        said: dict[str, Json] = {
            decision: [
                risk
                for risk, what in self.decisions.items()
                if what == decision and risk in possible
            ]
            for decision in ("confirm", "approve", "deny")
        }
        rules = {decision: risks for decision, risks in said.items() if risks}
        return {"changes": rules, "sending": "on" if self.sends() else "off"}


class IWriteGuard(Interface):
    """Sends writes to Instantly, after everything that an operator demands of them."""

    def write(
        context: FeatureContext, operation: Operation, arguments: JsonObject, call: Call
    ) -> Deferred[Json]:
        """Execute an operation that does not only read.

        :raises CallRefusedError: when it is refused; nothing was sent.
        :raises ApiError: when Instantly refuses it.
        """

    def agree(
        context: FeatureContext,
        operation: Operation,
        arguments: JsonObject,
        call: Call,
        also: Sequence[str] = (),
    ) -> Deferred[None]:
        """Obtain the consent that a write needs, without sending it yet.

        For a tool that notes something before it writes, and must not do so for a write
        that is refused; and for one that does its work with two operations.

        :param also: the ids of operations that are covered, if they have no class that
            this one has not. The arguments of the tool must say what they do, because
            the preview shows only those.
        :raises CallRefusedError: when it is refused.
        """


@define(eq=False, kw_only=True)
class FeatureContext:
    """The objects that all tools, resources and prompts use.

    :param guard: the way of all writes.
    :param seal: seals what clients hold for the server, such as cursors.
    :param clock: the reactor; times the waits between two status calls.
    :param wall: returns the seconds since the epoch, for the calendar.
    :param rights_now: limits rights to what the token behind them permits now; returns
        ``None`` when it has ended.
    :param toolsets: the names of the selected toolsets.
    :param listed_tools: returns the tools that a caller with some rights sees.
    :param warn_only: the checks before a start that warn when they fail.
    :param on_read: called with principal, workspace key and tool when a tool has read
        something, and changed nothing.
    :param workspaces: knows the workspaces between which callers choose.
    :param job_changes: the last known status of background jobs.
    :param created_leads: the ids that create_lead returned before.
    :param verifications: the lists whose verification began a moment ago.
    :param timezones: maps sending windows to zones that Instantly supports.
    :param send_once: the replies sent in the last ten minutes.
    :param names: which ids the names of the workspace stand for.
    """

    instantly: IInstantly
    guard: IWriteGuard
    seal: ITokenSealer
    clock: IReactorTime
    facts: ServerFacts
    toolsets: tuple[str, ...] = ()
    listed_tools: Callable[[Rights], Sequence[Tool]] = _no_tools
    warn_only: frozenset[str] = frozenset()
    wall: Callable[[], float] = time.time
    rights_now: Callable[[Rights], Rights | None] = as_they_are
    on_read: Callable[[str, str, str], object] = noop
    workspaces: IWorkspaceChoice = field(factory=NoWorkspaces)
    job_changes: JobChangeTracker = field(factory=JobChangeTracker)
    created_leads: RecentIds = field(factory=RecentIds)
    verifications: RecentStarts = field(init=False)
    timezones: TimezoneMap = field(init=False)
    send_once: SendOnce = field(init=False)
    names: NameCache = field(init=False)

    @verifications.default
    def _make_verifications(self) -> RecentStarts:
        return RecentStarts(self.clock)

    @timezones.default
    def _make_timezones(self) -> TimezoneMap:
        return TimezoneMap(self.today)

    @send_once.default
    def _make_send_once(self) -> SendOnce:
        return SendOnce(self.clock)

    @names.default
    def _make_names(self) -> NameCache:
        return NameCache(self._read_names, self.clock)

    async def _read_names(
        self, operation_id: str, arguments: JsonObject, call: Call
    ) -> JsonObject:
        reply = await self.look_up(operation_id, arguments, call)
        return _required_object(reply, operation_id)

    def today(self) -> date:
        """Return the current date in UTC."""
        return datetime.fromtimestamp(self.wall(), UTC).date()

    def execute(
        self, operation_id: str, arguments: JsonObject, call: Call
    ) -> Deferred[Json]:
        """Execute an operation of the catalog with the caller's credential.

        When it succeeds it is noted in ``call.steps``.

        :raises CallRefusedError: (fails with it) when a write is refused, or when the
            caller's token has ended.
        """
        running = self.look_up(operation_id, arguments, call)
        if call.steps is None:
            return running
        return running.addCallback(_noted, operation_id, call.steps)

    def look_up(
        self, operation_id: str, arguments: JsonObject, call: Call
    ) -> Deferred[Json]:
        """Execute an operation that is not a step of the caller's work."""
        operation = BY_ID[operation_id]
        if not operation.effect.read_only:
            return self.guard.write(self, operation, arguments, call)
        return self.send(
            operation, arguments, grant_to_read(operation, call.credential), call
        )

    def rights_of(self, call: Call) -> Rights:
        """Return what the caller may do now.

        That may be less than when the call began: a task can go on for hours.

        :raises CallRefusedError: when its connection token has ended.
        """
        rights = self.rights_now(call.caller.rights)
        if rights is None:
            raise CallRefusedError(
                "not_allowed",
                "The connection token of this call has been revoked or has expired. "
                "Nothing more is done for it.",
                "Tell the user to ask the operator of this server for another one.",
            )
        return rights

    def send(
        self, operation: Operation, arguments: JsonObject, grant: Grant, call: Call
    ) -> Deferred[Json]:
        """Execute an operation for which there is a grant: a read, or a guarded write.

        This is the last moment before the request: a token may have ended while the
        call waited, for example for a rail.

        :raises CallRefusedError: (fails with it) when the caller's token has ended.
        """
        try:
            self.rights_of(call)
        except CallRefusedError as refused:
            return fail(refused)
        traceparent = None if call.trace is None else call.trace.traceparent
        return self.instantly.execute(
            operation, arguments, grant, traceparent, self.deadline(call)
        )

    def agree(
        self,
        operation_id: str,
        arguments: JsonObject,
        call: Call,
        also: Sequence[str] = (),
    ) -> Deferred[None]:
        """Obtain the consent that a write needs; see `IWriteGuard.agree`."""
        return self.guard.agree(self, BY_ID[operation_id], arguments, call, also)

    def collect(
        self, operation_id: str, arguments: JsonObject, call: Call
    ) -> Deferred[Json] | None:
        """Return the result of an equal write whose caller left before it finished.

        It sends nothing. ``None`` means that there is no such write.
        """
        operation = BY_ID[operation_id]
        return self.instantly.collect(operation, arguments, call.credential)

    def deadline(self, call: Call) -> float | None:
        """Return the deadline of a call in clock seconds, set on first use.

        ``None`` means no deadline: no client waits for a task, so each of its calls
        has the time that it needs.
        """
        if call.set_task_message is not None:
            return None
        if call.until is None:
            with_progress = call.progress_token is not None
            seconds = WITH_PROGRESS_SECONDS if with_progress else SILENT_SECONDS
            call.until = self.clock.seconds() + seconds
        return call.until

    def wait_seconds(self, call: Call, longest: float) -> float:
        """Return how many seconds a call may still wait, at most `longest`."""
        deadline = self.deadline(call)
        if deadline is None:
            return longest
        left = deadline - self.clock.seconds() - RESERVE_SECONDS
        return max(0.0, min(longest, left))

    async def fetch(
        self, operation_id: str, arguments: JsonObject, call: Call
    ) -> JsonObject:
        """Execute an operation and return its reply, which must be a JSON object.

        :raises ApiError: when it fails, or the reply is not an object.
        :raises CallRefusedError: as `execute` does.
        """
        reply = await self.execute(operation_id, arguments, call)
        return _required_object(reply, operation_id)

    def pause(self, seconds: float) -> Deferred[None]:
        """Return a Deferred that fires after `seconds`; cancelling stops the timer."""
        return deferLater(self.clock, seconds, lambda: None)
