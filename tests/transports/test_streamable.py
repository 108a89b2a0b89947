"""Streamable HTTP: handshakes, sessions and what ends them."""

from __future__ import annotations

from collections.abc import Sequence

from zope.interface.verify import verifyObject

from instantly_mcp._rights import ALL_RIGHTS, Rights
from instantly_mcp.pipeline.exchange import Route
from instantly_mcp.pipeline.interfaces import ITransport
from instantly_mcp.pipeline.replies.reply import EventStream
from instantly_mcp.protocol.primitives.registries import ResourceRegistry
from instantly_mcp.protocol.primitives.resource import Resource
from instantly_mcp.protocol.wire.versions import LATEST_LEGACY
from tests.support.clients import ModernClient, SessionClient
from tests.support.exchanges import exchange
from tests.support.messages import (
    LEGACY_VERSIONS,
    MODERN_VERSION,
    call,
    initialize,
    notice,
    request,
)
from tests.support.servers import ADA, BOB
from tests.support.toolboxes import Fault
from tests.transports.streaming import StreamableTestCase


class BrokenRegistry(ResourceRegistry):
    """A registry whose resources cannot be listed."""

    def resources(self, rights: Rights = ALL_RIGHTS) -> Sequence[Resource]:
        """Fail with a bug."""
        raise Fault("a bug")


class InitializeTests(StreamableTestCase):
    def test_mints_a_session(self) -> None:
        """initialize answers with the agreed revision and a session id."""
        for version in LEGACY_VERSIONS:
            with self.subTest(version=version):
                client = SessionClient(self.rig, version)
                opening = client.opening
                self.assertEqual(opening.result["protocolVersion"], version)
                self.assertEqual(opening.header("mcp-protocol-version"), version)
                self.assertEqual(self.session_of(client).revision.version, version)

    def test_sessions_exist(self) -> None:
        """Every handshake is a session that is held, found, and ended."""
        first, second = SessionClient(self.rig), SessionClient(self.rig)
        self.assertNotEqual(first.session, second.session)
        self.assertEqual(self.rig.sessions.count, 2)
        first.ask(request("ping"))
        self.rig.send(method="DELETE", session=first.session)
        self.assertEqual(self.rig.sessions.count, 1)

    def test_modern_revision_asked_for(self) -> None:
        """Naming 2026-07-28 in initialize gets the latest revision with sessions."""
        for asked in (MODERN_VERSION, "v999.0.0"):
            opening = self.rig.send(initialize(asked))
            revision = opening.result["protocolVersion"]
            self.assertEqual(revision, LATEST_LEGACY.version)
            self.assertIsNotNone(opening.header("mcp-session-id"))

    def test_version_header_on_initialize(self) -> None:
        """A version header on the initialize itself is accepted."""
        opening = self.rig.send(initialize(), version="2025-11-25")
        self.assertIsNotNone(opening.header("mcp-session-id"))

    def test_remembers_the_client(self) -> None:
        """The session keeps the name that its client stated, also an odd one."""
        client = SessionClient(self.rig)
        self.assertEqual(self.session_of(client).client_name, "tests")
        message = initialize()
        message["params"] = {"clientInfo": [], "capabilities": 7}
        opening = self.rig.send(message)
        self.assertIn("result", opening.message)

    def test_stream_only(self) -> None:
        """A client that excludes JSON gets its session on the stream's headers."""
        opening = self.rig.send(initialize(), accepts_json=False)
        self.assertTrue(opening.streams)
        self.assertIsNotNone(opening.header("mcp-session-id"))

    def test_failing(self) -> None:
        """An initialize that fails inside opens no session, however it is answered."""
        self.rig.server.features.resources = BrokenRegistry()
        for accepts_json in (True, False):
            with self.subTest(accepts_json=accepts_json):
                opening = self.rig.send(initialize(), accepts_json=accepts_json)
                self.assertEqual(opening.error["code"], -32603)
                self.assertIsNone(opening.header("mcp-session-id"))
                self.assertEqual(len(self.flushLoggedErrors(Fault)), 1)
        self.assertEqual(self.rig.sessions.count, 0)

    def test_within_a_session(self) -> None:
        """Another initialize opens another session and leaves the first alone."""
        client = SessionClient(self.rig)
        again = client.ask(initialize("2025-06-18"))
        self.assertNotIn(again.header("mcp-session-id"), (None, client.session))
        self.assertEqual(self.session_of(client).revision.version, "2025-11-25")

    def test_anonymous(self) -> None:
        """A handshake needs no key."""
        opening = self.rig.send(initialize(), key=None)
        self.assertIsNotNone(opening.header("mcp-session-id"))

    def test_initialized(self) -> None:
        """notifications/initialized is answered with 202."""
        client = SessionClient(self.rig)
        self.assertEqual(client.tell("notifications/initialized").status, 202)


