"""Which names are the daemon's own."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.perimeter import companion_of, listens_to_both, perimeter_of
from instantly_mcp.daemon.settings import resolve
from tests.support.exchanges import headers


class PerimeterTests(SynchronousTestCase):
    """Host is checked where the daemon's name is known."""

    def status(self, host: str, **given: object) -> int | None:
        """Return the status with which a Host header is refused, if it is."""
        error = perimeter_of(resolve(given, {})).refusal(headers({"host": host}))  # type: ignore[arg-type]
        return None if error is None else error.status

    def test_loopback(self):
        """On loopback only loopback names are served: no page can rebind its name."""
        self.assertIsNone(self.status("localhost:3000"))
        self.assertEqual(self.status("evil.example"), 421)

    def test_open(self):
        """A daemon that listens everywhere does not know all its names."""
        self.assertIsNone(self.status("mcp.lan", listen=["tcp:3000"]))

    def test_public_url(self):
        """Where the public name is known, it and loopback are served."""
        given = {"listen": ["tcp:3000"], "public_url": "https://mcp.example.com"}
        self.assertIsNone(self.status("mcp.example.com", **given))
        self.assertEqual(self.status("evil.example", **given), 421)

    def test_both(self):
        """Loopback beside an open socket is a difference that requests must show."""
        for listen, both in (
            (["tcp:1:interface=127.0.0.1", "tcp:2"], True),
            (["unix:/run/x", "tcp:2"], True),
            (["tcp:1:interface=127.0.0.1", "unix:/run/x"], False),
            (["tcp:1", "tcp:2"], False),
        ):
            self.assertEqual(listens_to_both(resolve({"listen": listen}, {})), both)

    def test_interface(self):
        """An address that is listened on is a name of the daemon."""
        given = {
            "listen": ["tcp:3000:interface=10.1.2.3"],
            "public_url": "https://mcp.example.com",
        }
        self.assertIsNone(self.status("10.1.2.3:3000", **given))

    def test_companion(self):
        """Only the default is joined by the IPv6 loopback."""
        self.assertIsNotNone(companion_of(resolve({}, {})))
        self.assertIsNone(companion_of(resolve({"listen": ["tcp:3000"]}, {})))
