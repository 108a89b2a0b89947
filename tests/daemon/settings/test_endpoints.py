"""Listen strings: the port in them, and the next one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.settings.endpoints import Endpoint, suggested_endpoint


class EndpointTests(SynchronousTestCase):
    """One endpoint string, taken apart and put together."""

    def test_next_port(self):
        """The port is increased in any form of endpoint; the rest stays."""
        for text, expected in [
            ("tcp:3000:interface=127.0.0.1", "tcp:3002:interface=127.0.0.1"),
            ("tcp:port=3000", "tcp:port=3002"),
            ("tcp6:3000:interface=\\:\\:1", "tcp6:3002:interface=\\:\\:1"),
        ]:
            self.assertEqual(str(Endpoint.parse(text).after(2)), expected)

    def test_no_next_port(self):
        """A socket without a number, or at the last one, has no next."""
        for text in ("unix:/run/x", "tcp:65535", "tcp:0"):
            self.assertIsNone(Endpoint.parse(text).after(1))

    def test_any_port_stays(self):
        """Port 0 asks the system once."""
        self.assertEqual(str(Endpoint.parse("tcp:0").after(0)), "tcp:0")

    def test_scheme(self):
        """Only TLS endpoints make https URLs."""
        self.assertEqual(Endpoint.parse("ssl:1").scheme, "https")
        self.assertEqual(Endpoint.parse("tcp:1").scheme, "http")

    def test_backlog(self):
        """The backlog is large by default; the string can set it."""
        for text, expected in [
            ("tcp:1:interface=\\:\\:1", "tcp:1:backlog=1024:interface=\\:\\:1"),
            ("unix:/run/x", "unix:/run/x:backlog=1024"),
            ("tcp:1:backlog=5", "tcp:1:backlog=5"),
            ("tcp:1:127.0.0.1:5", "tcp:1:127.0.0.1:5"),
            ("systemd:domain=INET:index=0", "systemd:domain=INET:index=0"),
        ]:
            self.assertEqual(Endpoint.parse(text).description, expected)

    def test_no_endpoint(self):
        """A string that is not an endpoint is refused."""
        for text in ("", "tcp", "tcp:", "tcp:http", "tcp:65536", "unix"):
            with self.assertRaises(ValueError):
                Endpoint.parse(text)

    def test_right_form(self):
        """For common mistakes in an endpoint the correct form is shown."""
        for text, form in (
            ("3000", "tcp:3000:interface=127.0.0.1"),
            (":3000", "tcp:3000:interface=127.0.0.1"),
            ("localhost:3000", "tcp:3000:interface=127.0.0.1"),
            ("mcp.lan:3000", "tcp:3000:interface=127.0.0.1"),
            ("0.0.0.0:3000", "tcp:3000:interface=0.0.0.0"),
            ("*:3000", "tcp:3000"),
            ("[::1]:3000", "tcp:3000:interface=\\:\\:1"),
            ("http://127.0.0.1:3000/", "tcp:3000:interface=127.0.0.1"),
            ("http://:3000", "tcp:3000"),
            ("tcp://0.0.0.0:3000", "tcp:3000:interface=0.0.0.0"),
            ("tcp:127.0.0.1:3000", "tcp:3000:interface=127.0.0.1"),
            ("https://mcp.lan:443", "ssl:443:privateKey=KEY.pem:certKey="),
            ("ssl:0.0.0.0:443", "ssl:443:privateKey=KEY.pem:certKey="),
            ("tcp:3000:interface=::1", "tcp:3000:interface=\\:\\:1"),
            ("tcp6:3000:interface=[::]", "tcp:3000:interface=\\:\\:"),
        ):
            error = self.assertRaises(ValueError, Endpoint.parse, text)
            self.assertIn(f"must be an endpoint: write {form}", str(error), text)

    def test_forms_are_right(self):
        """Each form that is shown is an endpoint; endpoints are not taken for anything
        else.
        """
        for text in ("3000", "[::1]:3000", "*:1", "https://a.lan:443", "0.0.0.0:1"):
            form = suggested_endpoint(text)
            assert form is not None
            self.assertIsNone(suggested_endpoint(form))
            Endpoint.parse(form)
        for text in ("tcp:3000", "unix:/run/x", "systemd:domain=INET:index=0", "ssl:1"):
            self.assertIsNone(suggested_endpoint(text))

    def test_no_name_is_repeated(self):
        """A text that may be a secret is not repeated."""
        for text in ("CANARY.a:3000", "CANARY", "/CANARY", "tcp:CANARY:1"):
            with self.assertRaises(ValueError) as caught:
                Endpoint.parse(text)
            self.assertNotIn("CANARY", str(caught.exception))

    @given(st.text(min_size=1, max_size=30), st.integers(1, 60000))
    def test_round_trip(self, interface, port):
        """Any argument is the same after writing and reading it."""
        address = Endpoint("tcp", (str(port),), {"interface": interface})
        self.assertEqual(Endpoint.parse(str(address)), address)