class SessionTests(StreamableTestCase):
    def test_revision_of_the_session(self) -> None:
        """What was negotiated counts, whatever header the client sends or omits."""
        client = SessionClient(self.rig, "2025-06-18")
        for header in (None, *LEGACY_VERSIONS):
            received = self.rig.send(
                request("ping"), session=client.session, version=header
            )
            self.assertEqual(received.header("mcp-protocol-version"), "2025-06-18")

    def test_unsupported_header(self) -> None:
        """An unknown version header is 400."""
        client = SessionClient(self.rig)
        received = self.rig.send(
            request("ping"),
            session=client.session,
            version="v999.0.0",
            speaks="2026-07-28",
        )
        self.assertEqual(received.status, 400)

    def test_argument_errors(self) -> None:
        """Bad arguments are results in every revision."""
        for version in LEGACY_VERSIONS:
            with self.subTest(version=version):
                received = SessionClient(self.rig, version).ask(call("echo", {}))
                self.assertEqual(received.status, 200)
                self.assertTrue(received.result["isError"])

    def test_ended(self) -> None:
        """A session that we ended is 404, -32001, with the request's id."""
        client = SessionClient(self.rig)
        self.rig.sessions.end(self.session_of(client), "test")
        for message in (request("ping", id=0), notice("x")):
            received = client.ask(message)
            self.assertEqual((received.status, received.error["code"]), (404, -32001))
        self.assertEqual(self.listen(client).status, 404)
        batch = client.ask([request("ping")])
        self.assertEqual((batch.status, batch.error["code"]), (404, -32001))

    def test_of_another_principal(self) -> None:
        """A session belongs to its principal: others get 404, and reach nothing."""
        client = SessionClient(self.rig)
        received = self.rig.send(request("ping"), session=client.session, key=BOB)
        self.assertEqual(received.status, 404)

    def test_log_level(self) -> None:
        """logging/setLevel holds for the session and for no other."""
        mine, other = SessionClient(self.rig), SessionClient(self.rig)
        mine.ask(request("logging/setLevel", {"level": "warning"}))
        for client, levels in ((mine, ["warning", "error"]), (other, [])):
            received = client.ask(call("chatty"))
            self.rig.toolbox.running[-1].finish()
            heard = [one["params"]["level"] for one in received.notifications]
            self.assertEqual(heard, levels)


class StrictTests(StreamableTestCase):
    def setUp(self) -> None:
        """Serve by the strict policy."""
        super().setUp()
        self.rig = self.make_rig(strict=True)

    def test_no_session(self) -> None:
        """A message without a session id is 400, but initialize and modern are not."""
        received = self.rig.send(request("ping", id=0))
        self.assertEqual((received.status, received.error["code"]), (400, -32600))
        self.assertEqual(received.message["id"], 0)
        client = SessionClient(self.rig)
        self.assertEqual(client.ask(request("ping")).result, {})
        self.assertIn("result", ModernClient(self.rig).ask(call("hello")).message)

    def test_foreign_session(self) -> None:
        """A session id that was not issued here is 404."""
        received = self.rig.send(request("ping"), session="from-elsewhere")
        self.assertEqual((received.status, received.error["code"]), (404, -32001))
        self.assertEqual(
            self.rig.send(method="GET", session="from-elsewhere").status, 404
        )
        self.assertEqual(self.rig.toolbox.ran, [])


