"""What the routes share: who calls, whether they may, and how an answer is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import define
from klein import Klein
from twisted.internet.defer import Deferred
from twisted.web.resource import IResource
from werkzeug.exceptions import NotFound

from ..pipeline.exchange import Headers
from ..pipeline.replies.reply import Answer, Reply
from ..pipeline.visitors import Visitor, every_caller_is_known
from .cors import Cors
from .delivery import Delivery
from .http.access_log import AccessLog
from .http.refusals import error_answer
from .http.request import McpRequest
from .intake import Intake, parse_query
from .interfaces import Guard, IStatus, Recognize
from .unrouted import unroutable

Rendered: TypeAlias = Deferred[IResource | None] | IResource | None
"""What a route returns to Klein: ``None`` for a response that Klein has to end."""


def make_routes() -> Klein:
    """Return an empty table of routes, which matches paths exactly as sent."""
    app = Klein()
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    return app


@define(eq=False, kw_only=True)
class Answering:
    """Identifies callers, refuses requests of other sites, and delivers answers.

    :param guard: checks Origin and Host of requests outside of MCP.
    :param visitors: identifies callers of routes outside of MCP.
    """

    status: IStatus
    guard: Guard
    cors: Cors
    intake: Intake
    delivery: Delivery
    access_log: AccessLog
    visitors: Recognize = every_caller_is_known

    def probe(
        self, request: McpRequest, route: str, answer: Callable[[], Answer]
    ) -> IResource | None:
        """Answer a request outside of MCP, unless its Origin or Host is refused.

        :param route: its template, for the access log and the metrics.
        """
        request.record.route = route
        self.note_address(request)
        refusal = self.refusal(request)
        return self.deliver(refusal or answer(), request)

    def describe(
        self, request: McpRequest, route: str, describe: Callable[[bool], Answer]
    ) -> IResource | None:
        """Answer with more or less, depending on whether the visitor is known."""
        return self.probe(request, route, lambda: describe(self.visitor(request).known))

    def visitor(self, request: McpRequest) -> Visitor:
        """Identify the caller of a route outside of MCP."""
        head = request.head
        headers = Headers(head.headers)
        address = self.intake.address(request, headers)
        return self.visitors(headers, parse_query(head.query), address)

    def note_address(self, request: McpRequest) -> None:
        """Note the caller's address, if the access log shows addresses."""
        if self.access_log.addresses:
            headers = Headers(request.head.headers)
            request.record.address = self.intake.address(request, headers)

    def refusal(self, request: McpRequest) -> Answer | None:
        """Return why the Origin or Host of a request is refused, or ``None``."""
        head = request.head
        error = self.guard(Headers(head.headers), request.host)
        if error is None:
            return None
        return error_answer(error, mcp=head.mcp, id=request.message_id)

    def unrouted(self, request: McpRequest, error: object) -> IResource | None:
        """Answer a request that matched no route: a preflight, or 404 or 405.

        :param error: Werkzeug's, which found no route.
        """
        head = request.head
        self.note_address(request)
        refusal = self.refusal(request)
        if refusal is None and head.method == "OPTIONS":
            preflight = self.cors.preflight(Headers(head.headers))
            return self.delivery.deliver(request, preflight)
        answer = refusal or unroutable(error, request, self.status.facts())
        return self.deliver(answer, request)

    def not_found(self, request: McpRequest) -> IResource | None:
        """Answer a path that is not served, such as ``/mcp/ping``, with 404."""
        self.note_address(request)
        facts = self.status.facts()
        answer = self.refusal(request) or unroutable(NotFound(), request, facts)
        return self.deliver(answer, request)

    def deliver(self, reply: Reply, request: McpRequest) -> IResource | None:
        """Send an answer, with the CORS headers for the origin of the request."""
        headers = request.head.headers
        extra = self.cors.headers(Headers(headers)) if "origin" in headers else ()
        return self.delivery.deliver(request, reply, extra)
