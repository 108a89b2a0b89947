"""A call whose client left goes on, and the same call again gets its result."""

from __future__ import annotations

from itertools import product
from typing import Any

from instantly_mcp._json_codec import Json, loads
from instantly_mcp.pipeline.replies.pending_reply import NOTICE_SECONDS
from instantly_mcp.pipeline.replies.repeats import OpenCall
from instantly_mcp.pipeline.replies.retention import KEPT_SECONDS
from instantly_mcp.protocol.wire.jsonrpc import Request
from tests.pipeline.replies.streams import make_log
from tests.support.clients import RigTestCase, SessionClient, StreamClient
from tests.support.messages import LEGACY_VERSIONS, call, request
from tests.support.received import Received
from tests.support.servers import BOB

BOTH: dict[str, Any] = {}
ONLY_JSON: dict[str, Any] = {"accepts_stream": False}


class RepeatsTestCase(RigTestCase):
    version = "2025-06-18"

    def setUp(self) -> None:
        """Open a session."""
        super().setUp()
        self.client = SessionClient(self.rig, self.version)

    def slow(self, id: int = 1, tag: str = "x", **fields: Json) -> Received:
        """Call the tool that takes its time."""
        return self.client.ask(call("slow", {"tag": tag}, id=id), **fields)

    def finish(self) -> None:
        """Let the call that was started last end."""
        self.rig.toolbox.running[-1].finish()

    def assertRan(self, times: int) -> None:
        """The tool was executed so many times."""
        self.assertEqual(self.rig.toolbox.ran, ["slow"] * times)

    def assertAnswered(self, received: Received, id: int) -> None:
        """The call was answered, under the id that it was made with."""
        [answer] = received.responses
        self.assertEqual(answer["id"], id)
        self.assertEqual(answer["result"]["content"][0]["text"], "x")


class LeftCallTests(RepeatsTestCase):
    def test_joined_while_it_runs(self) -> None:
        """The same call again waits for the one that runs, in every legacy revision."""
        for version in LEGACY_VERSIONS:
            for wait in (0, 30):
                with self.subTest(version=version, wait=wait):
                    self.client = SessionClient(self.rig, version)
                    before = len(self.rig.toolbox.ran)
                    first = self.slow(1)
                    self.clock.advance(wait)
                    first.leave()
                    second = self.slow(2)
                    self.finish()
                    self.assertAnswered(second, 2)
                    self.assertRan(before + 1)

    def test_collected_after_its_end(self) -> None:
        """The result that no client read is kept for the same call, and given once."""
        for accept in (BOTH, ONLY_JSON):
            self.slow(1, **accept).leave()
            self.finish()
            ran = len(self.rig.toolbox.ran)
            self.assertAnswered(self.slow(2, **accept), 2)
            self.assertRan(ran)
            third = self.slow(3)
            self.assertRan(ran + 1)
            self.finish()
            self.assertAnswered(third, 3)

    def test_meta_makes_no_difference(self) -> None:
        """A progress token and a trace belong to a request, not to what it asks for."""
        self.slow(1).leave()
        again = self.client.ask(call("slow", {"tag": "x"}, id=2, token="t"))
        self.finish()
        self.assertAnswered(again, 2)
        self.assertRan(1)

    def test_something_else(self) -> None:
        """Other arguments, another session and another principal are other calls."""
        self.slow(1).leave()
        self.slow(2, "y")
        self.assertRan(2)
        for client in (
            SessionClient(self.rig, self.version),
            SessionClient(self.rig, self.version, key=BOB),
        ):
            before = len(self.rig.toolbox.ran)
            client.ask(call("slow", {"tag": "x"}, id=3))
            self.assertRan(before + 1)
        self.rig.send(call("slow", {"tag": "x"}, id=1))
        self.assertRan(5)
        for running in self.rig.toolbox.running:
            running.finish()

    def test_who_was_answered_gets_no_old_result(self) -> None:
        """A call whose client read the answer is executed again."""
        for id in (1, 1, 2):
            received = self.slow(id)
            self.finish()
            self.assertAnswered(received, id)
        self.assertRan(3)

    def test_two_at_a_time(self) -> None:
        """Two equal calls of clients that wait for both are two calls."""
        both = [self.slow(1), self.slow(2)]
        self.assertRan(2)
        for running in self.rig.toolbox.running:
            running.finish()
        for id, received in enumerate(both, start=1):
            self.assertAnswered(received, id)

    def test_same_message_twice(self) -> None:
        """A message that is sent again under its id while it runs is executed once."""
        both = [self.slow(7), self.slow(7)]
        self.finish()
        for received in both:
            self.assertAnswered(received, 7)
        self.assertRan(1)
        other = [self.slow(8), self.slow(8, "y")]
        self.assertRan(3)
        for running in self.rig.toolbox.running[1:]:
            running.finish()
        self.assertEqual(len(other[1].responses), 1)

    def test_joined_and_left_again(self) -> None:
        """One that joined may leave as well: the result waits for the next."""
        self.slow(1).leave()
        for id in (2, 3):
            second = self.slow(id)
            self.clock.advance(6)
            second.leave()
        self.finish()
        self.assertAnswered(self.slow(4), 4)
        self.assertRan(1)
        self.slow(5)
        self.assertRan(2)
        self.finish()

    def test_given_to_one_that_joined(self) -> None:
        """What reached one that joined is not kept for another."""
        self.slow(1).leave()
        second = self.slow(2)
        self.finish()
        self.assertAnswered(second, 2)
        third = self.slow(3)
        self.assertRan(2)
        self.finish()
        self.assertAnswered(third, 3)

    def test_kept_for_a_while(self) -> None:
        """After that the call is executed again."""
        self.slow(1).leave()
        self.finish()
        self.clock.advance(KEPT_SECONDS)
        self.slow(2)
        self.assertRan(2)
        self.finish()

    def test_cancelled(self) -> None:
        """A call that its client cancelled has no result, and is made again."""
        self.slow(1).leave()
        self.client.tell("notifications/cancelled", {"requestId": 1})
        self.assertTrue(self.rig.toolbox.running[0].cancelled)
        self.slow(2)
        self.assertRan(2)
        self.finish()

    def test_cancelled_before_another(self) -> None:
        """Cancelled calls hide no equal one that came after them and was left."""
        both = [self.slow(1), self.slow(2)]
        self.clock.advance(6)
        for id, received in enumerate(both, start=1):
            received.leave()
            self.client.tell("notifications/cancelled", {"requestId": id})
        self.slow(3).leave()
        self.assertRan(3)
        again = self.slow(4)
        self.finish()
        self.assertAnswered(again, 4)
        self.assertRan(3)

    def test_other_methods(self) -> None:
        """Only tool calls are joined; a list is as good a second time."""
        self.slow(1).leave()
        self.assertIn("tools", self.client.ask(request("tools/list", id=1)).result)
        self.finish()

    def test_session_ends(self) -> None:
        """The end of the session ends the call, and nothing is kept of it."""
        self.slow(1).leave()
        self.rig.sessions.end(self.rig.sessions.held[self.client.session], "test")
        self.assertTrue(self.rig.toolbox.running[0].cancelled)
        self.assertEqual(self.rig.streamable.logs.retention.kept_bytes, 0)


