"""The routes. Each is three lines; what they do is in objects that saw no request.

Paths are matched as they were sent, percent signs and all: nothing is decoded, merged
or redirected before a route is chosen, so that a key in a path cannot move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, TypeAlias
from uuid import uuid4

from attrs import define
from klein import Klein
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.resource import IResource
from werkzeug.exceptions import HTTPException, NotFound

from ..pipeline.exchange import Headers, Route
from ..pipeline.reply import Answer, Reply
from ..pipeline.visitors import Visitor, everybody_is_known
from .cors import Cors, refused
from .delivery import Delivery, Streams
from .intake import Intake, TrustedProxies, parse_query
from .interfaces import (
    AllowedOrigin,
    Guard,
    IsLocal,
    IStatus,
    Recognize,
    Runner,
    Window,
)
from .journal import Journal
from .limits import WebLimits
from .probes import Probes
from .refusals import Refusal
from .request import McpRequest
from .site import McpSite
from .unrouted import unroutable

Rendered: TypeAlias = Deferred[IResource | None] | IResource | None
"""What a route returns to Klein: ``None`` for a response that is to be ended."""

PUBLIC_WORLD = "sandbox"
"""The key with which callers without one act in the sandbox."""

NOT_KEYS = frozenset(
    {
        *("mcp", "sse", "messages", "message", "ping", "health", "healthz"),
        *("ready", "readyz", "info", "register", "authorize", "token"),
    }
)
"""Names of routes that clients append to the URL they were given: never a key there."""

_WITH_KEY = {"/mcp": "/mcp/{key}", "/sse": "/sse/{key}"}

_GETS = ("GET", "HEAD")


def _routes() -> Klein:
    app = Klein()
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    return app


@define(eq=False, slots=False)
class WebApp:
    """The daemon on HTTP.

    :param pipeline: answers everything on an MCP route.
    :param guard: checks Origin and Host of everything else.
    :param visitors: tells who asks for something outside of MCP.
    """

    app: ClassVar[Klein] = _routes()

    pipeline: Runner
    probes: Probes
    guard: Guard
    cors: Cors
    intake: Intake
    delivery: Delivery
    journal: Journal
    visitors: Recognize = everybody_is_known

    # -- MCP -----------------------------------------------------------------------

    @app.route("/mcp", methods=["POST", "GET", "DELETE"])
    @app.route("/mcp/<key>", methods=["POST", "GET", "DELETE"])
    def mcp(self, request: McpRequest, key: str | None = None) -> Rendered:
        """Streamable HTTP."""
        if key in NOT_KEYS:
            return self._nothing_here(request)
        return self._journey(request, Route.MCP, key, "/mcp")

    @app.route("/sse", methods=["GET", "POST", "DELETE"])
    @app.route("/sse/<key>", methods=["GET", "POST", "DELETE"])
    def sse(self, request: McpRequest, key: str | None = None) -> Rendered:
        """The stream of HTTP+SSE; all else is Streamable HTTP, as on ``/mcp``.

        Clients try that first at whatever URL they are given.
        """
        if key in NOT_KEYS:
            return self._nothing_here(request)
        head = request.head
        is_stream = head.method in _GETS and "mcp-session-id" not in head.headers
        return self._journey(
            request, Route.SSE if is_stream else Route.MCP, key, "/sse"
        )

    @app.route("/messages", methods=["POST"])
    def messages(self, request: McpRequest) -> Rendered:
        """The messages of HTTP+SSE."""
        return self._journey(request, Route.MESSAGES, None, "/messages")

    # -- everything else -----------------------------------------------------------

    @app.route("/", methods=["GET"])
    def home(self, request: McpRequest) -> Rendered:
        """What this server is, for a person."""
        accept = Headers(request.head.headers).get("accept") or ""
        return self._telling(request, "/", partial(self.probes.home, accept))

    @app.route("/ping", methods=["GET"])
    def ping(self, request: McpRequest) -> Rendered:
        """Prove that somebody listens."""
        return self._probe(request, "/ping", self.probes.ping)

    @app.route("/health", methods=["GET"])
    @app.route("/healthz", methods=["GET"])
    def health(self, request: McpRequest) -> Rendered:
        """Liveness."""
        return self._telling(request, "/health", self.probes.health)

    @app.route("/ready", methods=["GET"])
    @app.route("/readyz", methods=["GET"])
    def ready(self, request: McpRequest) -> Rendered:
        """Readiness."""
        return self._telling(request, "/ready", self.probes.ready)

    @app.route("/info", methods=["GET"])
    def info(self, request: McpRequest) -> Rendered:
        """What this server is."""
        return self._telling(request, "/info", self.probes.info)

    @app.route("/.well-known/oauth-authorization-server", methods=["GET"])
    @app.route("/.well-known/oauth-authorization-server/<path:rest>", methods=["GET"])
    def authorization_server(self, request: McpRequest, rest: str = "") -> Rendered:
        """Discovery of an authorization server."""
        return self._telling(request, "/.well-known", self.probes.authorization_server)

    @app.route("/.well-known/oauth-protected-resource", methods=["GET"])
    @app.route("/.well-known/oauth-protected-resource/<path:rest>", methods=["GET"])
    def protected_resource(self, request: McpRequest, rest: str = "") -> Rendered:
        """Discovery of the protected resource."""
        return self._telling(request, "/.well-known", self.probes.protected_resource)

    @app.route("/register", methods=["POST"])
    def register(self, request: McpRequest) -> Rendered:
        """Dynamic client registration."""
        return self._telling(request, "/register", self.probes.register)

    @app.route("/authorize", methods=["GET"])
    def authorize(self, request: McpRequest) -> Rendered:
        """The authorization page."""
        return self._telling(request, "/authorize", self.probes.authorize)

    @app.route("/sandbox", methods=["GET"])
    def sandbox(self, request: McpRequest) -> Rendered:
        """What the sandbox would have sent, for a person."""
        return self._steering(request, "/sandbox", self.probes.sandbox)

    @app.route("/sandbox/outbox", methods=["GET"])
    def outbox(self, request: McpRequest) -> Rendered:
        """What the sandbox would have sent."""
        return self._steering(request, "/sandbox/outbox", self.probes.outbox)

    @app.route("/sandbox/reset", methods=["POST"])
    def reset(self, request: McpRequest) -> Rendered:
        """The sandbox begins anew."""
        return self._steering(request, "/sandbox/reset", self.probes.reset)

    @app.handle_errors(HTTPException)  # type: ignore[arg-type]
    def unrouted(self, request: McpRequest, failure: Failure) -> Rendered:
        """Answer what matched no route: a preflight, a wrong method, a wrong path."""
        head = request.head
        self._locate(request)
        refusal = self._refusal(request)
        if refusal is None and head.method == "OPTIONS":
            preflight = self.cors.preflight(Headers(head.headers))
            return self.delivery.deliver(request, preflight)
        facts = self.probes.status.facts()
        answer = refusal or unroutable(failure.value, request, facts)
        return self._deliver(answer, request)

    @app.handle_errors(Exception)  # type: ignore[arg-type]
    def failed(self, request: McpRequest, failure: Failure) -> None:
        """Answer a bug of ours, with an incident id and without a page."""
        request.answer_incident(failure)

    # -- how ------------------------------------------------------------------------

    def _journey(
        self, request: McpRequest, route: Route, key: str | None, path: str
    ) -> Rendered:
        request.visit.route = path if key is None else _WITH_KEY[path]
        exchange = self.intake.read(request, route, key)
        if isinstance(exchange, Refusal):
            return self._deliver(exchange.answer(), request)
        request.visit.address = exchange.peer
        self.journal.opened(request.visit)
        replied = self.pipeline.run(exchange)
        return replied.addCallback(self._deliver, request)

    def _nothing_here(self, request: McpRequest) -> Rendered:
        """Answer a path that looks like one with a key and is not."""
        self._locate(request)
        facts = self.probes.status.facts()
        answer = self._refusal(request) or unroutable(NotFound(), request, facts)
        return self._deliver(answer, request)

    def _probe(
        self, request: McpRequest, route: str, answer: Callable[[], Answer]
    ) -> Rendered:
        request.visit.route = route
        self._locate(request)
        refusal = self._refusal(request)
        return self._deliver(refusal or answer(), request)

    def _telling(
        self, request: McpRequest, route: str, tell: Callable[[bool], Answer]
    ) -> Rendered:
        """Tell a visitor with the server secret, or without, about the daemon."""
        return self._probe(request, route, lambda: tell(self._visitor(request).known))

    def _steering(
        self, request: McpRequest, route: str, steer: Callable[[str], Answer]
    ) -> Rendered:
        """Show or change one workspace of the sandbox, for those who may."""

        def answer() -> Answer:
            visitor = self._visitor(request)
            if visitor.refusal is not None:
                return refused(visitor.refusal, mcp=False).answer()
            named = parse_query(request.head.query).get("key", ())
            return steer(next(iter(named), visitor.key or PUBLIC_WORLD))

        return self._probe(request, route, answer)

    def _visitor(self, request: McpRequest) -> Visitor:
        """Say who asks. Only for routes outside of MCP."""
        head = request.head
        headers = Headers(head.headers)
        address = self.intake.address(request, headers)
        return self.visitors(headers, parse_query(head.query), address)

    def _locate(self, request: McpRequest) -> None:
        """Note the address of a visitor outside of MCP, if the log shows it."""
        if self.journal.addresses:
            headers = Headers(request.head.headers)
            request.visit.address = self.intake.address(request, headers)

    def _refusal(self, request: McpRequest) -> Answer | None:
        head = request.head
        error = self.guard(Headers(head.headers), request.host)
        if error is None:
            return None
        return refused(error, mcp=head.mcp, id=request.message_id).answer()

    def _deliver(self, reply: Reply, request: McpRequest) -> IResource | None:
        headers = request.head.headers
        extra = self.cors.headers(Headers(headers)) if "origin" in headers else ()
        return self.delivery.deliver(request, reply, extra)


def make_web_app(
    *,
    pipeline: Runner,
    status: IStatus,
    guard: Guard,
    allowed_origin: AllowedOrigin,
    journal: Journal,
    streams: Streams,
    wall: Callable[[], float],
    trusted_proxies: Sequence[str] = (),
    discovery_documents: bool = False,
    window: Window | None = None,
    is_local: IsLocal | None = None,
    visitors: Recognize = everybody_is_known,
) -> WebApp:
    """Put the parts together.

    :param journal: shared with whoever names callers in it (`Journal.identified`).
    :param streams: shared with the timer that keeps them alive.
    :param wall: seconds since the epoch, for what people read.
    :param window: onto the sandbox, where there is one.
    :param is_local: see `Intake`.
    :raises ValueError: for a trusted proxy that is no address, network or ``unix``.
    """
    return WebApp(
        pipeline=pipeline,
        probes=Probes(status, wall, discovery_documents, window),
        guard=guard,
        cors=Cors(allowed_origin),
        intake=Intake(TrustedProxies(trusted_proxies), uuid4().hex[:6], is_local),
        delivery=Delivery(streams),
        journal=journal,
        visitors=visitors,
    )


def make_site(
    app: WebApp,
    clock: IReactorTime,
    limits: WebLimits,
    wall: Callable[[], float],
    prefix: str = "",
) -> McpSite:
    """Return the factory to listen with.

    :param prefix: see `McpSite`.
    """
    resource, grants = app.app.resource(), app.cors.headers
    return McpSite(
        resource, clock, app.journal, limits, wall, grants=grants, prefix=prefix
    )
