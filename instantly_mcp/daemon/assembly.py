"""The composition root: creates the components of a daemon and connects them.

Each component decides for itself; this module only passes it what it needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TextIO

from twisted.internet.interfaces import IReactorTime

from .._json_codec import JsonObject
from ..pipeline.admission import Admission
from ..pipeline.authentication import Authentication
from ..pipeline.decode import Decode
from ..pipeline.direct import DirectExecution
from ..pipeline.dispatch import TransportDispatch
from ..pipeline.execution import MessageExecutor
from ..pipeline.header_repair import HeaderRepair
from ..pipeline.interfaces import ITransport
from ..pipeline.observed import Witnessed
from ..pipeline.pipeline import Pipeline
from ..pipeline.retention import StreamLogs
from ..pipeline.visitors import Visitors
from ..state.sessions import SWEEP_SECONDS
from ..state.token_buckets import MemoryLedger
from ..transports.legacy_sse import LegacySse
from ..transports.streamable import StreamableHttp
from ..web import pages
from ..web.app import make_site, make_web_app
from ..web.http.site import McpSite
from .draining import RefuseNewWork
from .http import KEEP_ALIVE_SECONDS, KEEP_ALIVE_TURNS, Front, make_front, metrics_doors
from .logs.limits import limit_lines
from .logs.observer import Journal
from .mcp import Core, make_core
from .origin_policy import ProxyNoticed, listens_to_both
from .process.components import Announcing, Door, Parts
from .process.periodic import Periodic
from .process.service import DaemonService
from .process.signals import Signals
from .process.systemd_notify import Notifier
from .process.watchdog import Watch, Watchdog
from .reload import Reloader
from .settings.settings import Settings
from .sockets.inherited import unserved_sockets
from .startup.announcement import Announcement, Announcements
from .status import key_formats
from .upstream import SandboxView

WIDE_FACTOR = 20
"""The rate limit of one client address, in multiples of the limit of one caller.

