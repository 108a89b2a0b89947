"""The composition root: creates the components of a daemon and connects them.

Each component decides for itself; this module only passes it what it needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TextIO

from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.logger import ILogObserver

from ..pipeline.pipeline import Pipeline
from ..pipeline.visitors import Visitors
from ..state.sessions import SWEEP_SECONDS
from ..state.token_buckets import TokenBuckets
from ..web.build import make_site, make_web_app
from ..web.delivery import Streams
from ..web.http.site import McpSite
from .access.workspace_keys import exposed_key_files
from .approval_pages import ApprovalSite, make_approval_site
from .control.services import administration
from .control.socket_service import unreachable
from .draining import RefuseNewWork
from .http import (
    KEEP_ALIVE_BATCHES,
    KEEP_ALIVE_SECONDS,
    HttpParts,
    make_http_parts,
    make_reporter,
    metrics_listeners,
)
from .logs.observer import LogObserver
from .mcp import McpParts, make_mcp_parts
from .origin_policy import listens_to_both
from .process.components import Announcer, Components, SocketListener
from .process.periodic import Periodic
from .process.service import DaemonService
from .process.signals import Signals
from .process.systemd_notify import Notifier
from .process.watchdog import measured_watchdog
from .reload import Reloader
from .request_stages import make_pipeline
from .sandbox.view import SandboxView, contents
from .settings.settings import Settings
from .sockets.inherited import unserved_sockets
from .startup.announcement import Announcements, announcement_for

HEAD_SECONDS = 3600.0
"""How often the head of the audit file is logged."""


def build(
    settings: Settings,
    reactor: Any,
    observer: LogObserver,
    *,
    out: TextIO | None,
    give_up: Callable[[Sequence[str]], None],
    also_announce: Sequence[Announcer] = (),
    app_observer: ILogObserver | None = None,
    wall: Callable[[], float] = time.time,
) -> DaemonService:
    """Build a daemon. It does nothing until its service starts.

    :param reactor: the reactor, which is also the clock of all components.
    :param observer: where the daemon logs; a reload gives it new keys to redact.
    :param out: where the text on how to connect is printed; ``None`` for nowhere.
    :param give_up: called with one line per error when the daemon cannot start.
    :param also_announce: notified that the daemon listens, just before systemd.
    :param app_observer: the log observer for an application that the service joins.
    :param wall: returns the time in seconds since the epoch.
    :raises ConfigurationError: when a file that the settings name cannot be used.
    """
    mcp = make_mcp_parts(
        settings, reactor, wall, lambda key: observer.redactor.learn([key])
    )
    _count_lost_lines(mcp, observer)
    observer.on_warning = mcp.observations.logged
    mcp.observations.callers.redact = observer.redactor
    http = make_http_parts(settings, reactor, mcp, wall)
    pipeline = make_pipeline(settings, reactor, mcp, http)
    approvals = make_approval_site(settings, reactor, mcp, http)
    site = _site(settings, reactor, mcp, http, pipeline, approvals=approvals)
    extra_listeners = metrics_listeners(settings, reactor, mcp, http)
    if approvals is not None:
        extra_listeners += approvals.listeners
        also_announce = (approvals, *also_announce)
    notifier = Notifier(settings.supervisor, lambda: mcp.in_flight.count)
    contains = partial(contents, mcp.upstream.sandbox)
    own = announcement_for(settings, out, mcp.tokens.required, contains)
    return DaemonService(
        reactor=reactor,
        clock=reactor,
        components=_components(
            reactor,
            mcp,
            http,
            site,
            pipeline,
            reload=Reloader(
                settings,
                http.gatekeeper,
                mcp.state,
                observer,
                (http.ports, *(listener.ports for listener in extra_listeners)),
                mcp.disconnect,
                mcp.books.workspaces.reload,
                mcp.books.sending.set,
            ),
            extra_listeners=extra_listeners,
            notifier=notifier,
        ),
        announcement=Announcements((own, *also_announce, notifier)),
        signals=Signals(reactor.callFromThread),
        observer=app_observer,
        give_up=give_up,
        warnings=warnings_of(settings, mcp),
    )


def warnings_of(settings: Settings, mcp: McpParts) -> Sequence[str]:
    """Return what the operator should look at, which does not prevent the start."""
    return (
        *settings.warnings,
        *exposed_key_files(mcp.books.workspaces),
        *unserved_sockets(settings.all_endpoints),
        *unreachable(mcp.state.path),
    )


def _site(
    settings: Settings,
    clock: IReactorTime,
    mcp: McpParts,
    http: HttpParts,
    pipeline: Pipeline,
    *,
    approvals: ApprovalSite | None,
) -> McpSite:
    sandbox = mcp.upstream.sandbox
    app = make_web_app(
        pipeline=pipeline,
        status=http.status,
        guard=http.guard,
        allowed_origin=http.origin_policy.allows_origin,
        access_log=http.access_log,
        streams=http.streams,
        wall=http.wall,
        clock=clock,
        last_client=mcp.observations.callers.last,
        report=make_reporter(mcp, http),
        trusted_proxies=settings.trusted_proxy,
        discovery_documents=settings.discovery_documents,
        sandbox_view=None if sandbox is None else SandboxView(sandbox),
        is_local=http.ports.is_local if listens_to_both(settings) else None,
        visitors=Visitors(
            gatekeeper=http.gatekeeper,
            sources=http.sources,
            address_limit=TokenBuckets(settings.rate_limit, clock),
        ),
    )
    root = None if approvals is None else approvals.beside(app.app.resource())
    site = make_site(
        app, clock, http.limits, http.wall, settings.public_path, root=root
    )
    site.noisy = False
    return site


def _components(
    reactor: Any,
    mcp: McpParts,
    http: HttpParts,
    site: McpSite,
    pipeline: Pipeline,
    *,
    reload: Reloader,
    extra_listeners: Sequence[SocketListener],
    notifier: Notifier,
) -> Components:
    streams, sessions = http.streams, mcp.sessions

    def give_up_upstream() -> None:
        mcp.server.log_open()
        mcp.upstream.client.under_way.stop()

    def close_streams() -> None:
        streams.end_all()
        sessions.release()

    return Components(
        ports=http.ports,
        factory=site,
        readiness=http.readiness,
        in_flight=mcp.in_flight,
        timers=(*_timers(reactor, mcp, streams), *notifier.timers(reactor)),
        refuse_new=partial(_drain, mcp, site, pipeline),
        may_bring_work=lambda: site.may_bring_work,
        give_up_upstream=give_up_upstream,
        give_up_calls=mcp.server.give_up,
        close_streams=close_streams,
        close_connections=site.when_empty,
        cut_connections=site.abort,
        close_upstream=mcp.upstream.close,
        open_state=partial(mcp.state.start, reactor),
        close_state=mcp.state.close,
        reload=notifier.announcing(reload),
        rotate_log=reload.rotate_log,
        extra_listeners=extra_listeners,
    )


def _timers(reactor: Any, mcp: McpParts, streams: Streams) -> Sequence[Service]:
    """Return the services that run as long as the daemon."""
    sweeps = {
        "session sweep": mcp.sessions.sweep,
        "stream sweep": mcp.retention.sweep,
        "task sweep": mcp.server_features.tasks.sweep,
    }
    keep_alive = KEEP_ALIVE_SECONDS / KEEP_ALIVE_BATCHES
    return (
        Periodic(reactor, keep_alive, streams.keep_alive, "keep-alive"),
        *(Periodic(reactor, SWEEP_SECONDS, work, at) for at, work in sweeps.items()),
        Periodic(reactor, HEAD_SECONDS, mcp.state.audit.log_head, "audit head"),
        measured_watchdog(mcp.metrics, reactor),
        *administration(reactor, mcp.state.path, mcp.books),
    )


def _drain(mcp: McpParts, site: McpSite, pipeline: Pipeline, refuses: bool) -> None:
    site.drain()
    if refuses:
        pipeline.insert(RefuseNewWork(), after="decode")
    mcp.upstream.client.under_way.drain()
    mcp.server_features.changes.close()


def _count_lost_lines(mcp: McpParts, observer: LogObserver) -> None:
    mcp.metrics.watch_total(
        "log_lines_dropped",
        "Log lines that could not be written",
        lambda: observer.file.dropped_total,
    )
