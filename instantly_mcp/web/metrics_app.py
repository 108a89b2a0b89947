"""Serves the metrics on a separate listener.

They are not on the MCP port, which may face the internet. The metrics listener should
be bound to a loopback address, or to a network that only Prometheus can reach.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from attrs import define
from klein import Klein
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from werkzeug.exceptions import HTTPException

from ..metrics.registry import CONTENT_TYPE, Metrics
from ..pipeline.exchange import Headers
from ..pipeline.replies.reply import Answer
from ..protocol.wire.errors import INVALID_REQUEST, ProtocolError
from .http.access_log import AccessLog
from .http.limits import WebLimits
from .http.refusals import error_answer
from .http.request import McpRequest
from .http.site import McpSite
from .interfaces import Guard


@define(eq=False, slots=False)
class MetricsApp:
    """Serves ``/metrics`` only.

    :param guard: checks Origin and Host, as on the other ports.
    """

    app: ClassVar[Klein] = Klein()

    metrics: Metrics
    guard: Guard

    @app.route("/metrics", methods=["GET"])
    def exposed(self, request: McpRequest) -> None:
        """All metrics in Prometheus's text format."""
        request.record.route = "/metrics"
        error = self.guard(Headers(request.head.headers), request.host)
        if error is not None:
            request.answer(error_answer(error, mcp=False))
            return
        body = self.metrics.exposition()
        headers = (("Content-Type", CONTENT_TYPE),)
        request.answer(Answer(status=200, body=body, headers=headers))

    @app.handle_errors(HTTPException)  # type: ignore[arg-type]
    def unrouted(self, request: McpRequest, failure: Failure) -> None:
        """Answer every other path and method with 404."""
        message = "Only GET /metrics is served here."
        error = ProtocolError(INVALID_REQUEST, message, status=404)
        request.answer(error_answer(error, mcp=False))

    @app.handle_errors(Exception)  # type: ignore[arg-type]
    def failed(self, request: McpRequest, failure: Failure) -> None:
        """Answer an unexpected exception with an incident id, in JSON."""
        request.answer_incident(failure)


def make_metrics_site(
    *,
    metrics: Metrics,
    guard: Guard,
    clock: IReactorTime,
    access_log: AccessLog,
    limits: WebLimits,
    wall: Callable[[], float],
) -> McpSite:
    """Return the protocol factory for the metrics listener."""
    resource = MetricsApp(metrics, guard).app.resource()
    return McpSite(resource, clock, access_log, limits, wall)
