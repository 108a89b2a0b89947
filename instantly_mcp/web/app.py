"""The routes of the daemon.

Paths are matched as they were sent, percent-encoded: nothing is decoded, merged or
redirected before a route is chosen. So a key in a path never reaches another path or a
``Location`` header.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeAlias

from attrs import define
from klein import Klein
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.web.resource import IResource
from werkzeug.exceptions import HTTPException, NotFound

from ..pipeline.exchange import Headers, Route
from ..pipeline.mcp_path import NO_PATH, read_path
from ..pipeline.refusals import origin_refused
from ..pipeline.replies.reply import Answer, Reply
from ..pipeline.visitors import Visitor, every_caller_is_known
from ..protocol.wire.errors import ProtocolError
from .cors import Cors
from .delivery import Delivery
from .http.access_log import UNLOGGED as FAVICON_PATH
from .http.access_log import AccessLog
from .http.refusals import error_answer
from .http.request import McpRequest
from .intake import Intake, page_request, parse_query
from .interfaces import (
    Guard,
    PipelineRunner,
    Recognize,
)
from .mcp_routes import NOT_KEYS, route_template
from .pages.site_pages import SitePages, icon_answer
from .probes import Probes
from .same_site import is_from_another_site
from .server_card import discovery_answer, discovery_preflight
from .stream_check import STREAM_PATH, StreamCheck
from .unrouted import unroutable

Rendered: TypeAlias = Deferred[IResource | None] | IResource | None
"""What a route returns to Klein: ``None`` for a response that Klein has to end."""

PUBLIC_WORLD = "sandbox"
"""The key that callers without a key use in the sandbox."""

_GETS = ("GET", "HEAD")


def _routes() -> Klein:
    app = Klein()
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    return app


@define(eq=False, slots=False)
class WebApp:
    """All routes of the daemon's HTTP port.

    :param pipeline: answers requests on MCP routes.
    :param guard: checks Origin and Host of requests on all other routes.
    :param visitors: identifies callers of routes outside of MCP.
    """

    app: ClassVar[Klein] = _routes()

    pipeline: PipelineRunner
    probes: Probes
    guard: Guard
    cors: Cors
    intake: Intake
    delivery: Delivery
    access_log: AccessLog
    pages: SitePages
    stream_check: StreamCheck
    visitors: Recognize = every_caller_is_known

    # -- MCP -----------------------------------------------------------------------

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
        answer = discovery_answer(self.probes.status.facts(), path, headers)
        if answer is None:
            return self._not_found(request)
        request.record.route = path
        self._note_address(request)
        if request.head.method == "OPTIONS":
            answer = discovery_preflight()
        return self.delivery.deliver(request, answer)

    # -- everything else -----------------------------------------------------------

    @app.route("/", methods=["GET"])
    def home(self, request: McpRequest) -> Rendered:
        """The home page."""

        def answer() -> Answer:
            asked = page_request(request, self._visitor(request))
            return self.probes.home(asked.accept, asked.known, asked.operator)

        return self._probe(request, "/", answer)

    @app.route("/connect", methods=["GET"])
    @app.route("/connect/check", methods=["GET"])
    @app.route("/status", methods=["GET"])
    def page(self, request: McpRequest) -> Rendered:
        """A page for people; see `SitePages`."""
        path = request.head.path.rstrip("/")

        def answer() -> Answer:
            visitor = self._visitor(request)
            return self.pages.answer(path, page_request(request, visitor))

        return self._probe(request, path, answer)

    @app.route("/connect/stream", methods=["GET"])
    def stream(self, request: McpRequest) -> Rendered:
        """Lines that arrive one by one, unless a proxy buffers them."""
        request.record.route = STREAM_PATH
        self._note_address(request)
        refusal = self._refusal(request) or self.stream_check.refusal()
        if refusal is not None:
            return self._deliver(refusal, request)
        accept = Headers(request.head.headers).get("accept") or ""
        return self.stream_check.begin(request, accept, self.probes.status.facts())

    @app.route("/favicon.ico", methods=["GET"])
    @app.route("/icon.svg", methods=["GET"])
    @app.route("/icon-<int:size>.png", methods=["GET"])
    def icon(self, request: McpRequest, size: int = 0) -> Rendered:
        """The icon of the server."""
        found = icon_answer(request.head.path[1:])
        if found is None:
            return self._not_found(request)
        return self._probe(request, FAVICON_PATH, lambda: found)

    @app.route("/ping", methods=["GET"])
    def ping(self, request: McpRequest) -> Rendered:
        """Show that the server answers."""
        return self._probe(request, "/ping", self.probes.ping)

    @app.route("/health", methods=["GET"])
    @app.route("/healthz", methods=["GET"])
    def health(self, request: McpRequest) -> Rendered:
        """Liveness."""
        return self._describe(request, "/health", self.probes.health)

    @app.route("/ready", methods=["GET"])
    @app.route("/readyz", methods=["GET"])
    def ready(self, request: McpRequest) -> Rendered:
        """Readiness."""
        return self._describe(request, "/ready", self.probes.ready)

    @app.route("/connect/instantly-mcp.mcpb", methods=["GET"])
    def bundle(self, request: McpRequest) -> Rendered:
        """The extension for Claude Desktop."""
        return self._describe(
            request, "/connect/instantly-mcp.mcpb", self.probes.bundle
        )

    @app.route("/info", methods=["GET"])
    def info(self, request: McpRequest) -> Rendered:
        """Facts about the server, in JSON."""
        return self._describe(request, "/info", self.probes.info)

    @app.route("/.well-known/oauth-authorization-server", methods=["GET"])
    @app.route("/.well-known/oauth-authorization-server/<path:rest>", methods=["GET"])
    def authorization_server(self, request: McpRequest, rest: str = "") -> Rendered:
        """RFC 8414 discovery."""
        return self._describe(request, "/.well-known", self.probes.authorization_server)

    @app.route("/.well-known/oauth-protected-resource", methods=["GET"])
    @app.route("/.well-known/oauth-protected-resource/<path:rest>", methods=["GET"])
    def protected_resource(self, request: McpRequest, rest: str = "") -> Rendered:
        """RFC 9728 discovery."""
        return self._describe(request, "/.well-known", self.probes.protected_resource)

    @app.route("/register", methods=["POST"])
    def register(self, request: McpRequest) -> Rendered:
        """Dynamic client registration."""
        return self._describe(request, "/register", self.probes.register)

    @app.route("/authorize", methods=["GET"])
    def authorize(self, request: McpRequest) -> Rendered:
        """The authorization page."""
        return self._describe(request, "/authorize", self.probes.authorize)

    @app.route("/sandbox", methods=["GET", "POST"])
    def sandbox(self, request: McpRequest) -> Rendered:
        """The page of one workspace of the sandbox, and its forms."""
        head = request.head

        def answer(key: str) -> Answer:
            if head.method not in _GETS:
                return self.probes.sandbox_form(key, request.content.getvalue())
            forms = self.visitors(Headers({}), {}, "").known
            return self.probes.sandbox(key, parse_query(head.query), forms=forms)

        return self._use_sandbox(request, "/sandbox", answer)

    @app.route("/sandbox/<name>", methods=["GET", "POST", "DELETE"])
    def control(self, request: McpRequest, name: str) -> Rendered:
        """Show or change one workspace of the sandbox."""
        method = "GET" if request.head.method == "HEAD" else request.head.method

        def answer(key: str) -> Answer:
            workspace = Headers(request.head.headers).get("x-as-workspace")
            body = request.content.getvalue()
            return self.probes.control(method, name, key, workspace, body)

        return self._use_sandbox(request, "/sandbox/{control}", answer)

    @app.handle_errors(HTTPException)  # type: ignore[arg-type]
    def unrouted(self, request: McpRequest, failure: Failure) -> Rendered:
        """Answer a request that matched no route: a preflight, or 404 or 405."""
        head = request.head
        self._note_address(request)
        refusal = self._refusal(request)
        if refusal is None and head.method == "OPTIONS":
            preflight = self.cors.preflight(Headers(head.headers))
            return self.delivery.deliver(request, preflight)
        facts = self.probes.status.facts()
        answer = refusal or unroutable(failure.value, request, facts)
        return self._deliver(answer, request)

    @app.handle_errors(Exception)  # type: ignore[arg-type]
    def failed(self, request: McpRequest, failure: Failure) -> None:
        """Answer an unexpected exception with an incident id, in JSON."""
        request.answer_incident(failure)

    # -- shared by the routes -------------------------------------------------------

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
            return self._deliver(answer, request)
        if path is None or path.key in NOT_KEYS:
            return self._not_found(request)
        request.record.route = route_template(base, path)
        exchange = self.intake.read(request, route, path)
        request.record.address = exchange.peer
        self.access_log.opened(request.record)
        return self.pipeline.run(exchange).addCallback(self._deliver, request)

    def _not_found(self, request: McpRequest) -> Rendered:
        """Answer a path that is not served, such as ``/mcp/ping``, with 404."""
        self._note_address(request)
        facts = self.probes.status.facts()
        answer = self._refusal(request) or unroutable(NotFound(), request, facts)
        return self._deliver(answer, request)

    def _probe(
        self, request: McpRequest, route: str, answer: Callable[[], Answer]
    ) -> Rendered:
        request.record.route = route
        self._note_address(request)
        refusal = self._refusal(request)
        return self._deliver(refusal or answer(), request)

    def _describe(
        self, request: McpRequest, route: str, describe: Callable[[bool], Answer]
    ) -> Rendered:
        """Answer with more or less, depending on whether the visitor is known."""
        return self._probe(
            request, route, lambda: describe(self._visitor(request).known)
        )

    def _use_sandbox(
        self, request: McpRequest, route: str, use: Callable[[str], Answer]
    ) -> Rendered:
        """Show or change one workspace of the sandbox, for known visitors only."""

        def answer() -> Answer:
            headers = Headers(request.head.headers)
            if request.head.method not in _GETS and is_from_another_site(headers):
                return error_answer(origin_refused(), mcp=False)
            visitor = self._visitor(request)
            if visitor.refusal is not None:
                return error_answer(visitor.refusal, mcp=False)
            named = parse_query(request.head.query).get("key", ())
            return use(next(iter(named), visitor.key or PUBLIC_WORLD))

        return self._probe(request, route, answer)

    def _visitor(self, request: McpRequest) -> Visitor:
        """Identify the caller of a route outside of MCP."""
        head = request.head
        headers = Headers(head.headers)
        address = self.intake.address(request, headers)
        return self.visitors(headers, parse_query(head.query), address)

    def _note_address(self, request: McpRequest) -> None:
        """Note the caller's address, if the access log shows addresses."""
        if self.access_log.addresses:
            headers = Headers(request.head.headers)
            request.record.address = self.intake.address(request, headers)

    def _refusal(self, request: McpRequest) -> Answer | None:
        head = request.head
        error = self.guard(Headers(head.headers), request.host)
        if error is None:
            return None
        return error_answer(error, mcp=head.mcp, id=request.message_id)

    def _deliver(self, reply: Reply, request: McpRequest) -> IResource | None:
        headers = request.head.headers
        extra = self.cors.headers(Headers(headers)) if "origin" in headers else ()
        return self.delivery.deliver(request, reply, extra)
