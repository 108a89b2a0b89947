"""Tests for the CORS headers of answers made before the pipeline."""

from __future__ import annotations

from collections.abc import Mapping

from twisted.internet.defer import fail

from instantly_mcp.web.http.limits import WebLimits
from tests.support.cases import ClockedTestCase

from .site import GOOD_ORIGIN, Connection, MemoryServer, Response

LIMITS = WebLimits(
    body_bytes=1000,
    all_bodies_bytes=1500,
    connections=1,
    target_bytes=200,
    header_lines=20,
)
CHUNKED = {"Transfer-Encoding": "chunked"}
CASES: Mapping[int, tuple[str, Mapping[str, str], bytes]] = {
    400: ("/mcp", CHUNKED, b"zz\r\n"),
    413: ("/mcp", {"Content-Length": "1001"}, b""),
    414: ("/" + "x" * 300, {}, b""),
    415: ("/mcp", {"Content-Encoding": "gzip"}, b""),
    417: ("/mcp", {"Expect": "coffee"}, b""),
    431: ("/mcp", {f"X-{n}": "x" for n in range(30)}, b""),
}


def head(target: str, fields: Mapping[str, str], origins: tuple[str, ...]) -> bytes:
    """Return a head, with as many lines of ``Origin`` as wanted."""
    lines = [f"POST {target} HTTP/1.1", "Host: 127.0.0.1:3000"]
    lines += [f"oRiGiN:  {origin} " for origin in origins]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode()


class RefusedOriginTests(ClockedTestCase):
    def setUp(self) -> None:
        """Make a site that serves one connection."""
        super().setUp()
        self.server = MemoryServer(self.clock, LIMITS)

    def connect(self) -> Connection:
        """Open a connection that is closed at the end."""
        connection = self.server.connect()
        self.addCleanup(connection.hang_up)
        return connection

    def refusal(self, data: bytes, wait: float = 0.0) -> Response:
        """Send it on a connection of its own; return the one answer."""
        connection = self.server.connect()
        connection.send(data)
        self.clock.advance(wait)
        (response,) = connection.responses()
        connection.hang_up()
        return response

    def assert_readable(self, response: Response) -> None:
        """Assert that a script of the good origin may read it."""
        self.assertEqual(response.one("access-control-allow-origin"), GOOD_ORIGIN)
        self.assertEqual(response.one("vary"), "Origin")
        exposed = response.one("access-control-expose-headers") or ""
        self.assertIn("Retry-After", exposed)

    def test_an_allowed_origin(self):
        """Scripts of an allowed origin read why their request was refused."""
        for status, (target, fields, body) in CASES.items():
            with self.subTest(status=status):
                response = self.refusal(head(target, fields, (GOOD_ORIGIN,)) + body)
                self.assertEqual(response.status, status)
                self.assert_readable(response)

    def test_other_origins(self):
        """A foreign origin, and one beside another, is reflected in no refusal."""
        for status, (target, fields, body) in CASES.items():
            for origins in (("https://evil",), (GOOD_ORIGIN, "https://evil")):
                with self.subTest(status=status, origins=origins):
                    response = self.refusal(head(target, fields, origins) + body)
                    self.assertEqual(response.status, status)
                    self.assertIsNone(response.one("access-control-allow-origin"))
                    self.assertEqual(response.one("vary"), "Origin")

    def test_no_origin(self):
        """A client without Origin gets a refusal without such headers."""
        response = self.refusal(head("/mcp", {"Expect": "coffee"}, ()))
        self.assertIsNone(response.one("access-control-allow-origin"))
        self.assertIsNone(response.one("vary"))

    def test_too_slow(self):
        """A 408 can be read, whether the head or the body came too late."""
        whole = head("/mcp", {"Content-Length": "10"}, (GOOD_ORIGIN,))
        for data, wait in (
            (whole[:-2], LIMITS.head_seconds),
            (whole + b"abc", LIMITS.body_seconds),
        ):
            response = self.refusal(data, wait)
            self.assertEqual(response.status, 408)
            self.assert_readable(response)

    def test_too_busy(self):
        """A 503 can be read when there are too many connections."""
        first, second = self.connect(), self.connect()
        second.send(head("/mcp", {}, (GOOD_ORIGIN,)))
        (response,) = second.responses()
        self.assertEqual(response.status, 503)
        self.assert_readable(response)
        self.assertEqual(first.output(), b"")

    def test_no_room_for_bodies(self):
        """A 503 can be read when too much is being received already."""
        self.server.site.held_bytes = LIMITS.all_bodies_bytes - 100
        data = head("/mcp", {"Content-Length": "900"}, (GOOD_ORIGIN,)) + b"x" * 500
        response = self.refusal(data)
        self.assertEqual(response.status, 503)
        self.assert_readable(response)

    def test_an_incident(self):
        """An internal error can be read."""
        self.server.pipeline.reply = lambda _: fail(ZeroDivisionError())
        response = self.refusal(head("/mcp", {}, (GOOD_ORIGIN,)))
        self.assertEqual(response.status, 500)
        self.assert_readable(response)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
