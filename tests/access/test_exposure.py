"""Exposure: what may listen where, with which secrets."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.endpoints import quoteStringArgument
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.exposure import exposure_refusal, is_local, quoted

LOCAL = (
    "tcp:3000:interface=127.0.0.1",
    "tcp:port=3000:interface=127.0.0.1",
    "tcp:3000:interface=127.8.9.1",
    "tcp:3000:127.0.0.1",
    "tcp:3000:interface=localhost",
    r"tcp6:3000:interface=\:\:1",
    "ssl:3000:privateKey=k.pem:interface=127.0.0.1",
    "unix:/run/instantly-mcp.sock",
    r"unix:address=/run/odd\:name.sock:mode=660",
    "systemd:domain=UNIX:index=0",
)

EXPOSED = (
    "tcp:3000",
    "tcp:3000:interface=",
    "tcp:3000:interface=0.0.0.0",
    "tcp:3000:interface=10.0.0.5",
    "tcp:3000:interface=127.0.0.1.evil.example",
    r"tcp6:3000",
    r"tcp6:3000:interface=\:\:",
    "tcp6:3000:127.0.0.1",
    "ssl:443:privateKey=k.pem",
    "ssl:443:127.0.0.1",
    "systemd:domain=INET:index=0",
    "fd:3",
    "onion:80",
    "haproxy:tcp:3000",
    "unixish:/run/x",
    "",
)


class QuotedTests(SynchronousTestCase):
    """Values in endpoint descriptions."""

    @given(st.text(alphabet="ab:\\=/") | st.text())
    def test_like_twisted(self, value: str):
        """A value is escaped as Twisted escapes it."""
        self.assertEqual(quoted(value), quoteStringArgument(value))


class ExposureTests(SynchronousTestCase):
    """`is_local` and `exposure_refusal`."""

    def test_local(self) -> None:
        """Loopback addresses and UNIX sockets are local, with a PROXY header too."""
        for description in LOCAL:
            self.assertTrue(is_local(description), description)
            self.assertTrue(is_local(f"haproxy:{description}"), description)

    def test_exposed(self) -> None:
        """Everything else counts as reachable by others, also unknown descriptions."""
        for description in EXPOSED:
            self.assertFalse(is_local(description), description)

    @given(st.text(min_size=1, max_size=60))
    def test_any_socket_path(self, path: str) -> None:
        """A UNIX socket is local whatever its path, written as Twisted quotes it."""
        self.assertTrue(is_local(f"unix:{quoteStringArgument(path)}"))

    @given(st.text(max_size=60))
    def test_no_text_breaks_it(self, text: str) -> None:
        """Any text is judged without an error."""
        self.assertIsInstance(is_local(text), bool)

    def test_operator_key_alone(self) -> None:
        """An operator's key without a server secret is for this machine only."""
        for description in LOCAL:
            self.assertIsNone(exposure_refusal([description], operator_key=True))
        for description in EXPOSED:
            refusal = exposure_refusal([LOCAL[0], description], operator_key=True)
            assert refusal is not None
            self.assertIn("MCP_AUTH_SECRET_KEY", refusal)
            self.assertIn(repr(description), refusal)

    def test_behind_a_proxy(self) -> None:
        """Behind a proxy callers appear to come from loopback: a secret is needed."""
        behind: tuple[dict[str, Any], ...] = (
            {"public_url": "https://mcp.example.com"},
            {"public_url": "http://10.0.0.5:3000"},
            {"public_url": "https://localhost.example.com"},
            {"trusted_proxy": ["127.0.0.1"]},
            {"trusted_proxy": ["unix"]},
        )
        for description in LOCAL:
            for named in behind:
                for switch in ("operator_key", "no_auth"):
                    given = {switch: True, **named}
                    self.assertIsNotNone(exposure_refusal([description], **given))
                self.assertIsNone(exposure_refusal([description], **named))
                both = {"operator_key": True, "server_secret": True, **named}
                self.assertIsNone(exposure_refusal([description], **both))

    def test_proxy_protocol(self) -> None:
        """An endpoint for the PROXY protocol counts as one behind a proxy."""
        for wrapped in LOCAL:
            refusal = exposure_refusal([f"haproxy:{wrapped}"], operator_key=True)
            assert refusal is not None
            self.assertIn("proxy", refusal)

    def test_public_url_of_this_machine(self) -> None:
        """A public URL on loopback changes nothing."""
        for url in (
            "http://127.0.0.1:3000",
            "http://localhost",
            "https://LOCALHOST:8443/x",
            "http://mcp.localhost:3000",
            "http://[::1]:3000",
        ):
            given: dict[str, Any] = {"public_url": url, "operator_key": True}
            self.assertIsNone(exposure_refusal(LOCAL, **given), url)
            self.assertIsNone(exposure_refusal(LOCAL, no_auth=True, **given), url)

    def test_with_secret(self) -> None:
        """With a server secret any address is allowed."""
        for description in EXPOSED:
            self.assertIsNone(
                exposure_refusal([description], operator_key=True, server_secret=True)
            )

    def test_no_operator_key(self) -> None:
        """Without an operator's key any address is allowed."""
        self.assertIsNone(exposure_refusal(EXPOSED))
        self.assertIsNone(exposure_refusal(EXPOSED, server_secret=True))

    def test_no_auth(self) -> None:
        """--no-auth is for local addresses only, with any combination of secrets."""
        for key in (False, True):
            for secret in (False, True):
                self.assertIsNone(
                    exposure_refusal(
                        LOCAL, operator_key=key, server_secret=secret, no_auth=True
                    )
                )
                refusal = exposure_refusal(
                    EXPOSED, operator_key=key, server_secret=secret, no_auth=True
                )
                assert refusal is not None
                self.assertIn("--no-auth", refusal)

    def test_one_sentence(self) -> None:
        """A refusal is one line and one sentence."""
        refusal = exposure_refusal(["tcp:80"], operator_key=True)
        assert refusal is not None
        self.assertNotIn("\n", refusal)
        self.assertTrue(refusal.endswith("."))
