"""Tests of work that is split over iterations of the reactor."""

from __future__ import annotations

from instantly_mcp.pipeline.replies.turns import TURN_SECONDS, in_turns
from tests.support.cases import ClockedTestCase
from tests.support.clients import RigTestCase, SessionClient, StreamClient
from tests.support.messages import call, initialize, request


class TurnsTests(ClockedTestCase):
    def test_quick_work(self) -> None:
        """What is quick is done at once, in order."""
        done = in_turns(self.clock, lambda item: item * 2, [1, 2, 3])
        self.assertEqual(self.successResultOf(done), [2, 4, 6])
        self.assertEqual(self.successResultOf(in_turns(self.clock, str, [])), [])

    def test_slow_work(self) -> None:
        """What takes long goes on in another turn; something else comes between."""
        order: list[object] = []

        def work(item: int) -> None:
            order.append(item)
            self.clock.rightNow += TURN_SECONDS * 0.6

        done = in_turns(self.clock, work, range(6))
        self.clock.callLater(0, order.append, "another")
        self.assertNoResult(done)
        self.clock.pump([0] * 3)
        self.successResultOf(done)
        self.assertEqual(order[:2], [0, 1])
        self.assertLess(order.index("another"), order.index(5))


class BatchTurnsTests(RigTestCase):
    def test_batch(self) -> None:
        """Members of a batch are started in turns; others are served in between."""
        client = SessionClient(self.rig, "2025-03-26")
        self.slow_down()
        batch = client.ask([call("hello", id=n) for n in range(6)])
        self.assertEqual(len(self.rig.toolbox.ran), 2)
        self.assertEqual(client.ask(request("ping", id="p")).result, {})
        self.clock.pump([0] * 4)
        self.assertEqual([one["id"] for one in batch.responses], list(range(6)))

    def test_batch_of_a_stream(self) -> None:
        """So they are on HTTP+SSE."""
        client = StreamClient(self.rig)
        client.ask(initialize("2025-03-26", id="i"))
        self.slow_down()
        client.ask([call("hello", id=n) for n in range(6)])
        self.assertEqual(len(self.rig.toolbox.ran), 2)
        self.clock.pump([0] * 4)
        self.assertEqual([one["id"] for one in client.responses()], ["i", *range(6)])

    def test_session_that_ends(self) -> None:
        """What was not started when the session ends is never started."""
        client = SessionClient(self.rig, "2025-03-26")
        self.slow_down()
        client.ask([call("hello", id=n) for n in range(6)])
        self.rig.sessions.end(self.rig.sessions.held[client.session], "test")
        self.clock.pump([0] * 4)
        self.assertEqual(len(self.rig.toolbox.ran), 2)

    def test_client_that_leaves(self) -> None:
        """A client that leaves in between finds all results when it asks again."""
        client = SessionClient(self.rig, "2025-03-26")
        self.slow_down()
        batch = [call("slow", {"tag": str(n)}, id=n) for n in range(4)]
        client.ask(batch).leave()
        self.clock.pump([0] * 4)
        for running in self.rig.toolbox.running:
            running.finish()
        again = client.ask(batch)
        self.clock.pump([0] * 4)
        self.assertEqual([one["id"] for one in again.responses], list(range(4)))
        self.assertEqual(len(self.rig.toolbox.ran), 4)

    def slow_down(self) -> None:
        """Let the start of each call take more than half a turn."""
        ran = self.rig.toolbox.ran

        class Slow(list[str]):
            def append(inner, name: str) -> None:
                super().append(name)
                self.clock.rightNow += TURN_SECONDS * 0.6

        self.rig.toolbox.ran = Slow(ran)
