"""Builds the objects that the pipeline and the web application share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen
from twisted.internet.interfaces import IAddress

from ..pipeline.credential_sources import CredentialSources
from ..pipeline.origins import Perimeter
from ..protocol.interfaces import IHeaders
from ..protocol.wire.errors import ProtocolError
from ..web.delivery import Streams
from ..web.http.access_log import AccessLog
from ..web.http.limits import WebLimits
from ..web.metrics_app import make_metrics_site
from .mcp import Core
from .origin_policy import companion_of, perimeter_of
from .process.components import Door
from .process.readiness import Readiness
from .reloadable_gatekeeper import Gate
from .settings.endpoints import ListenAddress
from .settings.settings import Settings
from .sockets.port_owner import holder_of
from .sockets.ports import Ports
from .status import Status

KEEP_ALIVE_SECONDS = 15.0
"""How often each open stream gets a comment, so that proxies keep it open."""

KEEP_ALIVE_TURNS = 30
"""Number of batches in a keep-alive interval; each batch serves a part of the streams.

Writing to all streams at once would block the reactor.
"""


@frozen(kw_only=True)
class Front:
    """The objects that the pipeline and the web application share.

    :param wall: returns the time in seconds since the epoch.
    """

    gate: Gate
    sources: CredentialSources
    perimeter: Perimeter
    ports: Ports
    readiness: Readiness
    streams: Streams
    status: Status
    log: AccessLog
    limits: WebLimits
    wall: Callable[[], float]

    def guard(self, headers: IHeaders, here: IAddress) -> ProtocolError | None:
        """Check the Origin and Host headers of a request outside the pipeline.

        :param here: the server's end of the connection.
        :returns: why the request is refused, or ``None``.
        """
        return self.perimeter.refusal(headers, local=self.ports.is_local(here))


def make_front(
    settings: Settings, reactor: Any, core: Core, wall: Callable[[], float]
) -> Front:
    """Build the shared objects; opens no socket.

    :param wall: returns the time in seconds since the epoch.
    """
    limits = WebLimits(body=settings.max_body, connections=settings.max_connections)
    streams, readiness = Streams(limits, KEEP_ALIVE_TURNS), Readiness()
    ports = Ports(
        reactor,
        [ListenAddress.parse(text) for text in settings.listen],
        settings.port_retries,
        companion_of(settings),
        holder_of,
        setting="--port" if settings.listens_on_port else "listen",
    )
    status = Status(
        settings=settings,
        server_features=core.server_features,
        readiness=readiness,
        sessions=core.sessions,
        streams=streams,
        instantly=core.outward.client,
        ports=ports,
    )
    return Front(
        gate=Gate(settings),
        sources=CredentialSources(
            query=settings.key_in_query,
            session_id=settings.key_in_session_id,
            sandbox=settings.may_be_sandbox,
        ),
        perimeter=perimeter_of(settings),
        ports=ports,
        readiness=readiness,
        streams=streams,
        status=status,
        log=AccessLog(
            core.metrics,
            found=core.metrics.credential,
            refused=core.metrics.refused,
            addresses=settings.log_clients,
        ),
        limits=limits,
        wall=wall,
    )


def metrics_doors(
    settings: Settings, reactor: Any, core: Core, front: Front
) -> tuple[Door, ...]:
    """Return the listener of ``GET /metrics``, if ``metrics_listen`` is set."""
    if not settings.metrics_listen:
        return ()
    metrics = core.metrics
    for name, text, read in (
        ("sessions", "Sessions held", lambda: core.sessions.count),
        ("streams", "Event streams open", lambda: front.streams.count),
        ("in_flight", "Calls in flight", lambda: core.in_flight.count),
        (
            "upstream_calls",
            "Calls to Instantly on the wire",
            lambda: core.outward.client.concurrency.in_use,
        ),
        (
            "upstream_waiting",
            "Calls to Instantly that wait for a turn or a connection",
            lambda: core.outward.client.concurrency.waiting,
        ),
    ):
        metrics.watch(name, text, read)
    addresses = [ListenAddress.parse(text) for text in settings.metrics_listen]
    ports = Ports(reactor, addresses, holder=holder_of, setting="metrics_listen")

    def guard(headers: IHeaders, here: IAddress) -> ProtocolError | None:
        return front.perimeter.refusal(headers, local=ports.is_local(here))

    site = make_metrics_site(
        metrics=metrics,
        guard=guard,
        clock=reactor,
        access_log=AccessLog(metrics, enabled=False),
        limits=front.limits,
        wall=front.wall,
    )
    return (Door(ports, site),)
