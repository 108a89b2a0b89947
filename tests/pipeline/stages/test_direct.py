"""Tests of direct execution: messages without a transport are answered."""

from __future__ import annotations

from zope.interface.verify import verifyObject

from instantly_mcp._json_codec import loads
from instantly_mcp.pipeline.exchange import Route
from instantly_mcp.pipeline.interfaces import IStage
from tests.support.clients import RigTestCase, SessionClient
from tests.support.messages import (
    LEGACY_VERSIONS,
    MODERN_VERSION,
    call,
    initialize,
    modern,
    notice,
    request,
)
from tests.support.servers import ADA


class WithoutSessionTests(RigTestCase):
    def test_provides(self) -> None:
        """It is a stage."""
        self.assertTrue(verifyObject(IStage, self.rig.direct))

    def test_no_session(self) -> None:
        """A client that never opened a session can ping, list and call."""
        for message in (
            request("ping"),
            request("tools/list"),
            call("echo", {"words": "x"}),
        ):
            with self.subTest(message=message):
                received = self.rig.send(message)
                self.assertEqual(received.status, 200)
                self.assertIn("result", received.message)
                self.assertIsNone(received.header("mcp-session-id"))

    def test_revision(self) -> None:
        """Its header says the revision; without one it is 2025-03-26."""
        for version in LEGACY_VERSIONS:
            received = self.rig.send(request("ping"), version=version)
            self.assertEqual(received.header("mcp-protocol-version"), version)
        bare = self.rig.send(request("ping"))
        self.assertEqual(bare.header("mcp-protocol-version"), "2025-03-26")

    def test_structured_content(self) -> None:
        """A client that names no revision may check results against a schema.

        So what such a request is shown agrees: the schema, and content that has it.
        """
        message = call("echo", {"words": "x"})
        self.assertIn("structuredContent", self.rig.send(message).result)
        self.assertIn("title", self.rig.send(request("tools/list")).result["tools"][0])
        for version in LEGACY_VERSIONS:
            declared = self.rig.send(message, version=version).result
            listed = self.rig.send(request("tools/list"), version=version).result
            shown = version >= "2025-06-18"
            self.assertEqual("structuredContent" in declared, shown)
            self.assertEqual("title" in listed["tools"][0], shown)

    def test_foreign_session(self) -> None:
        """With a session id that was not issued here all tools can be used."""
        received = self.rig.send(call("hello"), session="from-elsewhere")
        self.assertEqual(received.status, 200)
        self.assertIsNone(received.header("mcp-session-id"))

    def test_foreign_session_without_a_key(self) -> None:
        """With neither a known session nor a key the answer is 404."""
        received = self.rig.send(request("ping"), session="from-elsewhere", key=None)
        self.assertEqual((received.status, received.error["code"]), (404, -32001))

    def test_anonymous(self) -> None:
        """Without a key there are handshakes and lists, but no calls: 401."""
        for message in (request("ping"), request("tools/list"), call("hello")):
            self.assertEqual(self.rig.send(message, key=None).status, 200)
        received = self.rig.send(call("echo", {"words": "x"}, id=0), key=None)
        self.assertEqual((received.status, received.error["code"]), (401, -32001))
        self.assertEqual(received.message["id"], 0)
        self.assertEqual(received.header("www-authenticate"), "Bearer")

    def test_notification(self) -> None:
        """A notification gets 202 and no body."""
        received = self.rig.send(notice("notifications/initialized"))
        self.assertEqual((received.status, received.messages), (202, []))

    def test_cancellation_needs_a_session(self) -> None:
        """Without a session a call cannot be cancelled by its id."""
        received = self.rig.send(call("slow", id=1))
        self.rig.send(notice("notifications/cancelled", {"requestId": 1}))
        self.assertTrue(received.waits)
        self.rig.toolbox.running[0].finish()
        self.assertIn("result", received.message)