class DeleteTests(StreamableTestCase):
    def test_own_session(self) -> None:
        """DELETE ends the session, its streams and its calls; its id is dead then."""
        client = SessionClient(self.rig)
        stream, slow = self.listen(client), client.ask(call("slow"))
        deleted = self.rig.send(method="DELETE", session=client.session)
        self.assertEqual((deleted.status, deleted.messages), (204, []))
        self.assertTrue(stream.ended)
        self.assertTrue(self.rig.toolbox.running[0].cancelled)
        self.assertEqual((slow.status, slow.messages), (202, []))
        self.assertEqual(client.ask(request("ping")).status, 404)
        again = self.rig.send(method="DELETE", session=client.session)
        self.assertEqual(again.status, 404)

    def test_no_header(self) -> None:
        """Without a session id it is 400, -32000, with a hint."""
        received = self.rig.send(method="DELETE")
        self.assertEqual((received.status, received.error["code"]), (400, -32000))
        self.assertIn("hint", received.error["data"])

    def test_unknown(self) -> None:
        """An unknown session is 404, -32001, with a hint."""
        received = self.rig.send(method="DELETE", session="from-elsewhere")
        self.assertEqual((received.status, received.error["code"]), (404, -32001))
        self.assertIn("hint", received.error["data"])

    def test_of_another_principal(self) -> None:
        """Another principal's session is 404 and lives on."""
        client = SessionClient(self.rig)
        received = self.rig.send(method="DELETE", session=client.session, key=BOB)
        self.assertEqual(received.status, 404)
        self.assertEqual(client.ask(request("ping")).result, {})


class CancellationTests(StreamableTestCase):
    def test_disconnecting(self) -> None:
        """A client that disconnects does not cancel its call."""
        client = SessionClient(self.rig)
        client.ask(call("slow", id=1)).leave()
        running = self.rig.toolbox.running[0]
        self.assertFalse(running.cancelled)
        self.assertEqual(len(self.rig.work.tracked), 1)
        running.finish()
        self.assertEqual(self.rig.work.tracked, [])

    def test_cancelled(self) -> None:
        """notifications/cancelled does, streamed or not."""
        for seconds in (0, 10):
            with self.subTest(seconds=seconds):
                client = SessionClient(self.rig)
                received = client.ask(call("slow", id=0))
                self.clock.advance(seconds)
                told = client.tell("notifications/cancelled", {"requestId": 0})
                self.assertEqual(told.status, 202)
                self.assertTrue(self.rig.toolbox.running[-1].cancelled)
                self.assertEqual(received.messages, [])
                self.assertTrue(received.ended)

    def test_cancelled_by_another_session(self) -> None:
        """Equal ids of two sessions are two calls."""
        mine, other = SessionClient(self.rig), SessionClient(self.rig)
        received = mine.ask(call("slow", id=1))
        other.tell("notifications/cancelled", {"requestId": 1})
        self.assertTrue(received.waits)
        self.rig.toolbox.running[0].finish()
        self.assertIn("result", received.message)

    def test_cancelled_after_disconnecting(self) -> None:
        """A call whose client is gone can still be cancelled in its session."""
        client = SessionClient(self.rig)
        client.ask(call("slow", id=1)).leave()
        client.tell("notifications/cancelled", {"requestId": 1})
        self.assertTrue(self.rig.toolbox.running[0].cancelled)
        self.assertEqual(self.rig.work.tracked, [])


class BatchTests(StreamableTestCase):
    def test_only_in_2025_03_26(self) -> None:
        """A batch is answered in a session of 2025-03-26 and 400 in all others."""
        for version in LEGACY_VERSIONS:
            with self.subTest(version=version):
                client = SessionClient(self.rig, version)
                received = client.ask([request("ping", id=1), request("ping", id=2)])
                if version == "2025-03-26":
                    self.assertEqual([one["id"] for one in received.messages], [1, 2])
                else:
                    self.assertEqual(received.status, 400)
                    self.assertEqual(received.error["code"], -32600)


class AcceptsTests(StreamableTestCase):
    def test_provides(self) -> None:
        """It is a transport."""
        self.assertTrue(verifyObject(ITransport, self.rig.streamable))

    def test_other_routes(self) -> None:
        """It leaves the routes of HTTP+SSE alone."""
        for route in (Route.SSE, Route.MESSAGES):
            for method in ("GET", "POST", "DELETE"):
                sent = exchange(method=method, route=route)
                self.assertFalse(self.rig.streamable.accepts(sent))

    def test_changes_nothing(self) -> None:
        """Asking whether it accepts opens no session and runs nothing."""
        for message in (initialize(), call("hello")):
            self.rig.streamable.accepts(exchange(message))
        self.assertEqual(self.rig.sessions.count, 0)
        self.assertEqual(self.rig.toolbox.ran, [])

    def test_memory_of_ended_sessions(self) -> None:
        """Nothing is kept of a session that is over."""
        client = SessionClient(self.rig)
        stream = self.listen(client)
        self.assertIsInstance(stream.reply, EventStream)
        self.rig.send(method="DELETE", session=client.session, key=ADA)
        self.assertEqual(self.rig.sessions.count, 0)
        self.assertTrue(stream.ended)