One address may use many keys: a proxy, an office, or a client that invents keys.
"""


def build(
    settings: Settings,
    reactor: Any,
    journal: Journal,
    *,
    out: TextIO | None,
    give_up: Callable[[Sequence[str]], None],
    also_tell: Sequence[Announcing] = (),
    wall: Callable[[], float] = time.time,
) -> DaemonService:
    """Build a daemon. It does nothing until its service starts.

    :param reactor: the reactor, which is also the clock of all components.
    :param journal: where the daemon logs; a reload gives it new keys to redact.
    :param out: where the text on how to connect is printed; ``None`` for nowhere.
    :param give_up: called with one line per error when the daemon cannot start.
    :param also_tell: notified that the daemon listens, just before systemd.
    :param wall: returns the time in seconds since the epoch.
    :raises Mistakes: when a file that the settings name cannot be used.
    """
    core = make_core(settings, reactor, wall)
    _count_lost_lines(core, journal)
    front = make_front(settings, reactor, core, wall)
    pipeline = _pipeline(settings, reactor, core, front)
    site = _site(settings, reactor, core, front, pipeline)
    side_doors = metrics_doors(settings, reactor, core, front)
    notifier = Notifier(settings.supervisor, lambda: core.in_flight.count)
    return DaemonService(
        reactor=reactor,
        clock=reactor,
        parts=_parts(
            reactor,
            core,
            front,
            site,
            pipeline,
            reload=Reloader(
                settings,
                front.gate,
                core.keeping,
                journal,
                (front.ports, *(door.ports for door in side_doors)),
                core.disconnect,
            ),
            side_doors=side_doors,
            notifier=notifier,
        ),
        announcement=Announcements(
            (_announcement(settings, out), *also_tell, notifier)
        ),
        signals=Signals(reactor.callFromThread),
        observer=limit_lines(journal, reactor),
        give_up=give_up,
        warnings=(
            *settings.warnings,
            *unserved_sockets((*settings.listen, *settings.metrics_listen)),
        ),
    )


def _pipeline(
    settings: Settings, clock: IReactorTime, core: Core, front: Front
) -> Pipeline:
    """Return the pipeline: the tuple lists the stages of a request in order."""
    executor = MessageExecutor(core.server, clock, core.in_flight)
    admission = Admission(
        perimeter=front.perimeter,
        ledger=MemoryLedger(settings.rate_limit, clock),
        wide_ledger=MemoryLedger(settings.rate_limit * WIDE_FACTOR, clock),
        wall=front.wall,
        sources=front.sources,
    )
    authentication = Authentication(
        gatekeeper=front.gate,
        sessions=core.sessions,
        clock=clock,
        sources=front.sources,
        anonymous=settings.anonymous == "discovery",
        key_formats=key_formats(settings),
        tell_proxied=ProxyNoticed(),
        key_in_session=settings.key_in_session,
    )

    def describe() -> JsonObject:
        return pages.endpoint_help(front.status.facts(), front.status.condition())

    stages = (
        admission,
        HeaderRepair(),
        authentication,
        Witnessed(Decode(admission.charge), front.log.decoded, front.log.identified),
        TransportDispatch(_transports(settings, clock, core, executor)),
        DirectExecution(executor, describe),
    )
    return Pipeline(stages, clock, core.metrics.stage)


def _transports(
    settings: Settings, clock: IReactorTime, core: Core, executor: MessageExecutor
) -> Sequence[ITransport]:
    logs = StreamLogs(core.retention)
    streamable = StreamableHttp(
        executor=executor,
        sessions=core.sessions,
        changes=core.server_features.changes,
        strict=settings.session_policy == "strict",
        logs=logs,
    )
    legacy_sse = LegacySse(
        server=core.server,
        clock=clock,
        sessions=core.sessions,
        changes=core.server_features.changes,
        tracker=core.in_flight,
        logs=logs,
        prefix=settings.public_path,
    )
    return (streamable, legacy_sse)


def _site(
    settings: Settings,
    clock: IReactorTime,
    core: Core,
    front: Front,
    pipeline: Pipeline,
) -> McpSite:
    sandbox = core.outward.sandbox
    app = make_web_app(
        pipeline=pipeline,
        status=front.status,
        guard=front.guard,
        allowed_origin=front.perimeter.allows_origin,
        access_log=front.log,
        streams=front.streams,
        wall=front.wall,
        trusted_proxies=settings.trusted_proxy,
        discovery_documents=settings.discovery_documents,
        sandbox_view=None if sandbox is None else SandboxView(sandbox),
        is_local=front.ports.is_local if listens_to_both(settings) else None,
        visitors=Visitors(
            gatekeeper=front.gate,
            sources=front.sources,
            ledger=MemoryLedger(settings.rate_limit, clock),
        ),
    )
    site = make_site(app, clock, front.limits, front.wall, settings.public_path)
    site.noisy = False
    return site


def _parts(
    reactor: Any,
    core: Core,
    front: Front,
    site: McpSite,
    pipeline: Pipeline,
    *,
    reload: Reloader,
    side_doors: Sequence[Door],
    notifier: Notifier,
) -> Parts:
    streams, sessions = front.streams, core.sessions

    def give_up_upstream() -> None:
        core.server.log_open()
        core.outward.client.under_way.stop()

    def close_streams() -> None:
        streams.end_all()
        sessions.release()

    return Parts(
        ports=front.ports,
        factory=site,
        readiness=front.readiness,
        in_flight=core.in_flight,
        timers=(
            Periodic(
                reactor,
                KEEP_ALIVE_SECONDS / KEEP_ALIVE_TURNS,
                streams.keep_alive,
                "keep-alive",
            ),
            Periodic(reactor, SWEEP_SECONDS, sessions.sweep, "session sweep"),
            Periodic(reactor, SWEEP_SECONDS, core.retention.sweep, "stream sweep"),
            Periodic(
                reactor, SWEEP_SECONDS, core.server_features.tasks.sweep, "task sweep"
            ),
            _watchdog(core, reactor),
            *notifier.timers(reactor),
        ),
        refuse_new=partial(_drain, core, site, pipeline),
        may_bring_work=lambda: site.may_bring_work,
        give_up_upstream=give_up_upstream,
        give_up_calls=core.server.give_up,
        close_streams=close_streams,
        close_connections=site.when_empty,
        cut_connections=site.abort,
        close_upstream=core.outward.close,
        reload=notifier.around(reload),
        rotate_log=reload.rotate_log,
        side_doors=side_doors,
    )


def _drain(core: Core, site: McpSite, pipeline: Pipeline, refuses: bool) -> None:
    site.drain()
    if refuses:
        pipeline.insert(RefuseNewWork(), after="decode")
    core.outward.client.under_way.drain()
    core.server_features.changes.close()


def _count_lost_lines(core: Core, journal: Journal) -> None:
    core.metrics.watch_total(
        "log_lines_dropped",
        "Log lines that could not be written",
        lambda: journal.file.dropped_total,
    )


def _watchdog(core: Core, clock: IReactorTime) -> Watchdog:
    watch = Watch(clock.seconds)
    core.metrics.watch_total(
        "reactor_blocked",
        "Times that the reactor was blocked for more than 2 s",
        lambda: watch.count,
    )
    core.metrics.watch_total(
        "reactor_blocked_seconds",
        "Total seconds for which the reactor was blocked",
        lambda: watch.seconds,
    )
    return Watchdog(clock, watch)


def _announcement(settings: Settings, out: TextIO | None) -> Announcement:
    return Announcement(
        mode=settings.mode,
        ready_file=settings.ready_file,
        public_url=settings.public_url,
        upstream=(
            "your Instantly workspace"
            if settings.is_default("upstream")
            else settings.upstream
        ),
        needs_secret=settings.server_secret is not None and not settings.no_auth,
        brings_key=settings.api_key is None and not settings.sandbox,
        out=out if settings.log_format == "text" else None,
    )
