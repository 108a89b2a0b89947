"""Builds the pages of approvers: on a listener of their own, or on the MCP port.

Pages are reachable over loopback or https only, because browsers would send an
approver's secret and cookie to everyone on the way. The origins that count as our own
come from the settings and the bound ports, never from a request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen
from twisted.internet.interfaces import IAddress
from twisted.logger import Logger
from twisted.web.resource import IResource

from ..access.exposure import is_loopback
from ..access.tokens.token import TokenState
from ..state.token_buckets import TokenBuckets
from ..web.approvals.app import ApprovalsApp, BesideMcp, make_approvals_site
from ..web.approvals.approval_pages import ApprovalPages
from ..web.approvals.login import TRIES_A_MINUTE, Login
from ..web.approvals.own_origins import OwnOrigins
from ..web.approvals.sessions import ApproverSessions, LoginTokens
from ..web.approvals.visit import MAX_FORM_BYTES, VisitReader
from ..web.http.access_log import AccessLog
from ..web.http.limits import WebLimits
from ..web.intake import TrustedProxies
from .access.books import Books
from .http import HttpParts, make_reporter
from .mcp import McpParts
from .process.components import SocketListener
from .settings.settings import Settings
from .sockets.ports import BoundPort, Ports, make_ports

log = Logger()

ADMIN_CONNECTIONS = 100
"""Connections to the listener of the pages."""

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


@frozen
class ApprovalSite:
    """Where the pages are served.

    :param ports: of their own listener, or of MCP.
    :param app: answers on both.
    :param listener: their own listener; ``None`` on the MCP port.
    :param page: returns the URL of a request, by its id.
    """

    ports: Ports
    app: ApprovalsApp
    listener: SocketListener | None
    page: Callable[[str], str | None]

    def publish(self, urls: Sequence[str]) -> None:
        """Log where approvers decide, once the sockets are open."""
        log.info("IMCP-APPROVAL approvers decide at {page}", page=self.page(""))

    def withdraw(self) -> None:
        """Do nothing."""

    @property
    def listeners(self) -> tuple[SocketListener, ...]:
        """The listener of their own, if there is one."""
        return () if self.listener is None else (self.listener,)

    def beside(self, mcp: IResource) -> IResource:
        """Return what the MCP port serves: MCP, and the pages if they are there."""
        if self.listener is not None:
            return mcp
        return BesideMcp(mcp, self.app.app.resource())


def make_approval_site(
    settings: Settings, reactor: Any, mcp: McpParts, http: HttpParts
) -> ApprovalSite | None:
    """Build the pages; ``None`` if they are not served. Opens no socket."""
    if settings.admin_on_mcp_port:
        ports, url = http.ports, settings.admin_url or _safe(settings.public_url)
    elif settings.admin_endpoints:
        ports = make_ports(reactor, settings.admin_endpoints, "admin_listen")
        url = settings.admin_url
    else:
        return None
    page = mcp.books.approvals.page_of = partial(_page, ports, url)
    app = _app(settings, reactor, mcp, http, partial(own_origins, ports, url))
    if settings.admin_on_mcp_port:
        return ApprovalSite(ports, app, None, page)
    site = make_approvals_site(
        app,
        clock=reactor,
        limits=WebLimits(body_bytes=MAX_FORM_BYTES, connections=ADMIN_CONNECTIONS),
        wall=http.wall,
        prefix="" if url is None else urlsplit(url).path,
    )
    return ApprovalSite(ports, app, SocketListener(ports, site), page)


def own_origins(ports: Ports, url: str | None) -> Sequence[str]:
    """Return the origins of the pages, as far as the ports are bound.

    :param url: where approvers reach them, if the settings say so.
    """
    origins = [] if url is None else [_origin_of(url)]
    for bound in ports.bound:
        number = _local_port(ports, bound)
        if number is not None:
            scheme = bound.endpoint.scheme
            origins += [f"{scheme}://{name}:{number}" for name in _LOOPBACK_NAMES]
    return origins


def _app(
    settings: Settings,
    reactor: Any,
    mcp: McpParts,
    http: HttpParts,
    origins: Callable[[], Sequence[str]],
) -> ApprovalsApp:
    approvers = mcp.books.approvers
    sessions = ApproverSessions(approvers, reactor.seconds)
    tokens = LoginTokens()
    limit = TokenBuckets(TRIES_A_MINUTE, reactor)
    return ApprovalsApp(
        pages=ApprovalPages(
            desk=mcp.books.approvals,
            login=Login(approvers, sessions, tokens, limit),
            status=http.status,
            wall=http.wall,
            rules=partial(_rules, settings, mcp.books),
            report=make_reporter(mcp, http),
        ),
        reader=VisitReader(OwnOrigins(origins), sessions),
        proxies=TrustedProxies(settings.trusted_proxy),
        access_log=AccessLog(mcp.metrics, addresses=settings.log_clients),
    )


def _rules(settings: Settings, books: Books) -> Sequence[tuple[str, str]]:
    """Return what the operator decided, for the status page."""
    states = [token.state for token in books.tokens.listed()]
    return (
        ("Sending", "off" if books.sending.is_off else "on"),
        ("Access level", settings.access),
        *((f"Policy: {risk}", what) for risk, what in settings.policy.items()),
        ("Valid connection tokens", str(states.count(TokenState.VALID))),
    )


def _page(ports: Ports, url: str | None, id: str) -> str | None:
    """Return the URL of the page of a request."""
    local = [each.url for each in ports.bound if _local_port(ports, each) is not None]
    base = url or next(iter(local), None)
    return None if base is None else f"{base}/approvals/{id}".rstrip("/")


def _local_port(ports: Ports, bound: BoundPort) -> int | None:
    """Return the TCP port of a socket that only this machine reaches."""
    here: IAddress = bound.port.getHost()
    number: int | None = getattr(here, "port", None)
    return number if ports.is_local(here) else None


def _safe(url: str | None) -> str | None:
    """Return a URL if browsers reach it over https or on this machine."""
    parts = urlsplit(url or "")
    safe = parts.scheme == "https" or is_loopback(parts.hostname or "")
    return url if safe else None


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
