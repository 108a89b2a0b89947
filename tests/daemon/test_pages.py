"""The pages of a whole daemon: what they show, to whom, and that no secret is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import loads
from instantly_mcp.access.tokens.book import TokenTerms
from tests.access.product.memory_daemon import Answer, MemoryDaemon
from tests.support.messages import call, initialize, request

SECRET = "canary-of-the-server-secret"
PATHS = ("/", "/connect", "/connect/check", "/status")
HTML = {"Accept": "text/html"}
PROXIED = {"X-Forwarded-For": "198.51.100.7"}


def bearer(value: str) -> dict[str, str]:
    """Return the header that presents a value."""
    return {"Authorization": f"Bearer {value}"}


class DaemonPagesTestCase(SynchronousTestCase):
    """A daemon on a driven clock."""

    secret = ""

    def setUp(self) -> None:
        """Start a daemon."""
        settings = {}
        if self.secret:
            path = Path(self.mktemp()).absolute()
            path.write_text(self.secret, encoding="utf-8")
            path.chmod(0o600)
            settings["server_secret_file"] = str(path)
        self.daemon = MemoryDaemon(**settings)
        self.addCleanup(self.daemon.stop)
        for hook, arguments, named in self.daemon.reactor.whenRunningHooks:
            hook(*arguments, **named)

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        """Open a page."""
        return self.daemon.ask(path=path, method="GET", headers=headers)

    def status(self, headers: dict[str, str] | None = None) -> Any:
        """Return the report."""
        return loads(self.get("/status", headers).body)

    def greet(self, name: str, headers: dict[str, str]) -> None:
        """Connect as a client of this name."""
        message = initialize()
        message["params"]["clientInfo"] = {"name": name, "version": "1.0"}
        self.daemon.ask(message, headers=headers)


class OpenPagesTests(DaemonPagesTestCase):
    """A sandbox without any secret."""

    def test_report(self) -> None:
        """Calls, their latency, their limits and errors are in the report."""
        self.assertEqual(self.status()["verdict"], "well")
        self.daemon.ask(call("list_campaigns", {}))
        self.daemon.ask(request("no/such/method"))
        self.get("/nowhere")
        found = self.status()
        self.assertEqual(found["instantly"]["lastAnswer"]["operation"], "listCampaign")
        self.assertEqual(found["rateLimits"][0]["workspace"], "(keys of callers)")
        errors = {each["code"]: each["count"] for each in found["errors"]}
        self.assertEqual(errors["HTTP 404"], 1)
        self.assertEqual(errors["JSON-RPC -32601"], 1)

    def test_upstream_fails(self) -> None:
        """When Instantly fails, the page says so and not that this server does."""
        faults = {"kind": "status", "status": 502, "times": 0}
        self.daemon.ask(faults, "/sandbox/faults")
        for _ in range(12):
            self.daemon.ask(call("list_campaigns", {}))
        found = self.status()
        self.assertEqual(found["verdict"], "instantly", found)
        self.assertIn(b"This server works", self.get("/status", HTML).body)

    def test_stopping(self) -> None:
        """While it drains the report says so."""
        wire = self.daemon.connect()
        stopping = self.daemon.service.stopService()
        answer = wire.send("GET", "/status").wait()
        self.assertEqual(loads(answer.body)["verdict"], "server")
        wire.hang_up()
        self.daemon.reactor.pump([1] * 60)
        self.successResultOf(stopping)


class SecretPagesTests(DaemonPagesTestCase):
    """A sandbox with a server secret and tokens."""

    secret = SECRET

    def test_no_secret_on_pages(self) -> None:
        """No page shows the secret or a token, not even as the name of a client."""
        made = TokenTerms(name="ada")
        _, token = self.successResultOf(self.daemon.books.tokens.issue(made))
        self.greet(SECRET, bearer(token))
        self.greet(token, bearer(SECRET))
        for path in PATHS:
            for shown in (HTML, {"Accept": "application/json"}):
                for who in ({}, bearer(SECRET), bearer(token)):
                    for way in ({}, PROXIED):
                        headers = {**shown, **who, **way}
                        body = self.get(path, headers).body.decode()
                        self.assertNotIn(SECRET, body, (path, headers))
                        self.assertNotIn(token, body, (path, headers))

    def test_each_sees_its_own_client(self) -> None:
        """The holder of a token does not learn which client another one uses."""
        values = []
        for name in ("ada", "bob"):
            made = TokenTerms(name=name)
            _, value = self.successResultOf(self.daemon.books.tokens.issue(made))
            self.greet(f"client-of-{name}", bearer(value))
            values.append(value)
        for value, own, other in zip(
            values, ("ada", "bob"), ("bob", "ada"), strict=True
        ):
            headers = {**bearer(value), **PROXIED}
            body = self.get("/connect/check", headers).body.decode()
            self.assertIn(f"client-of-{own}", body)
            self.assertNotIn(f"client-of-{other}", body)
            self.assertEqual(self.get("/status", headers).status, 403)
        self.assertIn(b"client-of-bob", self.get("/connect/check").body)

    def test_operator(self) -> None:
        """The status is shown with the secret, or on this machine; not to others."""
        for headers, status in (
            ({}, 200),
            (PROXIED, 403),
            ({**PROXIED, **bearer("wrong-secret")}, 403),
            ({**PROXIED, **bearer(SECRET)}, 200),
        ):
            self.assertEqual(self.get("/status", headers).status, status, headers)
