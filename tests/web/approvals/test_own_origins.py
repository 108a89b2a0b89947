"""Tests for the origins under which the pages are served."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.pipeline.exchange import Headers
from instantly_mcp.pipeline.origins import Origin
from instantly_mcp.web.approvals.own_origins import OwnOrigins, is_sent_from

OWN = OwnOrigins(
    lambda: (
        "http://localhost:3100",
        "http://[::1]:3100",
        "https://mcp.example.com",
        "https://other.example.com:8443",
    )
)
LOCAL = Origin("http", "localhost", 3100)


class OwnOriginTests(SynchronousTestCase):
    """Host says which page was opened, Origin says which page sent a form."""

    def test_requested(self) -> None:
        """A Host that names an origin, with its port, selects it."""
        for host, origin in (
            ("localhost:3100", LOCAL),
            ("LOCALHOST:3100", LOCAL),
            ("[::1]:3100", Origin("http", "[::1]", 3100)),
            ("[0:0::1]:3100", Origin("http", "[::1]", 3100)),
            ("mcp.example.com", Origin("https", "mcp.example.com")),
            ("mcp.example.com:443", Origin("https", "mcp.example.com")),
            ("other.example.com:8443", Origin("https", "other.example.com", 8443)),
        ):
            self.assertEqual(OWN.requested(Headers({"host": (host,)})), origin, host)

    def test_not_requested(self) -> None:
        """Any other Host, none, and two of them select none."""
        for hosts in (
            (),
            ("",),
            ("localhost",),
            ("localhost:3101",),
            ("mcp.example.com:80",),
            ("mcp.example.com.evil.example",),
            ("user@localhost:3100",),
            ("localhost:3100/x",),
            ("localhost:3100", "localhost:3100"),
            ("localhost:3100", "evil.example"),
        ):
            self.assertIsNone(OWN.requested(Headers({"host": hosts})), hosts)

    def test_no_port_yet(self) -> None:
        """Before the ports are bound there is no origin."""
        headers = Headers({"host": ("localhost:3100",)})
        self.assertIsNone(OwnOrigins(tuple).requested(headers))

    def test_sent_from(self) -> None:
        """A form must state exactly the origin of the page."""
        for origins, right in (
            (("http://localhost:3100",), True),
            ((), False),
            (("null",), False),
            (("http://localhost:3101",), False),
            (("https://localhost:3100",), False),
            (("http://localhost:3100", "http://localhost:3100"), False),
            (("http://localhost:3100 http://evil.example",), False),
        ):
            headers = Headers({"origin": origins})
            self.assertEqual(is_sent_from(LOCAL, headers), right, origins)
