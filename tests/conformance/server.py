"""Puts the fixture's features behind the daemon's own pipeline and web application."""

from __future__ import annotations

import time
from typing import Any

from attrs import frozen
from zope.interface import implementer

from instantly_mcp.access.gatekeeper import Gatekeeper
from instantly_mcp.daemon.process.in_flight import InFlight
from instantly_mcp.pipeline.origins import OriginPolicy
from instantly_mcp.pipeline.pipeline import Pipeline
from instantly_mcp.pipeline.replies.execution import MessageExecutor
from instantly_mcp.pipeline.stages.admission import Admission
from instantly_mcp.pipeline.stages.authentication import Authentication
from instantly_mcp.pipeline.stages.decode import Decode
from instantly_mcp.pipeline.stages.direct import DirectExecution
from instantly_mcp.pipeline.stages.dispatch import TransportDispatch
from instantly_mcp.pipeline.stages.header_repair import HeaderRepair
from instantly_mcp.protocol.calls.subscriptions import PROMPTS, TOOLS
from instantly_mcp.protocol.primitives.registries import ToolRegistry
from instantly_mcp.protocol.server import McpServer
from instantly_mcp.protocol.server_features import ServerFeatures, ServerInfo
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS
from instantly_mcp.state.sessions import SessionLimits, make_session_store
from instantly_mcp.state.token_buckets import TokenBuckets
from instantly_mcp.transports.legacy_sse import LegacySse
from instantly_mcp.transports.streamable import StreamableHttp
from instantly_mcp.web.build import make_site, make_web_app
from instantly_mcp.web.delivery import Streams
from instantly_mcp.web.http.access_log import AccessLog
from instantly_mcp.web.http.limits import WebLimits
from instantly_mcp.web.http.site import McpSite
from instantly_mcp.web.interfaces import Condition, Facts, IStatus
from tests.support.seals import new_seal

from .asking_tools import asking_tools
from .contents import prompts, resources, skills
from .tools import change_tools, plain_tools

INFO = ServerInfo(
    name="instantly-mcp-conformance",
    title="Everything fixture",
    version="1.0.0",
    instructions="Everything that the conformance suite asks for.",
)


def make_server_features(clock: Any) -> ServerFeatures:
    """Return everything that the suite asks for."""
    tools, book, known = ToolRegistry(plain_tools(clock)), prompts(), skills()
    for each in (*asking_tools(clock), *change_tools(tools, book)):
        tools.add(each)
    server_features = ServerFeatures(
        info=INFO,
        tools=tools,
        resources=resources(known),
        prompts=book,
        skills=known,
        seal=new_seal(),
        clock=clock,
        wall_clock=time.time,
        changing=frozenset({TOOLS, PROMPTS}),
    )
    tools.on_change = lambda: server_features.changes.list_changed(TOOLS)
    book.on_change = lambda: server_features.changes.list_changed(PROMPTS)
    return server_features


@implementer(IStatus)
@frozen
class FixtureStatus:
    """The status of the fixture."""

    server_features: ServerFeatures

    def facts(self) -> Facts:
        """Return name, version and features."""
        return Facts(
            name=INFO.name,
            title=INFO.title,
            description="The everything-server of the conformance suite",
            version=INFO.version,
            mode="fixture",
            protocol_versions=tuple(ALL_REVISIONS),
            tool_count=len(self.server_features.tools.listed()),
            capabilities={},
            features=(),
            authentication=(),
        )

    def condition(self) -> Condition:
        """Return the current condition."""
        return Condition(ready=True, draining=False, sessions=0, streams=0, degraded={})


class NoMetrics:
    """Metrics that are not recorded."""

    def exchange(self, route: str, status: int, seconds: float) -> None:
        """Do nothing."""

    def credential(self, source: str) -> None:
        """Do nothing."""


def make_fixture(reactor: Any) -> tuple[McpSite, Streams]:
    """Return the factory to listen with, and its streams to keep alive."""
    server_features = make_server_features(reactor)
    in_flight, origin_policy = InFlight(), OriginPolicy()
    seal, limits = server_features.seal, SessionLimits()
    sessions = make_session_store(seal, reactor, time.time, limits, None)
    server = McpServer(server_features)
    executor = MessageExecutor(server, reactor, in_flight)
    unlimited = TokenBuckets(0, reactor)
    status, streams = FixtureStatus(server_features), Streams(WebLimits())
    stages = (
        Admission(
            origin_policy=origin_policy,
            key_limit=unlimited,
            address_limit=unlimited,
            wall=time.time,
        ),
        HeaderRepair(),
        Authentication(gatekeeper=Gatekeeper(), sessions=sessions, clock=reactor),
        Decode(),
        TransportDispatch(
            (
                StreamableHttp(
                    executor=executor,
                    sessions=sessions,
                    changes=server_features.changes,
                ),
                LegacySse(
                    server=server,
                    sessions=sessions,
                    changes=server_features.changes,
                    tracker=in_flight,
                    clock=reactor,
                ),
            )
        ),
        DirectExecution(executor, dict),
    )
    app = make_web_app(
        pipeline=Pipeline(stages, reactor),
        status=status,
        guard=lambda headers, here: origin_policy.refusal(headers),
        allowed_origin=origin_policy.allows_origin,
        access_log=AccessLog(NoMetrics(), enabled=False),
        streams=streams,
        wall=time.time,
        clock=reactor,
    )
    return make_site(app, reactor, WebLimits(), time.time), streams