class ResumedTests(RepeatsTestCase):
    version = "2025-11-25"

    def test_resumed_stream(self) -> None:
        """A stream that was taken up again brought the answer: the next call is new."""
        first = self.slow(1)
        self.clock.advance(6)
        last = first.events[-1].id
        first.leave()
        self.finish()
        again = self.rig.send(
            method="GET",
            session=self.client.session,
            version=self.version,
            speaks=self.version,
            with_headers={"last-event-id": str(last)},
        )
        self.assertAnswered(again, 1)
        self.slow(2)
        self.assertRan(2)
        self.finish()

    def test_reader_came_back(self) -> None:
        """While the stream has a reader again, an equal call is another call."""
        first = self.slow(1)
        self.clock.advance(6)
        first.leave()
        self.rig.send(
            method="GET",
            session=self.client.session,
            version=self.version,
            speaks=self.version,
            with_headers={"last-event-id": str(first.events[-1].id)},
        )
        self.slow(2)
        self.assertRan(2)
        for running in self.rig.toolbox.running:
            running.finish()


class NoticeTests(RepeatsTestCase):
    def assertGoesOn(self, received: Received, id: int) -> None:
        """It was answered that the call is still running, and how to go on."""
        [answer] = received.responses
        self.assertEqual(answer["id"], id)
        self.assertTrue(answer["result"]["isError"])
        said = loads(answer["result"]["content"][0]["text"].encode())
        self.assertEqual((said["code"], said["tool"]), ("still_running", "slow"))

    def test_answered_in_time(self) -> None:
        """Before clients give up the answer is to call again, which gets the result."""
        for accept in (BOTH, ONLY_JSON):
            with self.subTest(accept=accept):
                before = len(self.rig.toolbox.ran)
                for id in (1, 2):
                    received = self.slow(id, **accept)
                    self.clock.advance(NOTICE_SECONDS - 0.1)
                    self.assertEqual(received.responses, [])
                    self.clock.advance(0.1)
                    self.assertGoesOn(received, id)
                    self.assertTrue(received.ended)
                self.assertFalse(self.rig.toolbox.running[-1].cancelled)
                self.finish()
                self.assertAnswered(self.slow(3), 3)
                self.assertRan(before + 1)

    def test_with_progress(self) -> None:
        """A client that gets progress waits; one that cannot get it does not."""
        message = call("slow", {"tag": "x"}, id=1, token="t")
        hears = self.client.ask(message)
        self.clock.advance(100)
        self.assertEqual(hears.responses, [])
        self.finish()
        self.assertAnswered(hears, 1)
        deaf = self.client.ask(message, **ONLY_JSON)
        self.clock.advance(NOTICE_SECONDS)
        self.assertGoesOn(deaf, 1)
        self.finish()

    def test_no_session(self) -> None:
        """Without a session nothing could collect the result, so the client waits."""
        received = self.rig.send(call("slow", id=1), **ONLY_JSON)
        self.clock.advance(100)
        self.assertTrue(received.waits)
        self.finish()

    def test_client_of_a_stream(self) -> None:
        """The same on HTTP+SSE: answered on the stream, collected by the same call."""
        client = StreamClient(self.rig)
        client.ask(call("slow", {"tag": "x"}, id=1))
        client.ask(call("slow", {"tag": "x"}, id=1))
        self.clock.advance(NOTICE_SECONDS)
        [told] = client.responses()
        self.assertTrue(told["result"]["isError"])
        client.ask(call("slow", {"tag": "x"}, id=2))
        self.finish()
        self.assertEqual([one["id"] for one in client.responses()], [1, 2])
        self.assertRan(1)


