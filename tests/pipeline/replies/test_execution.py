"""How answers travel: batches, notifications, streams, and clients that leave."""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import Deferred

from instantly_mcp._json_codec import Json, dumps
from instantly_mcp.pipeline.replies.reply import Reply
from instantly_mcp.protocol.calls.session import McpSession
from instantly_mcp.protocol.wire.jsonrpc import (
    MAX_BATCH_MESSAGES,
    MalformedMessage,
    decode,
)
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS, MODERN_REVISIONS
from tests.support.clients import RigTestCase
from tests.support.exchanges import exchange
from tests.support.messages import (
    MODERN_VERSION,
    call,
    initialize,
    modern,
    modern_headers,
    notice,
    request,
)
from tests.support.received import Received, methods_of
from tests.support.servers import credential


class ExecutorTestCase(RigTestCase):
    def answered(
        self,
        message: Json,
        version: str = "2025-11-25",
        session: McpSession | None = None,
        can_stream: bool = True,
        **fields: Json,
    ) -> Received:
        """Answer a message without the stages around it."""
        if version in MODERN_REVISIONS:
            message = modern(message, version)
            fields["with_headers"] = modern_headers(message)
        sent = exchange(message, credential=credential(), **fields)
        sent = evolve(sent, message=decode(dumps(message)))
        replied: Deferred[Reply] = self.rig.executor.execute(
            sent, ALL_REVISIONS[version], session, can_stream=can_stream
        )
        received = Received(replied, version, methods_of(message))
        self.rig.received.append(received)
        return received

    def session(self, version: str = "2025-03-26") -> McpSession:
        """Return a session of Ada's."""
        return self.rig.sessions.open(ALL_REVISIONS[version], credential())


class SingleTests(ExecutorTestCase):
    def test_json_codec(self) -> None:
        """A result that comes first is JSON, with the revision that was spoken."""
        for version in ALL_REVISIONS:
            with self.subTest(version=version):
                received = self.answered(call("echo", {"words": "x"}), version)
                self.assertEqual(received.header("content-type"), "application/json")
                self.assertEqual(received.header("mcp-protocol-version"), version)
                self.assertNotIn("error", received.message)

    def test_notification(self) -> None:
        """A notification is answered with 202 and nothing else."""
        for version in ALL_REVISIONS:
            with self.subTest(version=version):
                received = self.answered(notice("notifications/x"), version)
                self.assertEqual((received.status, received.messages), (202, []))

    def test_reply(self) -> None:
        """A posted response is answered with 202."""
        reply = {"jsonrpc": "2.0", "id": "server-1", "result": {}}
        self.assertEqual(self.answered(reply).status, 202)

    def test_slow_call_streams(self) -> None:
        """A call that takes longer than the window is answered by a stream."""
        received = self.answered(call("slow", id=0))
        self.clock.advance(4.9)
        self.assertTrue(received.waits)
        self.clock.advance(0.2)
        self.assertTrue(received.streams)
        self.assertEqual(received.messages, [])
        self.toolbox_done()
        self.assertEqual(received.message["id"], 0)
        self.assertTrue(received.ended)

    def toolbox_done(self) -> None:
        """Finish every call that waits."""
        for running in self.rig.toolbox.running:
            running.finish()

    def test_progress_streams(self) -> None:
        """Progress opens the stream at once and precedes the result."""
        for version in ALL_REVISIONS:
            with self.subTest(version=version):
                message = call("steps", token="t", id="a")
                received = self.answered(message, version)
                self.assertTrue(received.streams)
                self.rig.toolbox.running[-1].finish()
                methods = [one.get("method") for one in received.messages]
                self.assertEqual(methods, ["notifications/progress"] * 3 + [None])

    def test_json_only(self) -> None:
        """A client that reads no streams gets JSON, and none of the progress."""
        received = self.answered(call("steps", token="t"), accepts_stream=False)
        self.clock.advance(60)
        self.assertTrue(received.waits)
        self.toolbox_done()
        self.assertFalse(received.streams)
        self.assertEqual(len(received.messages), 1)

    def test_route_without_streams(self) -> None:
        """Where the route has no streams even a client that wants one gets JSON."""
        message = call("slow")
        received = self.answered(message, can_stream=False, accepts_json=False)
        self.clock.advance(60)
        self.toolbox_done()
        self.assertFalse(received.streams)
        self.assertIn("result", received.message)

    def test_stream_only(self) -> None:
        """A client that reads no JSON gets streams, but honest errors."""
        received = self.answered(request("ping"), accepts_json=False)
        self.assertTrue(received.streams)
        self.assertEqual(received.result, {})
        refused = self.answered(
            request("unknown/method", {}), MODERN_VERSION, accepts_json=False
        )
        self.assertEqual(refused.status, 404)


