"""The routes of the pages, on a listener of their own or beside MCP."""

# twisted.web's Resource is not annotated.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from attrs import define
from klein import Klein
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import IResource, Resource
from werkzeug.exceptions import HTTPException

from ...pipeline.exchange import Headers
from ...pipeline.replies.reply import Answer
from ...pipeline.visitors import Visitor
from ...protocol.wire.incidents import report_bug
from ..http.access_log import AccessLog
from ..http.limits import WebLimits
from ..http.request import McpRequest
from ..http.site import McpSite
from ..intake import TrustedProxies, page_request, peer_of
from .approval_pages import ApprovalPages, problem_page
from .visit import Visit, VisitReader, VisitRefusedError, presents_key

APPROVALS, STATUS = b"approvals", b"status"
"""The first segments of the paths."""

_STRANGER = Visitor()
"""These pages know approvers only: keys and tokens are refused."""


def _routes() -> Klein:
    app = Klein()
    app.url_map.merge_slashes = False
    return app


@define(eq=False, slots=False)
class ApprovalsApp:
    """Serves ``/approvals`` and ``/status``.

    :param proxies: the proxies that are trusted to state the client's address.
    """

    app: ClassVar[Klein] = _routes()
    log: ClassVar[Logger] = Logger()

    pages: ApprovalPages
    reader: VisitReader
    proxies: TrustedProxies
    access_log: AccessLog

    @app.route("/approvals", methods=["GET"])
    def listed(self, request: McpRequest) -> Deferred[None] | None:
        """The list."""
        return self._answer(request, "/approvals", self.pages.listed)

    @app.route("/approvals/login", methods=["POST"])
    def enter(self, request: McpRequest) -> Deferred[None] | None:
        """Sign in."""
        return self._answer(request, "/approvals/login", self.pages.login.enter)

    @app.route("/approvals/logout", methods=["POST"])
    def leave(self, request: McpRequest) -> Deferred[None] | None:
        """Sign out."""
        return self._answer(request, "/approvals/logout", self.pages.login.leave)

    @app.route("/approvals/<id>", methods=["GET"])
    def shown(self, request: McpRequest, id: str) -> Deferred[None] | None:
        """One request."""
        return self._answer(
            request, "/approvals/{id}", lambda visit: self.pages.shown(visit, id)
        )

    @app.route("/approvals/<id>", methods=["POST"])
    def decided(self, request: McpRequest, id: str) -> Deferred[None] | None:
        """Decide about a request."""
        return self._answer(
            request, "/approvals/{id}", lambda visit: self.pages.decided(visit, id)
        )

    @app.route("/status", methods=["GET"])
    def about(self, request: McpRequest) -> Deferred[None] | None:
        """The status of the server."""
        asked = page_request(request, _STRANGER)
        return self._answer(
            request, "/status", lambda visit: self.pages.about(visit, asked)
        )

    @app.handle_errors(HTTPException)  # type: ignore[arg-type]
    def unrouted(self, request: McpRequest, failure: Failure) -> None:
        """Answer every other path, and every other method, with 404."""
        message = "There are two pages here: approvals and status."
        request.answer(problem_page(404, message, "/"))

    @app.handle_errors(Exception)  # type: ignore[arg-type]
    def failed(self, request: McpRequest, failure: Failure) -> None:
        """Answer an unexpected exception, such as that of a full disk, with a page.

        It does not say that nothing was decided: the failure may be later than that.
        """
        if request.startedWriting or request.gone:
            request.answer_incident(failure)
            return
        route = request.record.route
        error = report_bug(self.log, failure, "A page failed on {route}", route=route)
        message = (
            "This page failed. Open it again to see what was decided. The log of the "
            f"server says why, with the incident id {error.data['incident']}."
        )
        request.answer(problem_page(500, message, _root_of(route)))

    def _answer(
        self,
        request: McpRequest,
        route: str,
        respond: Callable[[Visit], Deferred[Answer] | Answer],
    ) -> Deferred[None] | None:
        request.record.route = route
        head = request.head
        headers = Headers(head.headers)
        address = self.proxies.client(peer_of(request), headers)
        if self.access_log.addresses:
            request.record.address = address
        try:
            visit = self.reader.read(
                head.method, headers, head.query, request.content.getvalue(), address
            )
        except VisitRefusedError as refused:
            page = problem_page(refused.status, refused.message, _root_of(route))
            request.answer(page)
            return None
        answer = respond(visit)
        if isinstance(answer, Deferred):
            return answer.addCallback(_deliver, request)
        request.answer(answer)
        return None


def _root_of(route: str) -> str:
    """Return what leads from the pages of a route to the root of the server."""
    return "../" * (route.count("/") - 1)


def _deliver(answer: Answer, request: McpRequest) -> None:
    if not request.gone:
        request.answer(answer)


class BesideMcp(Resource):
    """The root of a port that serves both MCP and these pages."""

    isLeaf = True

    def __init__(self, mcp: IResource, approvals: IResource) -> None:
        super().__init__()
        self._mcp = mcp
        self._approvals = approvals

    def render(self, request: Any) -> Any:
        """Let one of the two answer, by the first segment of the path.

        The status is shown by MCP to who presents the server secret.
        """
        first = request.postpath[0]
        ours = first == APPROVALS or (
            first == STATUS and not presents_key(Headers(request.head.headers))
        )
        return (self._approvals if ours else self._mcp).render(request)


def make_approvals_site(
    app: ApprovalsApp,
    *,
    clock: IReactorTime,
    limits: WebLimits,
    wall: Callable[[], float],
    prefix: str = "",
) -> McpSite:
    """Return the protocol factory for the listener of these pages.

    :param prefix: see `McpSite`.
    """
    return McpSite(
        app.app.resource(), clock, app.access_log, limits, wall, prefix=prefix
    )