class BatchTests(RepeatsTestCase):
    version = "2025-03-26"

    def test_left_batch(self) -> None:
        """Members of a batch whose client left are collected one by one or together."""
        batch = [call("slow", {"tag": tag}, id=n) for n, tag in enumerate("ab")]
        self.client.ask(batch).leave()
        self.rig.toolbox.running[0].finish()
        self.assertEqual(self.client.ask(batch[0]).responses[0]["id"], 0)
        again = self.client.ask([{**batch[1], "id": "b"}])
        self.rig.toolbox.running[1].finish()
        self.assertEqual([one["id"] for one in again.responses], ["b"])
        self.assertRan(2)

    def test_answered_in_part(self) -> None:
        """What was answered before the client left is kept as well."""
        batch = [call("slow", {"tag": tag}, id=n) for n, tag in enumerate("ab")]
        received = self.client.ask(batch)
        self.rig.toolbox.running[0].finish()
        received.leave()
        self.rig.toolbox.running[1].finish()
        again = self.client.ask(batch)
        self.assertEqual([one["id"] for one in again.responses], [0, 1])
        self.assertRan(2)

    def test_collected_and_left_again(self) -> None:
        """What a batch collected is kept again if its client leaves before the end."""
        batch = [call("slow", {"tag": tag}, id=n) for n, tag in enumerate("ab")]
        self.client.ask(batch).leave()
        self.rig.toolbox.running[0].finish()
        for _ in range(2):
            self.client.ask(batch).leave()
        self.rig.toolbox.running[1].finish()
        again = self.client.ask(batch)
        self.assertEqual([one["id"] for one in again.responses], [0, 1])
        self.assertRan(2)

    def test_joined_and_left_again(self) -> None:
        """So is what its members joined and was answered while it was put together."""
        batch = [call("slow", {"tag": tag}, id=n) for n, tag in enumerate("ab")]
        self.client.ask(batch).leave()
        second = self.client.ask(batch)
        self.rig.toolbox.running[0].finish()
        second.leave()
        self.rig.toolbox.running[1].finish()
        again = self.client.ask(batch)
        self.assertEqual([one["id"] for one in again.responses], [0, 1])
        self.assertRan(2)


class ReadsAndWritesTests(RigTestCase):
    def test_a_write_outdates_what_was_read(self) -> None:
        """What a tool read before a write is not given after it, and no running
        call of such a tool is joined.
        """
        for reads, is_over in product((True, False), repeat=2):
            log = make_log()
            asked = Request(1, "tools/call", {"name": "list"})
            kept = OpenCall(asked, reads=reads)
            log.began(kept)
            stream = log.new(primed=False, is_answer=True)
            stream.call = kept
            if is_over:
                log.ended(kept)
                kept.answered(None)
                stream.send({"jsonrpc": "2.0", "id": 1, "result": {}})
                stream.close()
            write = Request(2, "tools/call", {"name": "write"})
            log.began(OpenCall(write, reads=False))
            self.assertEqual(stream.call is None, reads)
