"""The access log: one line for each request, without secrets.

A line shows the route template, never the path, the query or a header. The client's
name is shown in the form that `client_of` returns.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import compress, product
from typing import Protocol

from attrs import define, field

from ..._credential import ANONYMOUS, SHOWN_CHARACTERS
from ..._log import Line
from ..._noop import noop
from ...pipeline.client import UNNAMED, client_of
from ...pipeline.exchange import Exchange

NO_ROUTE = "(none)"
"""The template of a request that matched no route."""

REFUSED = "(refused)"
"""The template of a request that was refused before it was routed."""

UNLOGGED = "/favicon.ico"
"""The template of a request that browsers send by themselves: it has no line."""

CLIENT_LEFT_STATUS = 499
"""The logged status of a request whose client left before the answer (as in nginx)."""

_FORMAT = (
    "{method} {route} {status} {milliseconds:.1f} ms"
    " principal={principal} source={source} client={client} exchange={exchange_id}"
)
_MORE = {
    "address": " address={address}",
    "token": " token={token}",
    "reason": " reason={reason}",
}
"""Members of some lines. ``token`` is the operator's name for a connection token."""

REFUSED_LOGGER = f"{__name__}.Refused"
"""The logger of refused requests. The daemon limits the rate of its lines."""

_LOGGERS = {False: f"{__name__}.AccessLog", True: REFUSED_LOGGER}
_LINES = {
    (refused, *shown): Line(logger, _FORMAT + "".join(compress(_MORE.values(), shown)))
    for refused, logger in _LOGGERS.items()
    for shown in product((False, True), repeat=len(_MORE))
}
"""The lines by whether the request was refused before routing, and by which members of
`_MORE` they have."""


class RequestMetrics(Protocol):
    """Measures finished requests."""

    def exchange(self, route: str, status: int, seconds: float) -> None:
        """Count a request on `route` (a template) that took `seconds`."""


class AccessRecord:
    """The log's record of one request, filled in while the request is handled."""

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
        "token",
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
        self.token = ""


@define(eq=False)
class AccessLog:
    """Writes the access log and updates the metrics.

    :param metrics: measures every finished request.
    :param enabled: write lines; metrics are updated in any case.
    :param on_credential: called with the source of each request's credential.
    :param on_refused: called with status and reason of each request that was refused
        for its key or session.
    :param addresses: lines show the callers' addresses.
    :param on_ended: called with each finished request and its status.
    """

    metrics: RequestMetrics
    enabled: bool = True
    on_credential: Callable[[str], object] = noop
    on_refused: Callable[[int, str], object] = noop
    addresses: bool = False
    on_ended: Callable[[AccessRecord, int], object] = noop
    _open: dict[str, AccessRecord] = field(factory=dict, init=False)

    def opened(self, record: AccessRecord) -> None:
        """Start the record of an exchange, which the other methods fill in."""
        self._open[record.id] = record

    def identified(self, exchange: Exchange) -> None:
        """Note the credential of an authenticated exchange."""
        record = self._open.get(exchange.id)
        if record is not None and exchange.credential is not None:
            record.principal = exchange.credential.principal
            record.source = exchange.credential.source
            record.token = exchange.credential.rights.token_name.replace(" ", "_")
            self.on_credential(record.source)

    def decoded(self, exchange: Exchange) -> None:
        """Note the client of a decoded exchange."""
        if self.enabled:
            record = self._open.get(exchange.id)
            if record is not None:
                record.client = client_of(exchange)

    def ended(self, record: AccessRecord, status: int, now: float) -> None:
        """Write the line of a finished request.

        :param now: seconds on the reactor's clock.
        """
        self._open.pop(record.id, None)
        seconds = now - record.started
        self.metrics.exchange(record.route, status, seconds)
        self.on_ended(record, status)
        reason = record.reason
        if reason:
            self.on_refused(status, reason)
        if self.enabled and record.route != UNLOGGED:
            more = {"address": record.address} if self.addresses else {}
            token = record.token
            if token:
                more["token"] = token
            if reason:
                more["reason"] = reason
            kind = (record.route is REFUSED, self.addresses, token != "", reason != "")
            _LINES[kind].write(
                method=record.method if record.method in _METHODS else "(other)",
                route=record.route,
                status=status,
                milliseconds=round(seconds * 1000, 3),
                principal=record.principal[:SHOWN_CHARACTERS],
                source=record.source,
                client=record.client,
                exchange_id=record.id,
                **more,
            )


_METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT")
)
