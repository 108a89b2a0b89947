"""The routes of MCP. What they do not match goes to the routes of `site_app`.

Paths are matched as they were sent, percent-encoded: nothing is decoded, merged or
redirected before a route is chosen. So a key in a path never reaches another path or a
``Location`` header.
"""

from __future__ import annotations

from typing import ClassVar

from attrs import define
from klein import Klein
from twisted.python.failure import Failure
from werkzeug.exceptions import HTTPException, NotFound

from ..pipeline.exchange import Headers, Route
from ..pipeline.mcp_path import NO_PATH, read_path
from ..protocol.wire.errors import ProtocolError
from .answering import Answering, Rendered, make_routes
from .http.refusals import error_answer
from .http.request import McpRequest
from .interfaces import PipelineRunner
from .mcp_routes import NOT_KEYS, route_template
from .server_card import discovery_answer, discovery_preflight
from .site_app import SiteApp

_GETS = ("GET", "HEAD")


@define(eq=False, slots=False)
class WebApp:
    """The routes of the daemon's HTTP port.

    :param pipeline: answers requests on MCP routes.
    :param site: answers all other requests.
    """

    app: ClassVar[Klein] = make_routes()

    pipeline: PipelineRunner
    answering: Answering
    site: SiteApp

    @app.route("/mcp", methods=["POST", "GET", "DELETE"])
    @app.route("/mcp/<path:rest>", methods=["POST", "GET", "DELETE"])
    def mcp(self, request: McpRequest, rest: str = "") -> Rendered:
        """Streamable HTTP."""
        return self._answer_mcp(request, Route.MCP, rest, "/mcp")

    @app.route("/sse", methods=["GET", "POST", "DELETE"])
    @app.route("/sse/<path:rest>", methods=["GET", "POST", "DELETE"])
    def sse(self, request: McpRequest, rest: str = "") -> Rendered:
        """The stream of HTTP+SSE. Other requests are Streamable HTTP, as on ``/mcp``.

        Clients try Streamable HTTP first, also with a URL that ends in ``/sse``.
        """
        head = request.head
        is_stream = head.method in _GETS and "mcp-session-id" not in head.headers
        route = Route.SSE if is_stream else Route.MCP
        return self._answer_mcp(request, route, rest, "/sse")

    @app.route("/messages", methods=["POST"])
    def messages(self, request: McpRequest) -> Rendered:
        """The messages of HTTP+SSE."""
        return self._answer_mcp(request, Route.MESSAGES, "", "/messages")

    @app.route("/mcp/server-card", methods=["GET", "OPTIONS"])
    @app.route("/.well-known/mcp/server-card.json", methods=["GET", "OPTIONS"])
    @app.route("/.well-known/ai-catalog.json", methods=["GET", "OPTIONS"])
    def discovery(self, request: McpRequest) -> Rendered:
        """The server card and the AI catalog, for callers from every origin."""
        path, headers = request.head.path.rstrip("/"), Headers(request.head.headers)
        answer = discovery_answer(self.answering.status.facts(), path, headers)
        if answer is None:
            return self.answering.not_found(request)
        request.record.route = path
        self.answering.note_address(request)
        if request.head.method == "OPTIONS":
            answer = discovery_preflight()
        return self.answering.delivery.deliver(request, answer)

    @app.handle_errors(HTTPException)  # type: ignore[arg-type]
    def unrouted(self, request: McpRequest, failure: Failure) -> Rendered:
        """Pass a path that is not of MCP on. Answer a wrong method of one that is."""
        if isinstance(failure.value, NotFound):
            return self.site.app.resource()
        return self.answering.unrouted(request, failure.value)

    @app.handle_errors(Exception)  # type: ignore[arg-type]
    def failed(self, request: McpRequest, failure: Failure) -> None:
        """Answer an unexpected exception with an incident id, in JSON."""
        request.answer_incident(failure)

    def _answer_mcp(
        self, request: McpRequest, route: Route, rest: str, base: str
    ) -> Rendered:
        """Run the pipeline.

        :param rest: what follows `base` and a slash in the path, as sent.
        """
        try:
            path = read_path(rest) if rest else NO_PATH
        except ProtocolError as error:
            request.record.route = base
            answer = error_answer(error, mcp=True, id=request.message_id)
            return self.answering.deliver(answer, request)
        if path is None or path.key in NOT_KEYS:
            return self.answering.not_found(request)
        request.record.route = route_template(base, path)
        exchange = self.answering.intake.read(request, route, path)
        request.record.address = exchange.peer
        self.answering.access_log.opened(request.record)
        return self.pipeline.run(exchange).addCallback(self.answering.deliver, request)
