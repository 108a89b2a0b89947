"""The server without a daemon: what it needs, and how it ends."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.process.service import DRAIN_SECONDS, SETTLE_SECONDS
from instantly_mcp.daemon.settings.errors import ConfigurationError
from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.daemon.stdio.direct import Drain, build_direct
from tests.access.product.memory_daemon import StillReactor
from tests.access.product.memory_pipe import Lines, MemoryPipe
from tests.support.messages import META, call, initialize, modern, request


class NeedsTests(SynchronousTestCase):
    """What must be set."""

    def refusal(self, environ: dict[str, str], **given: str) -> str:
        """Return why the server cannot be built."""
        settings = resolve(given, environ)
        return str(
            self.assertRaises(
                ConfigurationError, build_direct, settings, StillReactor(), Lines()
            )
        )

    def test_key(self) -> None:
        """It needs a key, or the sandbox; the message says how to give either."""
        line = self.refusal({})
        for word in ("IMCP-KEY", "--api-key-file", "INSTANTLY_API_KEY", "--sandbox"):
            self.assertIn(word, line)

    def test_approvals(self) -> None:
        """Approval by other people needs a daemon."""
        line = self.refusal({}, sandbox="true", policy_sends="approve")
        self.assertIn("IMCP-APPROVAL policy_sends", line)
        self.assertIn("--url", line)


class ServedTests(SynchronousTestCase):
    """What the client gets."""

    def test_level_and_toolsets(self) -> None:
        """The settings narrow what is listed and what may be called."""
        pipe = MemoryPipe(access="read-only", toolsets="campaigns")
        pipe.ask(initialize())
        found = pipe.ask(request("tools/list"))["result"]["tools"]
        names = {each["name"] for each in found}
        self.assertIn("list_campaigns", names)
        self.assertNotIn("activate_campaign", names)
        self.assertNotIn("list_leads", names)

    def test_sandbox_title(self) -> None:
        """A sandbox says that it is one."""
        server = MemoryPipe().ask(initialize())["result"]["serverInfo"]
        self.assertEqual(server["title"], "Instantly (sandbox)")

    def test_no_network(self) -> None:
        """Nothing in the sandbox opens a connection or a port."""
        pipe = MemoryPipe()
        for name in ("list_campaigns", "get_server_info", "list_leads"):
            answer = pipe.ask(modern(call(name, {})))
            self.assertFalse(answer["result"].get("isError"), answer)
        reactor = pipe.reactor
        opened = (reactor.tcpClients, reactor.sslClients, reactor.tcpServers)
        self.assertEqual([*map(list, opened)], [[], [], []])

    def test_subscription_ends(self) -> None:
        """At the end, subscriptions are ended with their result."""
        pipe = MemoryPipe()
        uri = "instantly://campaigns"
        wanted = {"notifications": {"resourceSubscriptions": [uri]}}
        pipe.send(modern(request("subscriptions/listen", wanted, "l")))
        ended = pipe.connection.end()
        answer = pipe.reply("l")
        self.assertEqual(answer["result"]["_meta"][META + "subscriptionId"], "l")
        pipe.reactor.advance(1)
        self.successResultOf(ended)
        self.successResultOf(pipe.parts.close())


class DrainTests(SynchronousTestCase):
    """The end waits, but not for ever."""

    def setUp(self) -> None:
        """Start a server whose calls to Instantly never end."""
        self.pipe = MemoryPipe()
        self.never: Deferred[None] = Deferred()
        self.pipe.mcp.in_flight.track(self.never)

    def test_waits(self) -> None:
        """It waits for what is in flight."""
        ended = self.pipe.connection.end()
        self.pipe.reactor.advance(DRAIN_SECONDS - 1)
        self.assertNoResult(ended)
        self.never.callback(None)
        self.successResultOf(ended)

    def test_deadline(self) -> None:
        """After the deadline it ends all the same."""
        ended = self.pipe.connection.end()
        self.pipe.reactor.advance(DRAIN_SECONDS)
        self.assertNoResult(ended)
        self.pipe.reactor.advance(SETTLE_SECONDS)
        self.successResultOf(ended)

    def test_hurry(self) -> None:
        """After a second signal it does not wait for the deadline."""
        ended = self.pipe.connection.end()
        self.pipe.parts.hurry()
        self.assertNoResult(ended)
        self.pipe.reactor.advance(SETTLE_SECONDS)
        self.successResultOf(ended)

    def test_hurry_before_the_end(self) -> None:
        """Also if the signals came one right after the other."""
        drain = Drain(self.pipe.mcp, self.pipe.reactor)
        drain.hurry()
        ended: Any = drain.finish()
        self.pipe.reactor.advance(0)
        self.pipe.reactor.advance(SETTLE_SECONDS)
        self.successResultOf(ended)

    def test_calls_are_answered(self) -> None:
        """A call that is left is answered, so that no client repeats a write."""
        self.pipe.send(modern(call("verify_email", {"email": "a@example.com"})))
        ended = self.pipe.connection.end()
        for _ in range(60):
            self.pipe.reactor.advance(1)
        self.successResultOf(ended)
        self.assertEqual(len(self.pipe.lines.messages), 1)
