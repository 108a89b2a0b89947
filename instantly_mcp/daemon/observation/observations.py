"""The observers of one daemon, as one value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from attrs import field, frozen

from ...metrics.last_hour import LastHour
from ...web.http.access_log import AccessRecord
from .callers import Callers
from .upstream_calls import UpstreamCalls

_CODE = re.compile(r"IMCP-[A-Z]+")


class Clocks(Protocol):
    """Tells seconds that never go back."""

    def seconds(self) -> float:
        """Return them."""


@frozen
class Observations:
    """What the daemon remembers for its pages.

    :param clock: the reactor.
    :param wall: returns seconds since the epoch.
    """

    clock: Clocks
    wall: Callable[[], float]
    errors: LastHour = field(init=False)
    upstream: UpstreamCalls = field(init=False)
    callers: Callers = field(init=False)

    @errors.default
    def _new_errors(self) -> LastHour:
        return LastHour(self.clock.seconds)

    @upstream.default
    def _new_upstream(self) -> UpstreamCalls:
        return UpstreamCalls(self.wall, LastHour(self.clock.seconds))

    @callers.default
    def _new_callers(self) -> Callers:
        return Callers(self.wall)

    def request_ended(self, record: AccessRecord, status: int) -> None:
        """Note an HTTP request; see `AccessLog.on_ended`."""
        if status >= 400:
            self.errors.add(f"HTTP {status}")
        self.callers.ended(record, status)

    def call_failed(self, principal: str, code: str) -> None:
        """Note an MCP call that was answered with an error.

        :param code: such as ``JSON-RPC -32602``.
        """
        self.errors.add(code)
        self.callers.failed(principal, code)

    def logged(self, line: str) -> None:
        """Count the code in a line of the log that is a warning or worse."""
        found = _CODE.search(line)
        if found is not None:
            self.errors.add(found[0])
