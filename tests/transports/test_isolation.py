"""Many clients at a time, of every era, with equal ids: each gets its answers."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json
from tests.support.clients import (
    BareClient,
    Client,
    ModernClient,
    SessionClient,
    StreamClient,
)
from tests.support.messages import LEGACY_VERSIONS, call
from tests.support.servers import ADA, BOB, Rig

MAKERS: list[Callable[[Rig], Client]] = [
    BareClient,
    ModernClient,
    StreamClient,
    lambda rig: StreamClient(rig, key=BOB),
    lambda rig: ModernClient(rig, key=BOB),
    *[
        lambda rig, version=version, key=key: SessionClient(rig, version, key)
        for version in LEGACY_VERSIONS
        for key in (ADA, BOB)
    ],
]

STEPS = st.tuples(
    st.sampled_from(["ask", "ask", "ask", "finish", "wait"]),
    st.integers(0, 5),
    st.sampled_from([0, 1, "", "1"]),
    st.sampled_from(["slow", "steps"]),
)


class InterleavingTests(SynchronousTestCase):
    @settings(deadline=None, max_examples=150)
    @given(
        st.lists(st.sampled_from(MAKERS), min_size=2, max_size=6),
        st.lists(STEPS, max_size=30),
    )
    def test_each_answer_reaches_its_asker(
        self, makers: list[Callable[[Rig], Client]], steps: list[Json]
    ) -> None:
        """Whatever runs beside it, each call is answered once, to its own client."""
        clock = Clock()
        rig = Rig(clock)
        clients = [make(rig) for make in makers]
        expected: list[list[tuple[Json, str]]] = [[] for _ in clients]
        waiting = 0
        for number, (step, choice, id, tool) in enumerate(steps):
            if step == "ask":
                asker = choice % len(clients)
                tag = f"{number} of {asker}"
                clients[asker].ask(call(tool, {"tag": tag}, id=id, token="t"))
                expected[asker].append((id, tag))
                waiting += 1
            elif step == "finish" and waiting:
                self.finish(rig, choice)
                waiting -= 1
            else:
                clock.advance(3)
        for _ in range(waiting):
            self.finish(rig, 0)
        for client, calls in zip(clients, expected, strict=True):
            heard = [
                (one["id"], one["result"]["content"][0]["text"])
                for one in client.responses()
                if "content" in one["result"]
            ]
            self.assertEqual(sorted(heard, key=repr), sorted(calls, key=repr))
        rig.check()
        self.assertEqual((rig.work.tracked, clock.getDelayedCalls()), ([], []))

    def finish(self, rig: Rig, choice: int) -> None:
        """Answer one of the calls that wait."""
        waiting = [one for one in rig.toolbox.running if not one.done.called]
        waiting[choice % len(waiting)].finish()
