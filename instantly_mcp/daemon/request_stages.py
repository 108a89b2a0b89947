"""Builds the pipeline: the stages of a request on the MCP routes."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.interfaces import IReactorTime

from .._json_codec import JsonObject
from ..pipeline.interfaces import ITransport
from ..pipeline.pipeline import Pipeline
from ..pipeline.replies.execution import MessageExecutor
from ..pipeline.replies.retention import StreamLogs
from ..pipeline.selection import Selector
from ..pipeline.stages.admission import Admission
from ..pipeline.stages.authentication import Authentication
from ..pipeline.stages.decode import Decode
from ..pipeline.stages.direct import DirectExecution
from ..pipeline.stages.dispatch import TransportDispatch
from ..pipeline.stages.header_repair import HeaderRepair
from ..pipeline.stages.observed import ObservedStage
from ..state.token_buckets import TokenBuckets
from ..transports.legacy_sse import LegacySse
from ..transports.streamable import StreamableHttp
from ..web import documents
from .http import HttpParts
from .mcp import McpParts, tool_selection
from .origin_policy import ProxyReporter
from .sandbox.calls import recording
from .settings.settings import Settings
from .status import key_formats

ADDRESS_LIMIT_FACTOR = 20
"""The rate limit of one client address, in multiples of the limit of one caller.

One address may use many keys: a proxy, an office, or a client that invents keys.
"""


def make_pipeline(
    settings: Settings, clock: IReactorTime, mcp: McpParts, http: HttpParts
) -> Pipeline:
    """Return the pipeline: the tuple lists the stages of a request in order."""
    executor = MessageExecutor(mcp.server, clock, mcp.in_flight)
    admission = Admission(
        origin_policy=http.origin_policy,
        key_limit=TokenBuckets(settings.rate_limit, clock),
        address_limit=TokenBuckets(settings.rate_limit * ADDRESS_LIMIT_FACTOR, clock),
        wall=http.wall,
        sources=http.sources,
    )
    authentication = Authentication(
        gatekeeper=http.gatekeeper,
        sessions=mcp.sessions,
        clock=clock,
        sources=http.sources,
        anonymous=settings.anonymous == "discovery",
        key_formats=key_formats(settings),
        report_proxied=ProxyReporter(),
        key_in_session=settings.key_in_session,
        selector=Selector(
            level=settings.level,
            read_toolsets=tool_selection(settings).narrowed_to,
        ),
    )

    def describe() -> JsonObject:
        return documents.endpoint_help(http.status.facts(), http.status.condition())

    stages = (
        admission,
        HeaderRepair(),
        authentication,
        ObservedStage(
            Decode(admission.charge),
            recording(
                http.access_log.decoded,
                mcp.upstream.sandbox,
                mcp.server_features.tools,
            ),
            http.access_log.identified,
        ),
        TransportDispatch(_transports(settings, clock, mcp, executor)),
        DirectExecution(executor, describe),
    )
    return Pipeline(stages, clock, mcp.metrics.stage)


def _transports(
    settings: Settings, clock: IReactorTime, mcp: McpParts, executor: MessageExecutor
) -> Sequence[ITransport]:
    logs = StreamLogs(mcp.retention)
    streamable = StreamableHttp(
        executor=executor,
        sessions=mcp.sessions,
        changes=mcp.server_features.changes,
        strict=settings.session_policy == "strict",
        logs=logs,
    )
    legacy_sse = LegacySse(
        server=mcp.server,
        clock=clock,
        sessions=mcp.sessions,
        changes=mcp.server_features.changes,
        tracker=mcp.in_flight,
        logs=logs,
        prefix=settings.public_path,
    )
    return (streamable, legacy_sse)
