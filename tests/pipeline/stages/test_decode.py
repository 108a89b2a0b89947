"""Tests of decoding: the body's message and its revision."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp._json_codec import Json, loads
from instantly_mcp.pipeline.exchange import Exchange
from instantly_mcp.pipeline.interfaces import IStage
from instantly_mcp.pipeline.refusals import rate_exceeded
from instantly_mcp.pipeline.replies.reply import Answer
from instantly_mcp.pipeline.stages.decode import Decode
from instantly_mcp.protocol.calls.session import (
    ENDED,
    McpSession,
    SessionLookup,
    SessionStatus,
)
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.protocol.wire.jsonrpc import Batch, Request
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS, ASSUMED_LEGACY
from tests.support.exchanges import exchange
from tests.support.messages import (
    LEGACY_VERSIONS,
    MODERN_VERSION,
    call,
    modern,
    notice,
    request,
)
from tests.support.wire import check_message


def live(version: str) -> SessionLookup:
    """Return a live session of this revision."""
    session = McpSession(
        id="s", revision=ALL_REVISIONS[version], credential=None, last_seen=0
    )
    return SessionLookup(SessionStatus.LIVE, session)


class ChargeTests(SynchronousTestCase):
    """The messages of a batch are counted before any of them is executed."""

    def outcome(self, message: Json, charged: list[int]) -> Exchange | Answer:
        """Decode, with a limit that is reached by a batch of three."""

        def charge(exchange: Exchange, messages: int) -> ProtocolError | None:
            charged.append(messages)
            return rate_exceeded(2, 5.0, "soon") if messages > 2 else None

        sent = exchange(message, lookup=live("2025-03-26"))
        outcome = self.successResultOf(Decode(charge).process(sent))
        assert isinstance(outcome, Exchange | Answer)
        return outcome

    def test_batch(self) -> None:
        """A batch costs its members, of whatever kind; too many are 429 for all."""
        two = [notice("x"), {"odd": 1}]
        charged: list[int] = []
        self.assertIsInstance(self.outcome(two, charged), Exchange)
        refused = self.outcome([*two, request("ping")], charged)
        assert isinstance(refused, Answer)
        self.assertEqual(refused.status, 429)
        self.assertEqual(charged, [2, 3])

    def test_single_messages(self) -> None:
        """One message was counted as it came in."""
        charged: list[int] = []
        for message in (request("ping"), notice("x"), {"odd": 1}):
            self.outcome(message, charged)
        self.assertEqual(charged, [])


class DecodeTests(SynchronousTestCase):
    def decoded(
        self, message: Json, version: str | None = None, **fields: Json
    ) -> Exchange:
        """Return the exchange as it carries on."""
        outcome = self.outcome(message, version, **fields)
        assert isinstance(outcome, Exchange), outcome
        return outcome

    def refused(
        self, message: Json, version: str | None = None, **fields: Json
    ) -> tuple[int, Json]:
        """Return HTTP status and body of the refusal."""
        outcome = self.outcome(message, version, **fields)
        assert isinstance(outcome, Answer), outcome
        body = loads(outcome.body)
        check_message(MODERN_VERSION, body)
        return outcome.status, body

    def outcome(self, message: Json, version: str | None, **fields: Json) -> object:
        """Send a message through the stage."""
        given = {} if version is None else {"mcp-protocol-version": version}
        sent = exchange(message, with_headers=given, **fields)
        return self.successResultOf(Decode().process(sent))

    def test_provides(self) -> None:
        """It is a stage."""
        self.assertTrue(verifyObject(IStage, Decode()))

    def test_other_methods(self) -> None:
        """Other methods than POST carry on unchanged."""
        for method in ("GET", "DELETE", "HEAD"):
            sent = exchange(method=method, body=b"{")
            self.assertIs(self.successResultOf(Decode().process(sent)), sent)

    def test_fills_message_and_revision(self) -> None:
        """A POST carries on with its message and the revision of it."""
        carried = self.decoded(request("ping", id=0), "2025-06-18")
        self.assertEqual(carried.message, Request(0, "ping"))
        self.assertIs(carried.revision, ALL_REVISIONS["2025-06-18"])
        self.assertEqual(carried.notes, ())

    def test_revision(self) -> None:
        """A session's revision, else the header's, else 2025-03-26."""
        ping = request("ping")
        self.assertIs(self.decoded(ping).revision, ASSUMED_LEGACY)
        self.assertEqual(ASSUMED_LEGACY.version, "2025-03-26")
        for version in LEGACY_VERSIONS:
            with self.subTest(version=version):
                self.assertIs(
                    self.decoded(ping, version).revision, ALL_REVISIONS[version]
                )
                within = self.decoded(ping, "2025-06-18", lookup=live(version))
                self.assertIs(within.revision, ALL_REVISIONS[version])

    def test_modern(self) -> None:
        """A modern envelope or header selects the modern revision."""
        for message, version in (
            (modern(call("echo")), None),
            (modern(call("echo")), MODERN_VERSION),
            (modern(call("echo"), "v999.0.0"), "v999.0.0"),
            (call("echo"), MODERN_VERSION),
            (call("echo"), "v999.0.0"),
            (notice("x"), MODERN_VERSION),
        ):
            for lookup in (SessionLookup(SessionStatus.FOREIGN), live("2025-11-25")):
                with self.subTest(message=message, version=version):
                    carried = self.decoded(message, version, lookup=lookup)
                    self.assertIs(carried.revision, ALL_REVISIONS[MODERN_VERSION])

    def test_no_json(self) -> None:
        """A body that is not JSON is refused in JSON: 400, -32700."""
        for body in (b"", b"{", b"<html>", b"\xff"):
            with self.subTest(body=body):
                status, answer = self.refused(None, body=body)
                self.assertEqual((status, answer["error"]["code"]), (400, -32700))

    def test_no_message(self) -> None:
        """JSON that is not a message is 400, -32600, with its id if it has one."""
        status, answer = self.refused({"id": 0, "method": "ping"})
        self.assertEqual((status, answer["error"]["code"]), (400, -32600))
        self.assertEqual(answer["id"], 0)
        self.assertNotIn("id", self.refused([])[1])

    def test_json_before_era(self) -> None:
        """A body that is wrong in itself is refused as such in every era."""
        for version in (None, "2025-06-18", MODERN_VERSION, "v999.0.0"):
            with self.subTest(version=version):
                _, parse = self.refused(None, version, body=b"{")
                self.assertEqual(parse["error"]["code"], -32700)
                _, invalid = self.refused({"id": 1}, version)
                self.assertEqual(invalid["error"]["code"], -32600)

    def test_batch_in_its_session(self) -> None:
        """A batch carries on in a session of 2025-03-26 only."""
        batch = [request("ping"), notice("x")]
        carried = self.decoded(batch, lookup=live("2025-03-26"))
        self.assertIsInstance(carried.message, Batch)
        for version in LEGACY_VERSIONS:
            if version != "2025-03-26":
                with self.subTest(version=version):
                    status, body = self.refused(batch, lookup=live(version))
                    self.assertEqual((status, body["error"]["code"]), (400, -32600))

    def test_batch_elsewhere(self) -> None:
        """Without a session, and in the modern era, a batch is 400, -32600."""
        for version in (None, "2025-03-26", MODERN_VERSION, "v999.0.0"):
            with self.subTest(version=version):
                status, body = self.refused([request("ping")], version)
                self.assertEqual((status, body["error"]["code"]), (400, -32600))

    def test_batch_in_an_ended_session(self) -> None:
        """A batch for an ended session carries on, so that a transport refuses it."""
        carried = self.decoded([request("ping")], lookup=ENDED)
        self.assertIsInstance(carried.message, Batch)

    def test_reply(self) -> None:
        """A posted response carries on in the legacy era; modern it is 400."""
        reply = {"jsonrpc": "2.0", "id": "server-1", "result": {}}
        self.decoded(reply)
        self.decoded(reply, lookup=live("2025-11-25"))
        status, body = self.refused(reply, MODERN_VERSION)
        self.assertEqual((status, body["error"]["code"]), (400, -32600))
