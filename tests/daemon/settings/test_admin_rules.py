"""Where the pages of approvers may be served."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.settings.errors import ConfigurationError
from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.daemon.settings.settings import DEFAULT_ADMIN_LISTEN, Settings

REMOTE_TLS = "ssl:3100:privateKey=k.pem:certKey=c.pem"
HTTPS = "https://mcp.example.com"


def settings_with(**given: str) -> Settings:
    """Return settings.

    :raises ConfigurationError: for broken rules.
    """
    texts = {f"INSTANTLY_MCP_{name.upper()}": text for name, text in given.items()}
    return resolve({"sandbox": "true"}, texts)


class ListenerTests(SynchronousTestCase):
    """The listener of the pages."""

    def test_default(self) -> None:
        """There is one on loopback as soon as a policy asks for approval."""
        self.assertEqual(settings_with().admin_endpoints, ())
        approve = settings_with(policy_sends="approve")
        self.assertEqual(approve.admin_endpoints, (DEFAULT_ADMIN_LISTEN,))
        self.assertEqual(approve.asks_approvers, "policy_sends")
        chosen = settings_with(admin_listen="unix:/run/admin.sock")
        self.assertEqual(chosen.admin_endpoints, ("unix:/run/admin.sock",))

    def test_on_the_mcp_port(self) -> None:
        """The word mcp means the MCP port, and no listener."""
        settings = settings_with(admin_listen="mcp", policy_sends="approve")
        self.assertTrue(settings.admin_on_mcp_port)
        self.assertEqual(settings.admin_endpoints, ())

    def test_accepted(self) -> None:
        """Loopback and https are accepted."""
        for given in (
            {"admin_listen": "tcp:3100:interface=127.0.0.1"},
            {"admin_listen": "tcp6:3100:interface=\\:\\:1"},
            {"admin_listen": REMOTE_TLS, "admin_url": HTTPS},
            {"admin_listen": "mcp", "listen": "tcp:3000", "public_url": HTTPS},
            {"admin_listen": "mcp", "listen": "tcp:3000", "admin_url": HTTPS},
            {"admin_url": "http://localhost:3100"},
        ):
            settings_with(**given)

    def test_refused(self) -> None:
        """What would send secrets over a network in clear text is refused."""
        public = "http://mcp.example.com"
        for given, word in (
            ({"admin_listen": "tcp:3100"}, "without TLS"),
            ({"admin_listen": "tcp:3100:interface=10.0.0.5"}, "without TLS"),
            ({"admin_listen": "haproxy:tcp:3100"}, "without TLS"),
            ({"admin_listen": REMOTE_TLS}, "needs admin_url"),
            ({"admin_listen": "3100"}, "must be an endpoint"),
            ({"admin_listen": "mcp", "listen": "tcp:3000"}, "without TLS"),
            (
                {"admin_listen": "mcp", "listen": "tcp:3000", "public_url": public},
                "without TLS",
            ),
            ({"admin_url": public}, "must be https"),
        ):
            with self.assertRaises(ConfigurationError) as caught:
                settings_with(**given)
            (line,) = caught.exception.lines
            self.assertIn(word, line)
            self.assertIn("admin_", line)
