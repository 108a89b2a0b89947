"""The routes outside of MCP: pages, probes, discovery and the sandbox.

They answer what the routes of MCP (`app`) did not match.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from attrs import define
from klein import Klein
from twisted.python.failure import Failure
from werkzeug.exceptions import HTTPException

from ..pipeline.exchange import Headers
from ..pipeline.refusals import origin_refused
from ..pipeline.replies.reply import Answer
from .answering import Answering, Rendered, make_routes
from .http.access_log import UNLOGGED as FAVICON_PATH
from .http.refusals import error_answer
from .http.request import McpRequest
from .intake import page_request, parse_query
from .pages.site_pages import SitePages, icon_answer
from .probes import Probes
from .same_site import is_from_another_site
from .stream_check import STREAM_PATH, StreamCheck

PUBLIC_WORLD = "sandbox"
"""The key that callers without a key use in the sandbox."""

_GETS = ("GET", "HEAD")


@define(eq=False, slots=False)
class SiteApp:
    """The routes for people and probes."""

    app: ClassVar[Klein] = make_routes()

    answering: Answering
    probes: Probes
    pages: SitePages
    stream_check: StreamCheck

    @app.route("/", methods=["GET"])
    def home(self, request: McpRequest) -> Rendered:
        """The home page."""

        def answer() -> Answer:
            asked = page_request(request, self.answering.visitor(request))
            return self.probes.home(asked.accept, asked.known, asked.operator)

        return self.answering.probe(request, "/", answer)

    @app.route("/connect", methods=["GET"])
    @app.route("/connect/check", methods=["GET"])
    @app.route("/status", methods=["GET"])
    def page(self, request: McpRequest) -> Rendered:
        """A page for people; see `SitePages`."""
        path = request.head.path.rstrip("/")

        def answer() -> Answer:
            visitor = self.answering.visitor(request)
            return self.pages.answer(path, page_request(request, visitor))

        return self.answering.probe(request, path, answer)

    @app.route("/connect/stream", methods=["GET"])
    def stream(self, request: McpRequest) -> Rendered:
        """Lines that arrive one by one, unless a proxy buffers them."""
        request.record.route = STREAM_PATH
        self.answering.note_address(request)
        refusal = self.answering.refusal(request) or self.stream_check.refusal()
        if refusal is not None:
            return self.answering.deliver(refusal, request)
        accept = Headers(request.head.headers).get("accept") or ""
        return self.stream_check.begin(request, accept, self.answering.status.facts())

    @app.route("/favicon.ico", methods=["GET"])
    @app.route("/icon.svg", methods=["GET"])
    @app.route("/icon-<int:size>.png", methods=["GET"])
    def icon(self, request: McpRequest, size: int = 0) -> Rendered:
        """The icon of the server."""
        found = icon_answer(request.head.path[1:])
        if found is None:
            return self.answering.not_found(request)
        return self.answering.probe(request, FAVICON_PATH, lambda: found)

    @app.route("/ping", methods=["GET"])
    def ping(self, request: McpRequest) -> Rendered:
        """Show that the server answers."""
        return self.answering.probe(request, "/ping", self.probes.ping)

    @app.route("/health", methods=["GET"])
    @app.route("/healthz", methods=["GET"])
    def health(self, request: McpRequest) -> Rendered:
        """Liveness."""
        return self.answering.describe(request, "/health", self.probes.health)

    @app.route("/ready", methods=["GET"])
    @app.route("/readyz", methods=["GET"])
    def ready(self, request: McpRequest) -> Rendered:
        """Readiness."""
        return self.answering.describe(request, "/ready", self.probes.ready)

    @app.route("/connect/instantly-mcp.mcpb", methods=["GET"])
    def bundle(self, request: McpRequest) -> Rendered:
        """The extension for Claude Desktop."""
        return self.answering.describe(
            request, "/connect/instantly-mcp.mcpb", self.probes.bundle
        )

    @app.route("/info", methods=["GET"])
    def info(self, request: McpRequest) -> Rendered:
        """Facts about the server, in JSON."""
        return self.answering.describe(request, "/info", self.probes.info)

    @app.route("/.well-known/oauth-authorization-server", methods=["GET"])
    @app.route("/.well-known/oauth-authorization-server/<path:rest>", methods=["GET"])
    def authorization_server(self, request: McpRequest, rest: str = "") -> Rendered:
        """RFC 8414 discovery."""
        return self.answering.describe(
            request, "/.well-known", self.probes.authorization_server
        )

    @app.route("/.well-known/oauth-protected-resource", methods=["GET"])
    @app.route("/.well-known/oauth-protected-resource/<path:rest>", methods=["GET"])
    def protected_resource(self, request: McpRequest, rest: str = "") -> Rendered:
        """RFC 9728 discovery."""
        return self.answering.describe(
            request, "/.well-known", self.probes.protected_resource
        )

    @app.route("/register", methods=["POST"])
    def register(self, request: McpRequest) -> Rendered:
        """Dynamic client registration."""
        return self.answering.describe(request, "/register", self.probes.register)

    @app.route("/authorize", methods=["GET"])
    def authorize(self, request: McpRequest) -> Rendered:
        """The authorization page."""
        return self.answering.describe(request, "/authorize", self.probes.authorize)

    @app.route("/sandbox", methods=["GET", "POST"])
    def sandbox(self, request: McpRequest) -> Rendered:
        """The page of one workspace of the sandbox, and its forms."""
        head = request.head

        def answer(key: str) -> Answer:
            if head.method not in _GETS:
                return self.probes.sandbox_form(key, request.content.getvalue())
            forms = self.answering.visitors(Headers({}), {}, "").known
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
        """Answer a request that matched no route."""
        return self.answering.unrouted(request, failure.value)

    @app.handle_errors(Exception)  # type: ignore[arg-type]
    def failed(self, request: McpRequest, failure: Failure) -> None:
        """Answer an unexpected exception with an incident id, in JSON."""
        request.answer_incident(failure)

    def _use_sandbox(
        self, request: McpRequest, route: str, use: Callable[[str], Answer]
    ) -> Rendered:
        """Show or change one workspace of the sandbox, for known visitors only."""

        def answer() -> Answer:
            headers = Headers(request.head.headers)
            if request.head.method not in _GETS and is_from_another_site(headers):
                return error_answer(origin_refused(), mcp=False)
            visitor = self.answering.visitor(request)
            if visitor.refusal is not None:
                return error_answer(visitor.refusal, mcp=False)
            named = parse_query(request.head.query).get("key", ())
            return use(next(iter(named), visitor.key or PUBLIC_WORLD))

        return self.answering.probe(request, route, answer)
