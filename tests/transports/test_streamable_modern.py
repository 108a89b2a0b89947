"""Streamable HTTP: the modern era on the same path."""

from __future__ import annotations

from tests.support.clients import ModernClient, SessionClient
from tests.support.messages import (
    ABSENT,
    META,
    MODERN_VERSION,
    call,
    initialize,
    modern,
    notice,
    request,
)
from tests.transports.streaming import StreamableTestCase


class ModernTests(StreamableTestCase):
    def test_every_method(self) -> None:
        """A modern request is answered without any handshake."""
        client = ModernClient(self.rig)
        for message in (
            request("server/discover", {}),
            request("tools/list", {}),
            call("hello"),
        ):
            received = client.ask(message)
            self.assertEqual(received.status, 200)
            self.assertEqual(received.header("mcp-protocol-version"), MODERN_VERSION)
            self.assertIsNone(received.header("mcp-session-id"))

    def test_session_is_ignored(self) -> None:
        """A session id on a modern request counts for nothing, dead or alive."""
        client = SessionClient(self.rig)
        client.ask(request("logging/setLevel", {"level": "debug"}))
        for session in (client.session, "from-elsewhere"):
            received = self.rig.send_modern(modern(call("chatty")), session=session)
            self.rig.toolbox.running[-1].finish()
            self.assertEqual(received.notifications, [])
            self.assertIsNone(received.header("mcp-session-id"))

    def test_disconnecting(self) -> None:
        """A client that disconnects cancels its call and gets nothing more."""
        for seconds in (0, 10):
            with self.subTest(seconds=seconds):
                received = ModernClient(self.rig).ask(call("slow"))
                self.clock.advance(seconds)
                received.leave()
                self.assertTrue(self.rig.toolbox.running[-1].cancelled)
                self.assertEqual(received.messages, [])
                if seconds == 0:
                    self.assertTrue(received.was_cancelled)

    def test_streams_have_no_ids(self) -> None:
        """Events of the modern era cannot be resumed, so they have no ids."""
        received = ModernClient(self.rig).ask(call("steps", token="t"))
        self.rig.toolbox.running[0].finish()
        self.assertEqual([event.id for event in received.events], [None] * 4)
        self.assertTrue(received.ended)

    def test_statuses(self) -> None:
        """Refusals are JSON with their true status, each with the request's id."""
        whole = modern(call("hello", id=0))
        bare = modern(call("hello", id=0), clientCapabilities=ABSENT)
        for message, headers, status, code in (
            (bare, {}, 400, -32602),
            (whole, {"mcp-method": "x"}, 400, -32020),
            (whole, {"mcp-name": "x"}, 400, -32020),
            (modern(call("hello", id=0), "v9"), {}, 400, -32022),
            (modern(request("nothing", {}, id=0)), {}, 404, -32601),
            (modern(initialize(id=0)), {}, 404, -32601),
            (modern(call("nothing", id=0)), {}, 200, -32602),
        ):
            with self.subTest(code=code, headers=headers):
                received = self.rig.send_modern(message, with_headers=headers)
                self.assertEqual(received.status, status)
                self.assertEqual(received.error["code"], code)
                self.assertEqual(received.message["id"], 0)
                self.assertEqual(received.header("content-type"), "application/json")

    def test_without_envelope(self) -> None:
        """A modern header without the envelope is 400, -32602."""
        received = self.rig.send(
            request("server/discover", {}),
            version=MODERN_VERSION,
            with_headers={"mcp-method": "server/discover"},
        )
        self.assertEqual((received.status, received.error["code"]), (400, -32602))

    def test_without_header(self) -> None:
        """The envelope without the header is 400, -32020."""
        received = self.rig.send(modern(call("hello")))
        self.assertEqual((received.status, received.error["code"]), (400, -32020))

    def test_supported_versions_agree(self) -> None:
        """What an unsupported version is offered is what discover lists."""
        client = ModernClient(self.rig)
        discovered = client.ask(request("server/discover", {})).result
        refused = self.rig.send_modern(modern(call("hello"), "v999.0.0"))
        self.assertLessEqual(
            set(refused.error["data"]["supported"]),
            set(discovered["supportedVersions"]),
        )

    def test_notifications(self) -> None:
        """A modern notification is 202 and cancels nothing."""
        received = ModernClient(self.rig).ask(call("slow", id=1))
        told = self.rig.send(
            notice("notifications/cancelled", {"requestId": 1}), version=MODERN_VERSION
        )
        self.assertEqual((told.status, told.messages), (202, []))
        self.assertTrue(received.waits)
        self.rig.toolbox.running[0].finish()

    def test_nothing_of_an_earlier_request_counts(self) -> None:
        """Log level and capabilities are those of the request itself."""
        client = ModernClient(self.rig)
        loud = client.ask(call("chatty"), logLevel="debug")
        quiet = client.ask(call("chatty"))
        for running in self.rig.toolbox.running:
            running.finish()
        self.assertEqual(len(loud.notifications), 4)
        self.assertEqual(len(quiet.notifications), 0)
        self.assertIn(META + "serverInfo", quiet.result["_meta"])
