"""Builds the web application, and the site that serves it on a port."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import uuid4

from twisted.internet.interfaces import IReactorTime
from twisted.web.resource import IResource

from ..pipeline.visitors import every_caller_is_known
from .answering import Answering
from .app import WebApp
from .cors import Cors
from .delivery import Delivery, Streams
from .http.access_log import AccessLog
from .http.limits import WebLimits
from .http.site import McpSite
from .intake import Intake, TrustedProxies
from .interfaces import (
    AllowedOrigin,
    Guard,
    ISandboxView,
    IsLocal,
    IStatus,
    PipelineRunner,
    Recognize,
)
from .pages.report import Report
from .pages.site_pages import LastClient, SitePages, no_client
from .probes import Probes
from .site_app import SiteApp
from .stream_check import StreamCheck


def make_web_app(
    *,
    pipeline: PipelineRunner,
    status: IStatus,
    guard: Guard,
    allowed_origin: AllowedOrigin,
    access_log: AccessLog,
    streams: Streams,
    wall: Callable[[], float],
    clock: IReactorTime,
    last_client: LastClient = no_client,
    report: Callable[[], Report] | None = None,
    trusted_proxies: Sequence[str] = (),
    discovery_documents: bool = False,
    sandbox_view: ISandboxView | None = None,
    is_local: IsLocal | None = None,
    visitors: Recognize = every_caller_is_known,
) -> WebApp:
    """Build the web application.

    :param pipeline: answers requests on MCP routes.
    :param guard: checks Origin and Host on the other routes.
    :param access_log: shared with the pipeline, which names the callers.
    :param streams: the open event streams, shared with the timer that keeps them alive.
    :param wall: returns seconds since the epoch, for timestamps that people read.
    :param clock: the reactor.
    :param last_client: see `SitePages`, as for `report`.
    :param trusted_proxies: see `TrustedProxies`.
    :param discovery_documents: see `Probes`.
    :param sandbox_view: the view of the sandbox, if the daemon runs one.
    :param is_local: see `Intake`.
    :raises ValueError: for a trusted proxy that is not an address, network or ``unix``.
    """
    answering = Answering(
        status=status,
        guard=guard,
        cors=Cors(allowed_origin),
        intake=Intake(TrustedProxies(trusted_proxies), uuid4().hex[:6], is_local),
        delivery=Delivery(streams),
        access_log=access_log,
        visitors=visitors,
    )
    site = SiteApp(
        answering=answering,
        probes=Probes(status, wall, discovery_documents, sandbox_view),
        pages=SitePages(
            status=status, wall=wall, last_client=last_client, report=report
        ),
        stream_check=StreamCheck(clock, wall, lambda: status.condition().draining),
    )
    return WebApp(pipeline=pipeline, answering=answering, site=site)


def make_site(
    app: WebApp,
    clock: IReactorTime,
    limits: WebLimits,
    wall: Callable[[], float],
    prefix: str = "",
    *,
    root: IResource | None = None,
) -> McpSite:
    """Return the protocol factory for the daemon's HTTP ports.

    :param clock: the reactor.
    :param wall: returns seconds since the epoch, for the ``Date`` header.
    :param prefix: see `McpSite`.
    :param root: answers all requests in place of the application, which it contains.
    """
    return McpSite(
        app.app.resource() if root is None else root,
        clock,
        app.answering.access_log,
        limits,
        wall,
        cors_headers=app.answering.cors.headers,
        prefix=prefix,
    )