class MessagesTests(RigTestCase):
    def test_everything_works(self) -> None:
        """Without a stream, /messages answers in the body of a 200."""
        for session in (None, "no-stream"):
            for message in (
                initialize("2024-11-05"),
                request("ping"),
                request("tools/list"),
                call("hello"),
            ):
                with self.subTest(session=session, message=message):
                    received = self.rig.send(
                        message, route=Route.MESSAGES, session=session
                    )
                    self.assertEqual(received.status, 200)
                    self.assertIn("result", received.message)

    def test_initialize_and_notifications(self) -> None:
        """The fallback knows initialize, and a notification gets 202."""
        received = self.rig.send(initialize("2025-06-18"), route=Route.MESSAGES)
        self.assertEqual(received.result["protocolVersion"], "2025-06-18")
        told = self.rig.send(notice("notifications/initialized"), route=Route.MESSAGES)
        self.assertEqual((told.status, told.messages), (202, []))

    def test_missing_key(self) -> None:
        """A missing key is 400, -32000 here, with the same words."""
        received = self.rig.send(
            call("echo", {"words": "x"}, id=0), route=Route.MESSAGES, key=None
        )
        self.assertEqual((received.status, received.error["code"]), (400, -32000))
        self.assertTrue(
            received.error["message"].startswith("Instantly API key required: ")
        )
        self.assertEqual(received.message["id"], 0)

    def test_never_streams(self) -> None:
        """However long it takes, the answer is one body."""
        received = self.rig.send(call("steps", token="t"), route=Route.MESSAGES)
        self.clock.advance(60)
        self.assertTrue(received.waits)
        self.rig.toolbox.running[0].finish()
        self.assertEqual(len(received.messages), 1)


class NotAllowedTests(RigTestCase):
    def test_methods(self) -> None:
        """What a route does not take is 405 with Allow, and JSON that explains."""
        for route, method, allowed in (
            (Route.MCP, "GET", "GET, POST, DELETE, OPTIONS"),
            (Route.MCP, "PUT", "GET, POST, DELETE, OPTIONS"),
            (Route.MCP, "HEAD", "GET, POST, DELETE, OPTIONS"),
            (Route.SSE, "POST", "GET, OPTIONS"),
            (Route.SSE, "DELETE", "GET, OPTIONS"),
            (Route.MESSAGES, "GET", "POST, OPTIONS"),
            (Route.MESSAGES, "DELETE", "POST, OPTIONS"),
        ):
            with self.subTest(route=route, method=method):
                received = self.rig.send(
                    request("ping") if method == "POST" else None,
                    method=method,
                    route=route,
                    with_headers={"accept": "application/json"},
                )
                self.assertEqual(received.status, 405)
                self.assertEqual(received.header("allow"), allowed)
                self.assertIn("error", loads(received.answer.body))

    def test_help(self) -> None:
        """GET /mcp without a stream helps a person with curl, without a key in it."""
        received = self.rig.send(
            method="GET", with_headers={"accept": "application/json"}, path_key=ADA
        )
        body = loads(received.answer.body)
        self.assertEqual(body["server"], "tests")
        self.assertIn("GET only opens an event stream", body["error"]["message"])
        self.assertNotIn(ADA.encode(), received.answer.body)

    def test_modern_get_and_delete(self) -> None:
        """With a modern version header GET and DELETE are 405, sessions or not."""
        client = SessionClient(self.rig)
        for method in ("GET", "DELETE"):
            for session in (None, client.session):
                with self.subTest(method=method, session=session):
                    received = self.rig.send(
                        method=method, session=session, version=MODERN_VERSION
                    )
                    self.assertEqual(received.status, 405)
                    self.assertIsNotNone(received.header("allow"))
        self.assertEqual(client.ask(request("ping")).result, {})

    def test_id_is_echoed(self) -> None:
        """A request posted to a route that takes none is refused with its id."""
        received = self.rig.send(request("ping", id=0), route=Route.SSE)
        self.assertEqual(received.status, 405)
        self.assertEqual(received.message["id"], 0)

    def test_modern_on_messages(self) -> None:
        """A modern request on /messages is answered as in its own era."""
        received = self.rig.send_modern(modern(call("hello")), route=Route.MESSAGES)
        self.assertEqual(received.result["resultType"], "complete")
