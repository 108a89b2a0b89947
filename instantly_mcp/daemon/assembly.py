"""The composition root: the only place where the parts meet. Decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from attrs import frozen
from twisted.internet.interfaces import IReactorTime

from .. import __version__
from .._json import JsonObject
from ..features.bench import ServerFacts
from ..features.selection import Selection
from ..features.tools import build_toolbox
from ..pipeline.admission import Admission
from ..pipeline.answering import Answering
from ..pipeline.authentication import (
    ONLY_ON_MESSAGES,
    SESSION_SPEAKS_ON,
    Authentication,
)
from ..pipeline.credential_sources import CredentialSources
from ..pipeline.decode import Decode
from ..pipeline.direct import DirectExecution
from ..pipeline.dispatch import TransportDispatch
from ..pipeline.header_repair import HeaderRepair
from ..pipeline.interfaces import ITransport
from ..pipeline.origins import Perimeter
from ..pipeline.pipeline import Pipeline
from ..protocol.offer import Offer, ServerInfo
from ..state.ledger import MemoryLedger
from ..state.sessions import (
    SWEEP_SECONDS,
    MemorySessionStore,
    SessionLimits,
    make_session_store,
)
from ..transports.legacy_sse import LegacySse
from ..transports.streamable import StreamableHttp
from ..web import pages
from ..web.app import make_site, make_web_app
from ..web.delivery import Streams
from ..web.journal import Journal as RequestLog
from ..web.limits import WebLimits
from ..web.site import McpSite
from .announcement import Announcement
from .draining import TrackedServer
from .gate import Gate, gatekeeper_of
from .in_flight import InFlight
from .journal import Journal
from .listening import ListenAddress
from .outward import Outward, reach_out
from .parts import Parts
from .perimeter import companion_of, perimeter_of
from .periodic import Periodic
from .ports import Ports
from .readiness import Readiness
from .reload import Reloader
from .sealing import Keeping, keep_state
from .service import DaemonService
from .settings import Settings
from .signals import Signals
from .status import Status
from .witness import Witnessed

NAME = "instantly-mcp"
KEEP_ALIVE_SECONDS = 15.0
WIDE_FACTOR = 20
"""One address may send so many times the limit of one caller, under any keys."""

INSTRUCTIONS = (
    "Manage cold-email campaigns in Instantly: campaigns, leads, sender accounts, mail "
    "and analytics. Lists come in pages: pass page.next_cursor on "
    "as starting_after. Activating a campaign and replying send real mail."
)
SANDBOX_INSTRUCTIONS = " This is a sandbox with invented data: nothing is ever sent."


def build(
    settings: Settings,
    reactor: Any,
    journal: Journal,
    *,
    out: TextIO | None,
    give_up: Callable[[Sequence[str]], None],
    wall: Callable[[], float] = time.time,
) -> DaemonService:
    """Put a daemon together. It does nothing until its service starts.

    :param reactor: the reactor, which is also the clock of everything.
    :param journal: what the daemon logs to; told of keys that a reload brings.
    :param out: where the block that tells people how to connect goes.
    :param give_up: told in one line a mistake why the daemon cannot start.
    :raises Mistakes: when a file that the settings name cannot be used.
    """
    core = _core(settings, reactor, wall)
    edge = _edge(settings, reactor, core, wall)
    announcement = Announcement(
        mode=settings.mode,
        ready_file=settings.ready_file,
        public_url=settings.public_url,
        needs_secret=settings.server_secret is not None and not settings.no_auth,
        brings_key=settings.api_key is None and not settings.sandbox,
        out=out if settings.log_format == "text" else None,
    )
    return DaemonService(
        reactor=reactor,
        clock=reactor,
        parts=_parts(settings, reactor, core, edge, journal),
        announcement=announcement,
        signals=Signals(reactor.callFromThread),
        observer=journal,
        give_up=give_up,
        warnings=settings.warnings,
    )


class Unmetered:
    """A gauge that nobody reads."""

    def exchange(self, route: str, status: int, seconds: float) -> None:
        """Measure nothing."""

    def credential(self, source: str) -> None:
        """Count nothing."""


@frozen(kw_only=True)
class Core:
    """MCP and everything behind it."""

    in_flight: InFlight
    outward: Outward
    keeping: Keeping
    sessions: MemorySessionStore
    offer: Offer
    server: TrackedServer


@frozen(kw_only=True)
class Edge:
    """HTTP, and the pipeline behind it."""

    gate: Gate
    streams: Streams
    ports: Ports
    site: McpSite
    readiness: Readiness


def _core(settings: Settings, clock: IReactorTime, wall: Callable[[], float]) -> Core:
    in_flight = InFlight()
    outward = reach_out(settings, clock, in_flight)
    keeping = keep_state(settings, wall)
    limits = SessionLimits(idle=settings.session_idle)
    offer = make_offer(settings, clock, outward, keeping, wall)
    return Core(
        in_flight=in_flight,
        outward=outward,
        keeping=keeping,
        sessions=make_session_store(
            keeping.seal, clock, wall, limits, keeping.state_dir
        ),
        offer=offer,
        server=TrackedServer(offer, tracker=in_flight),
    )


def make_offer(
    settings: Settings,
    clock: IReactorTime,
    outward: Outward,
    keeping: Keeping,
    wall: Callable[[], float],
) -> Offer:
    """Return what the server offers: the tools of the selected toolsets."""
    facts = ServerFacts(name=NAME, version=__version__, mode=settings.mode)
    selection = Selection.parse(",".join(settings.toolsets))
    info = ServerInfo(
        name=NAME,
        title="Instantly (sandbox)" if settings.sandbox else "Instantly",
        version=__version__,
        instructions=INSTRUCTIONS + SANDBOX_INSTRUCTIONS * settings.sandbox,
    )
    return Offer(
        info=info,
        toolbox=build_toolbox(outward.client, clock, facts, selection),
        seal=keeping.seal,
        clock=clock,
        wall_clock=wall,
    )


def _edge(
    settings: Settings, reactor: Any, core: Core, wall: Callable[[], float]
) -> Edge:
    limits = WebLimits(body=settings.max_body)
    streams, readiness = Streams(limits), Readiness()
    gate = Gate(gatekeeper_of(settings, settings.api_key, settings.server_secret))
    ports = Ports(
        reactor,
        [ListenAddress.parse(text) for text in settings.listen],
        settings.port_retries,
        companion_of(settings),
    )
    status = Status(
        settings=settings,
        offer=core.offer,
        readiness=readiness,
        sessions=core.sessions,
        streams=streams,
        instantly=core.outward.client,
        ports=ports,
    )
    perimeter = perimeter_of(settings)
    log = RequestLog(Unmetered())
    desk = _Desk(gate=gate, perimeter=perimeter, status=status, log=log, wall=wall)
    pipeline = _pipeline(settings, reactor, core, desk)
    app = make_web_app(
        pipeline=pipeline,
        status=status,
        guard=lambda headers, method: perimeter.refusal(headers),
        allowed_origin=perimeter.allows_origin,
        journal=log,
        streams=streams,
        wall=wall,
        trusted_proxies=settings.trusted_proxy,
        discovery_documents=settings.discovery_documents,
    )
    site = make_site(app, reactor, limits, wall)
    return Edge(gate=gate, streams=streams, ports=ports, site=site, readiness=readiness)


@frozen(kw_only=True)
class _Desk:
    """What the edge gives to the pipeline."""

    gate: Gate
    perimeter: Perimeter
    status: Status
    log: RequestLog
    wall: Callable[[], float]


def _pipeline(
    settings: Settings, clock: IReactorTime, core: Core, desk: _Desk
) -> Pipeline:
    """Return the journey of a request: the architecture in one tuple."""
    sources = CredentialSources(
        query=settings.key_in_query, session_id=settings.key_in_session_id
    )
    answering = Answering(core.server, clock, core.in_flight)
    admission = Admission(
        perimeter=desk.perimeter,
        ledger=MemoryLedger(settings.rate_limit, clock),
        wide_ledger=MemoryLedger(settings.rate_limit * WIDE_FACTOR, clock),
        wall=desk.wall,
        sources=sources,
    )
    authentication = Authentication(
        gatekeeper=desk.gate,
        sessions=core.sessions,
        clock=clock,
        sources=sources,
        anonymous=settings.anonymous == "discovery",
        session_speaks_on=(
            SESSION_SPEAKS_ON if settings.key_in_session else ONLY_ON_MESSAGES
        ),
    )

    def describe() -> JsonObject:
        return pages.endpoint_help(desk.status.facts(), desk.status.condition())

    stages = (
        admission,
        HeaderRepair(),
        Witnessed(authentication, desk.log.identified),
        Decode(),
        TransportDispatch(_transports(settings, core, answering)),
        DirectExecution(answering, describe),
    )
    return Pipeline(stages, clock)


def _transports(
    settings: Settings, core: Core, answering: Answering
) -> Sequence[ITransport]:
    streamable = StreamableHttp(
        answering=answering,
        sessions=core.sessions,
        changes=core.offer.changes,
        strict=settings.session_policy == "strict",
    )
    legacy_sse = LegacySse(
        server=core.server,
        sessions=core.sessions,
        changes=core.offer.changes,
        tracker=core.in_flight,
        clock=answering.clock,
    )
    return (streamable, legacy_sse)


def _parts(
    settings: Settings, clock: IReactorTime, core: Core, edge: Edge, journal: Journal
) -> Parts:
    site, streams = edge.site, edge.streams

    def refuse_new() -> None:
        site.drain()
        core.offer.changes.close()

    def close_streams() -> None:
        streams.end_all()
        core.sessions.release()

    return Parts(
        ports=edge.ports,
        factory=site,
        readiness=edge.readiness,
        in_flight=core.in_flight,
        timers=(
            Periodic(clock, KEEP_ALIVE_SECONDS, streams.keep_alive, "keep-alive"),
            Periodic(clock, SWEEP_SECONDS, core.sessions.sweep, "session sweep"),
        ),
        refuse_new=refuse_new,
        close_streams=close_streams,
        close_connections=site.when_empty,
        cut_connections=site.abort,
        close_upstream=core.outward.close,
        reload=Reloader(settings, edge.gate, core.keeping, journal),
    )
