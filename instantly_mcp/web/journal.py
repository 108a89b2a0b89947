"""The request log: one line for each request, without a secret in it.

It shows the route template, never the path, the query or a header. What a client says
of itself is shown as `client_of` has it.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from .._credential import ANONYMOUS, SHOWN
from .._log import Line
from ..pipeline.client import UNNAMED, client_of
from ..pipeline.exchange import Exchange
from .interfaces import Gauge

NO_ROUTE = "(none)"
"""The template of a request that matched no route."""

REFUSED = "(refused)"
"""The template of a request that was refused before it was routed."""

GONE = 499
"""The status in the log of a request whose client left before the answer."""

_FORMAT = (
    "{method} {route} {status} {milliseconds:.1f} ms"
    " principal={principal} source={source} client={client} exchange={exchange_id}"
)
_MORE = {"address": " address={address}", "reason": " reason={reason}"}
_LOGGERS = {
    False: f"{__name__}.Journal",
    # Written at a limited rate: see `instantly_mcp.daemon.log_limits`.
    True: f"{__name__}.Refused",
}
_LINES = {
    (refused, address, reason): Line(
        logger,
        _FORMAT + _MORE["address"] * address + _MORE["reason"] * reason,
    )
    for refused, logger in _LOGGERS.items()
    for address in (False, True)
    for reason in (False, True)
}
"""By whether the request was refused unread, and by what its line shows besides."""


def _ignore(*_: object) -> None:
    """Count nothing."""


class Visit:
    """What the log will say about a request. Filled in on the way."""

    __slots__ = (
        "address",
        "client",
        "id",
        "method",
        "principal",
        "reason",
        "route",
        "source",
        "started",
    )

    def __init__(self, route: str, method: str, started: float) -> None:
        self.route = route
        self.method = method
        self.started = started
        self.id = ""
        self.principal = ANONYMOUS
        self.source = "-"
        self.client = UNNAMED
        self.address = UNNAMED
        self.reason = ""


@define(eq=False)
class Journal:
    """Writes the line, and tells the metrics.

    :param gauge: told of every finished request.
    :param enabled: write lines at all; metrics are told anyway.
    :param found: told of each request's credential, by where it was found.
    :param refused: told of each request that was refused for its key or session: the
        status and the reason.
    :param addresses: lines show the callers' addresses.
    """

    gauge: Gauge
    enabled: bool = True
    found: Callable[[str], object] = _ignore
    refused: Callable[[int, str], object] = _ignore
    addresses: bool = False
    _open: dict[str, Visit] = field(factory=dict, init=False)

    def opened(self, visit: Visit) -> None:
        """An exchange begins; `identified` may name its caller until it ends."""
        self._open[visit.id] = visit

    def identified(self, exchange: Exchange) -> None:
        """The pipeline knows who called."""
        visit = self._open.get(exchange.id)
        if visit is not None and exchange.credential is not None:
            visit.principal = exchange.credential.principal
            visit.source = exchange.credential.source
            self.found(visit.source)

    def decoded(self, exchange: Exchange) -> None:
        """The pipeline knows what was asked, and so which client asks."""
        if self.enabled:
            visit = self._open.get(exchange.id)
            if visit is not None:
                visit.client = client_of(exchange)

    def ended(self, visit: Visit, status: int, now: float) -> None:
        """Write the line of a request that is over."""
        self._open.pop(visit.id, None)
        seconds = now - visit.started
        self.gauge.exchange(visit.route, status, seconds)
        reason = visit.reason
        if reason:
            self.refused(status, reason)
        if self.enabled:
            more = {"address": visit.address} if self.addresses else {}
            if reason:
                more["reason"] = reason
            _LINES[visit.route is REFUSED, self.addresses, reason != ""].write(
                method=visit.method if visit.method in _METHODS else "(other)",
                route=visit.route,
                status=status,
                milliseconds=round(seconds * 1000, 3),
                principal=visit.principal[:SHOWN],
                source=visit.source,
                client=visit.client,
                exchange_id=visit.id,
                **more,
            )


_METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT")
)
