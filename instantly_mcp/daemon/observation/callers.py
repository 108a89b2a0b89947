"""Remembers which MCP clients this server has seen, each for its own caller.

A caller sees what was sent with its own credential only: the page that shows it must
not tell one caller which programs the others use.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from attrs import define, field

from ...pipeline.client import UNNAMED
from ...web.http.access_log import AccessRecord
from ...web.interfaces import SeenClient

MAX_CALLERS = 1000
"""Callers that are remembered; the one that was idle for longest is forgotten."""


@define(eq=False)
class _Caller:
    client: str
    first_at: float
    last_at: float
    requests: int = 0
    error: str = ""
    error_at: float = 0.0


@define(eq=False)
class Callers:
    """The last client of each caller.

    :param wall: returns seconds since the epoch.
    :ivar redact: removes secrets from a text, as in the log: a client may state one as
        its name.
    """

    wall: Callable[[], float]
    redact: Callable[[str], str] = field(default=str, init=False)
    _callers: OrderedDict[str, _Caller] = field(factory=OrderedDict, init=False)

    def ended(self, record: AccessRecord, status: int) -> None:
        """Note an HTTP request that has ended; see `AccessLog.on_ended`."""
        if record.client is UNNAMED or record.method != "POST":
            return
        now, caller = self.wall(), _caller_of(record.principal)
        found = self._callers.get(caller)
        if found is None:
            found = self._callers[caller] = _Caller(record.client, now, now)
            if len(self._callers) > MAX_CALLERS:
                self._callers.popitem(last=False)
        else:
            self._callers.move_to_end(caller)
        if found.client != record.client:
            found.client, found.first_at, found.requests = record.client, now, 0
            found.error = ""
        found.last_at = now
        found.requests += 1
        if status >= 400:
            found.error, found.error_at = f"HTTP {status}", now

    def failed(self, principal: str, error: str) -> None:
        """Note that a call of a caller was answered with an error.

        :param error: its code, such as ``JSON-RPC -32602``.
        """
        found = self._callers.get(_caller_of(principal))
        if found is not None:
            found.error, found.error_at = error, self.wall()

    def last(self, principal: str | None = None) -> SeenClient | None:
        """Return the last client of a caller, or that of all callers."""
        if principal is not None:
            caller: str | None = _caller_of(principal)
        else:
            caller = next(reversed(self._callers), None)
        found = None if caller is None else self._callers.get(caller)
        if found is None:
            return None
        return SeenClient(
            client=self.redact(found.client),
            first_at=found.first_at,
            last_at=found.last_at,
            requests=found.requests,
            error=found.error,
            error_at=found.error_at if found.error else None,
        )


def _caller_of(principal: str) -> str:
    """Return the caller: with a connection token, the same in all workspaces."""
    return principal.partition("/")[0]
