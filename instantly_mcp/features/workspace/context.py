"""What every tool works with: the client, the clock, the calendar, and who we are."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import TypeAlias

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from ..._json_codec import Json, JsonObject
from ...api.errors import ApiError, Reason
from ...api.interfaces import IInstantly
from ...catalog.index import BY_ID
from ...protocol.calls.call import Call
from .job_changes import JobSightings
from .send_once import Once
from .timezones import ZoneMap

Values: TypeAlias = Mapping[str, str]
"""What the variables of a URI template stand for in one URI."""

SILENT_SECONDS = 50.0
"""For all calls of Instantly together: hosts give up after 60 s of silence."""

WITH_PROGRESS_SECONDS = 120.0
"""The same for a client that hears of progress, and waits for longer."""

RESERVE_SECONDS = 5.0
"""Kept for one more look behind a wait."""


@frozen(kw_only=True)
class ServerFacts:
    """What the daemon tells about itself.

    :param mode: ``live`` or ``sandbox``.
    """

    name: str
    version: str
    mode: str = "live"


@define(eq=False, kw_only=True)
class Bench:
    """The collaborators of the tools.

    :param clock: waits between two looks at something slow.
    :param wall: seconds since the epoch, for the calendar.
    :param listed: the names of the tools on offer, filled in when all are built.
    :param sightings: what background jobs looked like.
    :param once: which mails were sent a moment ago.
    """

    instantly: IInstantly
    clock: IReactorTime
    facts: ServerFacts
    toolsets: tuple[str, ...] = ()
    wall: Callable[[], float] = time.time
    listed: tuple[str, ...] = ()
    sightings: JobSightings = field(factory=JobSightings)
    zones: ZoneMap = field(init=False)
    once: Once = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Give the time zones their calendar, and the mails their clock."""
        self.zones = ZoneMap(self.today)
        self.once = Once(self.clock)

    def today(self) -> date:
        """Return the day, in UTC, from which on time zones are compared."""
        return datetime.fromtimestamp(self.wall(), UTC).date()

    def execute(
        self, operation_id: str, arguments: JsonObject, call: Call
    ) -> Deferred[Json]:
        """Execute an operation of the catalog for the caller."""
        operation = BY_ID[operation_id]
        traceparent = None if call.trace is None else call.trace.traceparent
        return self.instantly.execute(
            operation, arguments, call.credential, traceparent, self.until(call)
        )

    def collect(
        self, operation_id: str, arguments: JsonObject, call: Call
    ) -> Deferred[Json] | None:
        """Return the outcome of the same write, if its caller left it; send nothing."""
        operation = BY_ID[operation_id]
        return self.instantly.collect(operation, arguments, call.credential)

    def until(self, call: Call) -> float | None:
        """Return the clock seconds until which a client waits, from its first call on.

        A task keeps nobody waiting: each of its calls has the time that it needs.
        """
        if call.set_task_message is not None:
            return None
        if call.until is None:
            hears_progress = call.progress_token is not None
            seconds = WITH_PROGRESS_SECONDS if hears_progress else SILENT_SECONDS
            call.until = self.clock.seconds() + seconds
        return call.until

    def patience(self, call: Call, longest: float) -> float:
        """Return how long a call may still wait for something, at most `longest`."""
        until = self.until(call)
        if until is None:
            return longest
        return max(0.0, min(longest, until - self.clock.seconds() - RESERVE_SECONDS))

    async def fetch(
        self, operation_id: str, arguments: JsonObject, call: Call
    ) -> JsonObject:
        """Execute an operation whose reply must be an object to go on with.

        :raises ApiError: also when the reply is something else.
        """
        reply = await self.execute(operation_id, arguments, call)
        if not isinstance(reply, dict):
            raise ApiError(
                reason=Reason.UNEXPECTED_REPLY,
                message="Instantly answered with something that is no object.",
                operation_id=operation_id,
            )
        return reply

    def pause(self, seconds: float) -> Deferred[None]:
        """Return a Deferred that fires after `seconds`; cancelling stops the timer."""
        return deferLater(self.clock, seconds, lambda: None)
