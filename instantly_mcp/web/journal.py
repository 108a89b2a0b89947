"""The request log: one line for each request, without a secret in it.

It shows the route template, never the path, the query or a header.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from .._credential import ANONYMOUS, SHOWN
from .._log import Line
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
    " principal={principal} source={source} exchange={exchange_id}"
)

_LINE = Line(f"{__name__}.Journal", _FORMAT)

_REFUSED_LINE = Line(f"{__name__}.Refused", _FORMAT)
"""Written at a limited rate: see `instantly_mcp.daemon.log_limits`."""


def _ignore(source: str) -> None:
    """Tell nobody."""


class Visit:
    """What the log will say about a request. Filled in on the way."""

    __slots__ = ("id", "method", "principal", "route", "source", "started")

    def __init__(self, route: str, method: str, started: float) -> None:
        self.route = route
        self.method = method
        self.started = started
        self.id = ""
        self.principal = ANONYMOUS
        self.source = "-"


@define(eq=False)
class Journal:
    """Writes the line, and tells the metrics.

    :param gauge: told of every finished request.
    :param enabled: write lines at all; metrics are told anyway.
    :param found: told of each request's credential, by where it was found.
    """

    gauge: Gauge
    enabled: bool = True
    found: Callable[[str], object] = _ignore
    _open: dict[str, Visit] = field(factory=dict, init=False)

    def opened(self, visit: Visit) -> None:
        """An exchange begins; `identified` may name its caller until it ends."""
        self._open[visit.id] = visit

    def identified(self, exchange: Exchange) -> None:
        """The pipeline knows who called: this is the exchange as it was at the end."""
        visit = self._open.get(exchange.id)
        if visit is not None and exchange.credential is not None:
            visit.principal = exchange.credential.principal
            visit.source = exchange.credential.source
            self.found(visit.source)

    def ended(self, visit: Visit, status: int, now: float) -> None:
        """Write the line of a request that is over."""
        self._open.pop(visit.id, None)
        seconds = now - visit.started
        self.gauge.exchange(visit.route, status, seconds)
        if self.enabled:
            line = _REFUSED_LINE if visit.route is REFUSED else _LINE
            line.write(
                method=visit.method if visit.method in _METHODS else "(other)",
                route=visit.route,
                status=status,
                milliseconds=round(seconds * 1000, 3),
                principal=visit.principal[:SHOWN],
                source=visit.source,
                exchange_id=visit.id,
            )


_METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT")
)