class LeavingTests(ExecutorTestCase):
    def test_modern(self) -> None:
        """A modern client that disconnects cancels its call, streamed or not."""
        for seconds in (0, 10):
            with self.subTest(seconds=seconds):
                received = self.answered(call("slow"), MODERN_VERSION)
                self.clock.advance(seconds)
                received.leave()
                self.assertTrue(self.rig.toolbox.running[-1].cancelled)
                self.assertEqual(received.messages, [])
                self.assertEqual(self.rig.work.tracked, [])

    def test_legacy(self) -> None:
        """A client of the legacy era does not; the daemon's stop waits for it."""
        for seconds in (0, 10):
            with self.subTest(seconds=seconds):
                received = self.answered(call("slow"), session=self.session())
                self.clock.advance(seconds)
                received.leave()
                running = self.rig.toolbox.running[-1]
                self.assertFalse(running.cancelled)
                self.assertEqual(len(self.rig.work.tracked), 1)
                running.finish()
                self.assertEqual(self.rig.work.tracked, [])
                self.assertEqual(received.messages, [])


class BatchTests(ExecutorTestCase):
    def batch(self, *messages: Json) -> Received:
        """Answer a batch in a session of 2025-03-26."""
        return self.answered(list(messages), "2025-03-26", self.session())

    def test_answers(self) -> None:
        """Requests are answered together, by id; notifications are not."""
        received = self.batch(
            request("ping", id=0), notice("notifications/x"), call("hello", id="")
        )
        self.assertEqual(received.status, 200)
        self.assertEqual([one["id"] for one in received.messages], [0, ""])

    def test_waits_for_all(self) -> None:
        """The answer comes when the last member is answered."""
        received = self.batch(call("slow", id=1), request("ping", id=2))
        self.clock.advance(60)
        self.assertTrue(received.waits)
        self.rig.toolbox.running[0].finish()
        self.assertEqual(len(received.messages), 2)

    def test_only_notifications(self) -> None:
        """A batch that asks nothing is answered with 202."""
        received = self.batch(notice("x"), {"jsonrpc": "2.0", "id": 1, "result": {}})
        self.assertEqual((received.status, received.messages), (202, []))

    def test_broken_members(self) -> None:
        """A member that is not a message gets an error; the others are answered."""
        received = self.batch({"id": 5}, request("ping", id=6), 7)
        codes = [one.get("error", {}).get("code") for one in received.messages]
        self.assertEqual(codes, [-32600, None, -32600])
        self.assertEqual(received.messages[0]["id"], 5)

    def test_initialize(self) -> None:
        """initialize is never part of a batch."""
        received = self.batch(initialize(id=1), request("ping", id=2))
        self.assertEqual(received.messages[0]["error"]["code"], -32600)
        self.assertEqual(received.messages[1]["result"], {})

    def test_too_many(self) -> None:
        """A batch beyond the bound is refused; one of the bound is answered."""
        whole = [call("hello", id=number) for number in range(MAX_BATCH_MESSAGES + 1)]
        self.assertRaises(MalformedMessage, decode, dumps(whole))
        self.assertEqual(len(self.batch(*whole[:-1]).messages), MAX_BATCH_MESSAGES)

    def test_cancelled_member(self) -> None:
        """A member that is cancelled has no answer; the others do."""
        session = self.session()
        received = self.answered(
            [call("slow", id=1), request("ping", id=2)], "2025-03-26", session
        )
        self.answered(
            notice("notifications/cancelled", {"requestId": 1}), "2025-03-26", session
        )
        self.assertEqual([one["id"] for one in received.messages], [2])

    def test_client_leaves(self) -> None:
        """The calls of a batch whose client is gone run to their end."""
        received = self.batch(call("slow", id=1))
        received.leave()
        running = self.rig.toolbox.running[0]
        self.assertFalse(running.cancelled)
        self.assertEqual(len(self.rig.work.tracked), 1)
        running.finish()
        self.assertEqual(self.rig.work.tracked, [])
