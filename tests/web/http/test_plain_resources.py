"""Tests for plain twisted.web resources within the same limits."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from instantly_mcp.web.http.access_log import AccessLog
from instantly_mcp.web.http.limits import WebLimits
from instantly_mcp.web.http.plain_resources import PlainSite
from tests.support.cases import ClockedTestCase

from ..site import NOW, Pipe, RecordingMetrics, parse, request


class Echo(Resource):
    """Answers as twisted.web's resources do."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.waiting: Deferred[None] = Deferred()

    def render(self, request: Any) -> int:
        """Write what was asked for, in two parts; ``/empty`` has a head alone."""
        request.setResponseCode(203)
        request.setHeader(b"content-type", b"text/plain")
        body = request.args.get(b"a", [b""])[0] + request.content.read()
        if request.path.startswith(b"/path"):
            body = b"|".join(request.postpath)
        if request.path == b"/known":
            request.setHeader(b"content-length", b"%d" % (len(body) + 1))
        if request.path != b"/empty":
            request.write(body)
            request.write(request.requestHeaders.getRawHeaders(b"x-b", [b""])[0])
        request.finish()
        return NOT_DONE_YET


class PlainTests(ClockedTestCase):
    def setUp(self) -> None:
        """Connect to such a resource."""
        super().setUp()
        access_log = AccessLog(RecordingMetrics(), enabled=False)
        limits = WebLimits(body_bytes=100)
        site = PlainSite(Echo(), self.clock, access_log, limits, lambda: NOW)
        self.pipe = Pipe("127.0.0.1")
        self.channel = site.buildProtocol(None)
        self.channel.makeConnection(self.pipe)
        self.addCleanup(self.channel.connectionLost, None)

    def ask(self, data: bytes) -> Any:
        """Send a request, return its one answer."""
        self.channel.dataReceived(data)
        response, rest = parse(self.pipe.value())
        self.pipe.clear()
        self.assertEqual(rest, b"")
        return response

    def test_arguments_headers_and_body(self):
        """The resource gets query, headers and body, and its answer is sent."""
        response = self.ask(request("POST", "/x?a=1&a=2", {"X-B": "3"}, b"body"))
        self.assertEqual((response.status, response.body), (203, b"1body3"))
        self.assertEqual(response.one("content-type"), "text/plain")

    def test_a_known_length(self):
        """A length that the resource names is the answer's."""
        response = self.ask(request("GET", "/known?a=12", {"X-B": "3"}))
        self.assertEqual(response.one("content-length"), "3")
        self.assertEqual(response.body, b"123")

    def test_path(self):
        """The resource gets the segments of the path decoded, also encoded slashes."""
        response = self.ask(request("GET", "/path/a%40b/c%2Fd/%"))
        self.assertEqual(response.body, b"path|a@b|c/d|%")

    def test_no_body(self):
        """An answer may be a head alone; the next request is answered."""
        for _ in range(2):
            self.assertEqual(self.ask(request("GET", "/empty")).body, b"")

    def test_limits(self):
        """The limits of every other connection hold."""
        response = self.ask(request("POST", "/x", {"Content-Length": "101"}))
        self.assertEqual(response.status, 413)
