"""Which Host names the daemon accepts."""

from __future__ import annotations

from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.origin_policy import (
    ProxyReporter,
    RefusalReporter,
    companion_of,
    listens_to_both,
    origin_policy_for,
)
from instantly_mcp.daemon.settings.loading import resolve
from tests.support.exchanges import headers


class OriginPolicyTests(SynchronousTestCase):
    """Host is checked if the daemon's names are known."""

    def status(self, host: str, **given: object) -> int | None:
        """Return the status with which a Host header is refused, if it is."""
        error = origin_policy_for(resolve(given, {})).refusal(headers({"host": host}))  # type: ignore[arg-type]
        return None if error is None else error.status

    def test_loopback(self):
        """On loopback only loopback names are accepted, against DNS rebinding."""
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

    def test_refused_names_are_logged(self):
        """The log says, once for each name, which setting would accept it."""
        origin_policy = origin_policy_for(resolve({}, {}))
        with capturedLogs() as events:
            for _ in range(2):
                origin_policy.refusal(headers({"host": "mcp.acme.lan"}))
                origin_policy.refusal(
                    headers({"host": "localhost", "origin": "https://app.acme.lan"})
                )
        self.assertEqual(
            [formatEvent(event) for event in events],
            [
                "IMCP-HOST a request with Host mcp.acme.lan was refused: if that is "
                "this server, set public_url to its address",
                "IMCP-ORIGIN a request with Origin https://app.acme.lan was refused: "
                "if pages of that origin may send requests, add it to allow_origin",
            ],
        )

    def test_operator_is_not_flooded(self):
        """Any number of names, valid or not, does not fill the log."""
        origin_policy = origin_policy_for(resolve({}, {}))
        with capturedLogs() as events:
            for number in range(2 * RefusalReporter.MAX_NAMES):
                origin_policy.refusal(headers({"host": f"h{number}.example"}))
            origin_policy.refusal(headers({"host": "not a name"}))
        self.assertEqual(len(events), RefusalReporter.MAX_NAMES)

    def test_refusals_name_no_setting(self):
        """The refusals name no setting: a model would ask for it to be changed."""
        origin_policy = origin_policy_for(resolve({}, {}))
        for given in (
            {"host": "mcp.acme.lan"},
            {"host": "localhost", "origin": "https://app.acme.lan"},
        ):
            error = origin_policy.refusal(headers(given))
            assert error is not None
            said = str(error.as_object())
            self.assertNotIn("--", said)
            self.assertIn("Only the server operator", said)

    def test_both(self):
        """With a loopback and an open socket, requests must show which one they use."""
        for listen, both in (
            (["tcp:1:interface=127.0.0.1", "tcp:2"], True),
            (["unix:/run/x", "tcp:2"], True),
            (["tcp:1:interface=127.0.0.1", "unix:/run/x"], False),
            (["tcp:1", "tcp:2"], False),
            (["systemd:domain=INET:index=0"], True),
            (["systemd:domain=UNIX:index=0"], False),
        ):
            self.assertEqual(listens_to_both(resolve({"listen": listen}, {})), both)

    def test_interface(self):
        """An address that is listened on is a name of the daemon."""
        given = {
            "listen": ["tcp:3000:interface=10.1.2.3"],
            "public_url": "https://mcp.example.com",
        }
        self.assertIsNone(self.status("10.1.2.3:3000", **given))

    def test_unknown_proxy_is_logged_once(self):
        """A proxy that the settings do not mention is logged once."""
        noticed = ProxyReporter()
        with capturedLogs() as events:
            for header in ("x-forwarded-for", "via", "x-forwarded-for"):
                noticed(header)
        (line,) = map(formatEvent, events)
        self.assertTrue(line.startswith("IMCP-OPEN "), line)
        self.assertIn("x-forwarded-for", line)
        self.assertIn("server_secret_file", line)

    def test_companion(self):
        """Only the default is joined by the IPv6 loopback."""
        self.assertIsNotNone(companion_of(resolve({}, {})))
        self.assertIsNone(companion_of(resolve({"listen": ["tcp:3000"]}, {})))
