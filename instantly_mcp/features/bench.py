"""What every tool works with: the client, the clock, the calendar, and who we are."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from .._json import Json, JsonObject
from ..api.errors import ApiError, Reason
from ..api.interfaces import IInstantly
from ..catalog.index import BY_ID
from ..protocol.call import Call
from .once import Once
from .sightings import JobSightings
from .zones import ZoneMap


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
            operation, arguments, call.credential, traceparent
        )

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
