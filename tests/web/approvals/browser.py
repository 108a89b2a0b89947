"""A browser without a screen: it keeps cookies, and sends forms as browsers do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import unescape
from html.parser import HTMLParser
from typing import Protocol
from urllib.parse import urlencode, urljoin, urlsplit

from attrs import define, field
from twisted.internet.task import Clock

from instantly_mcp.access.approvals.approvers import ApproverBook
from instantly_mcp.metrics.registry import Metrics
from instantly_mcp.state.stores.approvers import SqlApproverStore
from instantly_mcp.state.token_buckets import TokenBuckets
from instantly_mcp.web.approvals.app import ApprovalsApp, make_approvals_site
from instantly_mcp.web.approvals.approval_pages import ApprovalPages
from instantly_mcp.web.approvals.login import TRIES_A_MINUTE, Login
from instantly_mcp.web.approvals.own_origins import OwnOrigins
from instantly_mcp.web.approvals.sessions import ApproverSessions, LoginTokens
from instantly_mcp.web.approvals.visit import VisitReader
from instantly_mcp.web.http.access_log import AccessLog
from instantly_mcp.web.http.limits import WebLimits
from instantly_mcp.web.http.site import McpSite
from instantly_mcp.web.intake import TrustedProxies
from tests.access.approvals.queue import Queue, value_of
from tests.web.site import Connection, FixedStatus, Response

ORIGINS = (
    "http://localhost:3100",
    "http://127.0.0.1:3100",
    "https://mcp.example.com",
)


class Asked(Protocol):
    """What a browser asks."""

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        address: str = "127.0.0.1",
    ) -> Response:
        """Send a request."""


@define(eq=False)
class PageServer:
    """The site of the pages, with a queue, one approver, and clocks that tests move."""

    queue: Queue = field(factory=Queue)
    origins: tuple[str, ...] = ORIGINS
    book: ApproverBook = field(init=False)
    secret: str = field(init=False, repr=False)
    sessions: ApproverSessions = field(init=False)
    site: McpSite = field(init=False)
    app: ApprovalsApp = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Start."""
        self.book = ApproverBook(
            store=SqlApproverStore(self.queue.database), wall=lambda: self.queue.wall
        )
        self.secret = self.add("Bo")
        self.sessions = ApproverSessions(self.book, self.clock.seconds)
        tokens = LoginTokens()
        limit = TokenBuckets(TRIES_A_MINUTE, self.clock)
        self.app = ApprovalsApp(
            pages=ApprovalPages(
                desk=self.queue.approvals,
                login=Login(self.book, self.sessions, tokens, limit),
                status=FixedStatus(),
                wall=lambda: self.queue.wall,
            ),
            reader=VisitReader(OwnOrigins(lambda: self.origins), self.sessions),
            proxies=TrustedProxies(),
            access_log=AccessLog(Metrics()),
        )
        self.site = make_approvals_site(
            self.app,
            clock=self.clock,
            limits=WebLimits(),
            wall=lambda: self.queue.wall,
        )

    @property
    def clock(self) -> Clock:
        """The clock of the queue."""
        return self.queue.clock

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        address: str = "127.0.0.1",
    ) -> Response:
        """Send a request on a connection of its own."""
        connection = Connection(self, address)
        try:
            return connection.ask(method, path, headers, body)
        finally:
            connection.hang_up()

    def add(self, name: str) -> str:
        """Add an approver; return the secret."""
        secret: str = value_of(self.book.add(name))[1]
        return secret

    def browser(self, origin: str = ORIGINS[0]) -> Browser:
        """Open a browser, which is not signed in."""
        return Browser(self, origin)

    def signed_in(self, name: str = "Bo", origin: str = ORIGINS[0]) -> Browser:
        """Open a browser, and sign in."""
        browser = self.browser(origin)
        secret = self.secret if name == "Bo" else self.add(name)
        browser.get("/approvals")
        browser.submit("login", name=name, secret=secret)
        return browser


class Forms(HTMLParser):
    """Finds the forms of a page: action, hidden fields, buttons."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self.buttons: list[tuple[str, str]] = []
        self._fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, or a field of it."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            assert given["method"] == "post", given
            self._fields = self.found[given["action"]] = {}
        elif tag == "input" and given.get("type") == "hidden":
            self._fields[given["name"]] = given["value"]
        elif tag == "button" and "name" in given:
            self.buttons.append((given["name"], given["value"]))


@define(eq=False)
class Browser:
    """One browser, which opens a connection for each request."""

    server: Asked
    origin: str
    address: str = "127.0.0.1"
    cookies: dict[str, str] = field(factory=dict)
    path: str = "/"
    response: Response = field(init=False)

    @property
    def text(self) -> str:
        """What a person reads on the page."""
        page = re.sub(r"<style>.*?</style>", "", self.page, flags=re.DOTALL)
        return unescape(re.sub(r"<[^>]*>", " ", page))

    @property
    def page(self) -> str:
        """The page as it was sent."""
        return self.response.body.decode()

    @property
    def status(self) -> int:
        """The status of the last answer."""
        return self.response.status

    @property
    def forms(self) -> Forms:
        """The forms of the page."""
        return Forms(self.page)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Browser:
        """Open a page."""
        return self._ask("GET", path, headers or {})

    def submit(self, form: str, **fields: str) -> Browser:
        """Send the form whose action ends with `form`, with these fields."""
        (action,) = [each for each in self.forms.found if each.endswith(form)]
        filled = {**self.forms.found[action], **fields}
        return self.post(urljoin(self.path, action), filled)

    def post(
        self,
        path: str,
        fields: Mapping[str, str] | Sequence[tuple[str, str]],
        headers: Mapping[str, str] | None = None,
    ) -> Browser:
        """Send a form, and follow the redirect that answers it."""
        sent = {
            "Origin": self.origin,
            "Content-Type": "application/x-www-form-urlencoded",
            **(headers or {}),
        }
        given = {name: value for name, value in sent.items() if value}
        self._ask("POST", path, given, urlencode(fields).encode())
        if self.status == 303:
            self.get(urljoin(self.path, self.response.one("location") or ""))
        return self

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Browser:
        given = {"Host": urlsplit(self.origin).netloc, **headers}
        if self.cookies:
            given["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        self.response = self.server.ask(method, path, given, body, self.address)
        self.path = path
        for cookie in self.response.headers.get("set-cookie", ()):
            name, _, value = cookie.partition(";")[0].partition("=")
            if "Max-Age=0" in cookie:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return self
