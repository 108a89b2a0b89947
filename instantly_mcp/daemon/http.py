"""Builds the objects that the pipeline and the web application share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from attrs import frozen
from twisted.internet.interfaces import IAddress

from ..pipeline.credential_sources import CredentialSources
from ..pipeline.origins import OriginPolicy
from ..protocol.interfaces import IHeaders
from ..protocol.wire.errors import ProtocolError
from ..web.delivery import Streams
from ..web.http.access_log import AccessLog
from ..web.http.limits import WebLimits
from ..web.metrics_app import make_metrics_site
from ..web.pages.report import Fact
from .access.reloadable_gatekeeper import ReloadableGatekeeper
from .audit.audit_log import AuditLog
from .mcp import McpParts
from .observation.report import Reporter
from .origin_policy import companion_of, origin_policy_for
from .process.components import SocketListener
from .process.readiness import Readiness
from .settings.settings import Settings
from .sockets.ports import Ports, make_ports
from .status import Status

KEEP_ALIVE_SECONDS = 15.0
"""How often each open stream gets a comment, so that proxies keep it open."""

KEEP_ALIVE_BATCHES = 30
"""Number of batches in a keep-alive interval; each batch serves a part of the streams.

Writing to all streams at once would block the reactor.
"""


@frozen(kw_only=True)
class HttpParts:
    """The objects that the pipeline and the web application share.

    :param wall: returns the time in seconds since the epoch.
    """

    gatekeeper: ReloadableGatekeeper
    sources: CredentialSources
    origin_policy: OriginPolicy
    ports: Ports
    readiness: Readiness
    streams: Streams
    status: Status
    access_log: AccessLog
    limits: WebLimits
    wall: Callable[[], float]

    def guard(self, headers: IHeaders, here: IAddress) -> ProtocolError | None:
        """Check the Origin and Host headers of a request outside the pipeline.

        :param here: the server's end of the connection.
        :returns: why the request is refused, or ``None``.
        """
        return self.origin_policy.refusal(headers, local=self.ports.is_local(here))


def make_http_parts(
    settings: Settings, reactor: Any, mcp: McpParts, wall: Callable[[], float]
) -> HttpParts:
    """Build the shared objects; opens no socket.

    :param wall: returns the time in seconds since the epoch.
    """
    limits = web_limits(settings)
    streams, readiness = Streams(limits, KEEP_ALIVE_BATCHES), Readiness()
    ports = make_ports(
        reactor,
        settings.listen,
        settings.listen_setting,
        retries=settings.port_retries,
        companion=companion_of(settings),
    )
    status = Status(
        settings=settings,
        server_features=mcp.server_features,
        readiness=readiness,
        sessions=mcp.sessions,
        streams=streams,
        instantly=mcp.upstream.client,
        ports=ports,
        tokens=mcp.tokens,
    )
    return HttpParts(
        gatekeeper=ReloadableGatekeeper(settings, mcp.tokens),
        sources=CredentialSources(
            query=settings.key_in_query,
            session_id=settings.key_in_session_id,
            sandbox=settings.may_be_sandbox,
        ),
        origin_policy=origin_policy_for(settings),
        ports=ports,
        readiness=readiness,
        streams=streams,
        status=status,
        access_log=AccessLog(
            mcp.metrics,
            on_credential=mcp.metrics.credential,
            on_refused=mcp.metrics.refused,
            addresses=settings.log_clients,
            on_ended=mcp.observations.request_ended,
        ),
        limits=limits,
        wall=wall,
    )


def web_limits(settings: Settings) -> WebLimits:
    """Return the limits of HTTP connections."""
    return WebLimits(body_bytes=settings.max_body, connections=settings.max_connections)


def metrics_listeners(
    settings: Settings, reactor: Any, mcp: McpParts, http: HttpParts
) -> tuple[SocketListener, ...]:
    """Return the listener of ``GET /metrics``, if ``metrics_listen`` is set."""
    if not settings.metrics_listen:
        return ()
    metrics = mcp.metrics
    for name, text, read in (
        ("sessions", "Sessions held", lambda: mcp.sessions.count),
        ("streams", "Event streams open", lambda: http.streams.count),
        ("in_flight", "Calls in flight", lambda: mcp.in_flight.count),
        (
            "upstream_calls",
            "Calls to Instantly on the wire",
            lambda: mcp.upstream.client.concurrency.in_use,
        ),
        (
            "upstream_waiting",
            "Calls to Instantly that wait for a turn or a connection",
            lambda: mcp.upstream.client.concurrency.waiting,
        ),
    ):
        metrics.watch(name, text, read)
    ports = make_ports(reactor, settings.metrics_listen, "metrics_listen")

    def guard(headers: IHeaders, here: IAddress) -> ProtocolError | None:
        return http.origin_policy.refusal(headers, local=ports.is_local(here))

    site = make_metrics_site(
        metrics=metrics,
        guard=guard,
        clock=reactor,
        access_log=AccessLog(metrics, enabled=False),
        limits=http.limits,
        wall=http.wall,
    )
    return (SocketListener(ports, site),)


def make_reporter(mcp: McpParts, http: HttpParts) -> Reporter:
    """Return what makes the report of the status page."""
    return Reporter(
        status=http.status,
        observed=mcp.observations,
        instantly=mcp.upstream.client,
        workspaces=mcp.books.workspaces,
        wall=http.wall,
        storage=partial(_storage, mcp),
    )


def _storage(mcp: McpParts) -> Sequence[Fact]:
    """Return facts about what outlives the process, and about sending."""
    state, audit = mcp.state, mcp.state.audit
    facts = [
        Fact(
            name="persistent",
            label="Sessions and audit",
            value=state.path is not None,
            shown="in memory only" if state.path is None else "in the state directory",
            kind="" if state.path is None else "well",
        ),
    ]
    if isinstance(audit, AuditLog):
        late = len(audit.late)
        facts += [
            Fact(name="auditHead", label="Audit, last line", value=audit.file.head.seq),
            Fact(
                name="auditLate",
                label="Audit lines not written yet",
                value=late,
                kind="bad" if late else "",
            ),
        ]
    troubled = [each for each in mcp.books.workspaces.listed() if each.trouble]
    if troubled:
        names = ", ".join(each.entry.alias for each in troubled)
        facts.append(
            Fact(
                name="workspacesInTrouble",
                label="Workspaces whose key cannot be read",
                value=[each.entry.alias for each in troubled],
                shown=names,
                kind="bad",
            )
        )
    off = mcp.books.sending.is_off
    facts.append(
        Fact(
            name="sending",
            label="Sending",
            value="off" if off else "on",
            kind="warn" if off else "",
        )
    )
    return facts
