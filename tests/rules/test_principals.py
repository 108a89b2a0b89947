"""Callers are isolated: neither answers nor objects with state are shared."""

from __future__ import annotations

import gc
import weakref
from collections import deque
from collections.abc import Callable, Iterator

from attrs import has
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json
from instantly_mcp.pipeline.replies.pending_reply import PendingReply
from instantly_mcp.pipeline.replies.resumable import ResumableStream
from instantly_mcp.protocol.calls.call import NO_CLIENT_REQUESTS, NULL_SINK, Call
from instantly_mcp.protocol.calls.session import McpSession
from instantly_mcp.protocol.calls.subscriptions import SubscriptionListener
from instantly_mcp.protocol.calls.tasks import Task
from instantly_mcp.protocol.server_features import NO_CAPABILITIES
from instantly_mcp.protocol.wire.jsonrpc import NO_PARAMS
from tests.support.clients import (
    BareClient,
    Client,
    ModernClient,
    SessionClient,
    StreamClient,
)
from tests.support.messages import LEGACY_VERSIONS, call, request
from tests.support.servers import ADA, BOB, Line, Rig, credential

from .everything import ASKABLE, WITH_TASKS, EverythingRig, RulesTestCase

CONCURRENT = 200

KEYS = (ADA, BOB, "key-of-charles-babbage")


def makers() -> list[Callable[[Line], Client]]:
    """Return a function that opens a client, for every transport, revision and key."""
    sessions: list[Callable[[Line], Client]] = [
        lambda rig, version=version, key=key: SessionClient(rig, version, key)  # type: ignore[misc]
        for version in LEGACY_VERSIONS
        for key in KEYS
    ]
    others: list[Callable[[Line], Client]] = [
        lambda rig, kind=kind, key=key: kind(rig, key)  # type: ignore[misc]
        for kind in (BareClient, ModernClient, StreamClient)
        for key in KEYS
    ]
    return [*sessions, *others]


class ConcurrencyTests(SynchronousTestCase):
    @settings(deadline=None, max_examples=12, phases=(Phase.explicit, Phase.generate))
    @given(
        st.lists(
            st.tuples(
                st.integers(0, len(makers()) - 1), st.sampled_from([1, 1, "1", 0])
            ),
            min_size=CONCURRENT,
            max_size=CONCURRENT,
        ),
        st.randoms(use_true_random=False),
        st.sampled_from([0.0, 0.1]),
    )
    def test_200_concurrent_calls(
        self, asked: list[tuple[int, Json]], random: Json, pace: float
    ) -> None:
        """Of 200 concurrent calls with equal ids each caller gets its answers, once."""
        clock = Clock()
        rig = Rig(clock)
        clients = [make(rig) for make in makers()]
        expected: list[list[tuple[str, str]]] = [[] for _ in clients]
        for number, (asker, id) in enumerate(asked):
            tag = f"{number} of {asker}"
            clients[asker].ask(call("slow", {"tag": tag}, id=id, token=number))
            expected[asker].append((repr(id), tag))
            clock.advance(pace)
        waiting = list(rig.toolbox.running)
        self.assertEqual(len(waiting), CONCURRENT)
        random.shuffle(waiting)
        for running in waiting:
            running.call.progress(1)
            running.finish()
        for client, calls in zip(clients, expected, strict=True):
            heard = [
                (repr(one["id"]), one["result"]["content"][0]["text"])
                for one in client.responses()
                if "content" in one["result"]
            ]
            self.assertEqual(sorted(heard), sorted(calls))
        rig.check()
        self.assertEqual((rig.work.tracked, clock.getDelayedCalls()), ([], []))


CONTAINERS = (dict, list, set, deque)

OF_STATE = (
    "instantly_mcp.protocol.calls.session",
    "instantly_mcp.protocol.calls.ask_by_session",
    "instantly_mcp.protocol.calls.call",
    "instantly_mcp.protocol.calls.subscriptions",
    "instantly_mcp.protocol.calls.tasks",
    "instantly_mcp.protocol.calls.ask_by_retry",
    "instantly_mcp.pipeline.replies.pending_reply",
    "instantly_mcp.pipeline.replies.resumable",
    "instantly_mcp.pipeline.replies.channel",
)
"""The modules whose objects hold the state of one caller."""

FOR_ALL = (
    "ChangeNotifier",
    "TaskStore",
    "Retention",
    "StateSealer",
    "NullSink",
    "NoClientRequests",
)
"""Their classes that serve all callers and hold each one's state separately."""


def is_state(value: object) -> bool:
    """Return whether an object of this server holds the state of one caller."""
    kind = type(value)
    return kind.__module__ in OF_STATE and kind.__name__ not in FOR_ALL


def parts(value: object) -> Iterator[object]:
    """Yield what an object or a container holds."""
    if isinstance(value, dict):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset | deque):
        yield from value
    elif has(type(value)):
        names = [each.name for each in getattr(type(value), "__attrs_attrs__", ())]
        yield from (getattr(value, name, None) for name in names)
    elif hasattr(value, "__slots__"):
        yield from (getattr(value, name, None) for name in value.__slots__)
    else:
        yield from vars(value).values()


def reachable(roots: list[object]) -> dict[int, object]:
    """Return the state and the containers that can be reached, by identity."""
    found: dict[int, object] = {}
    waiting = list(roots)
    while waiting:
        value = waiting.pop()
        if id(value) in found:
            continue
        if isinstance(value, (*CONTAINERS, tuple, frozenset)) or is_state(value):
            found[id(value)] = value
            waiting.extend(parts(value))
    constants = (NO_PARAMS, NO_CAPABILITIES)
    return {
        key: value
        for key, value in found.items()
        if not isinstance(value, tuple | frozenset)
        and not any(value is each for each in constants)
    }


class StateTests(RulesTestCase):
    def traffic(self, key: str) -> None:
        """Use every feature as one principal and leave all of it unfinished."""
        for version in LEGACY_VERSIONS:
            client = SessionClient(self.rig, version, key, ASKABLE)
            self.rig.send(
                method="GET",
                key=key,
                session=client.session,
                version=version,
                with_headers={"accept": "text/event-stream"},
                speaks=version,
            )
            client.ask(request("logging/setLevel", {"level": "info"}))
            client.ask(request("resources/subscribe", {"uri": "test://own"}))
            client.ask(call("steps", token=1))
            client.ask(call("test_sampling", {"prompt": "Hi"}, id=2))
        stream = StreamClient(self.rig, key)
        stream.ask(call("steps", token=1))
        BareClient(self.rig, key).ask(call("slow"))
        modern = ModernClient(self.rig, key)
        modern.ask(call("steps", token=1), clientCapabilities=WITH_TASKS)
        modern.ask(call("promoted"), clientCapabilities=WITH_TASKS)
        modern.ask(call("test_input_required_result_elicitation"))
        wanted = {"toolsListChanged": True, "resourceSubscriptions": ["test://own"]}
        modern.ask(request("subscriptions/listen", {"notifications": wanted}))

    def roots(self, key: str) -> list[object]:
        """Return every object that belongs to a principal, wherever it is kept."""
        principal, server_features = credential(key).principal, self.rig.server_features
        held: list[McpSession | Task | SubscriptionListener] = [
            *self.rig.store._sessions.values(),
            *server_features.tasks._tasks.values(),
            *server_features.changes._listeners,
        ]
        callers = [one.call for one in self.rig.small.running]
        return [
            *[each for each in held if each.principal == principal],
            *[each for each in callers if each.caller.principal == principal],
        ]

    def test_no_object_is_shared(self) -> None:
        """Two principals share no object with state, whatever they do concurrently."""
        for key in (ADA, BOB):
            self.traffic(key)
        ada, bob = (reachable(self.roots(key)) for key in (ADA, BOB))
        for owned in (ada, bob):
            kinds = {type(each) for each in owned.values()}
            self.assertLessEqual(
                {
                    McpSession,
                    Call,
                    Task,
                    SubscriptionListener,
                    PendingReply,
                    ResumableStream,
                },
                kinds,
            )
        shared = [ada[key] for key in ada.keys() & bob.keys()]
        self.assertEqual(shared, [])
        self.finish()

    def test_constants_stay_empty(self) -> None:
        """The shared empty constants are never modified."""
        self.traffic(ADA)
        self.assertEqual((NO_PARAMS, NO_CAPABILITIES), ({}, {}))
        for each in (NO_CLIENT_REQUESTS, NULL_SINK):
            self.assertEqual(getattr(each, "__dict__", {}), {})
        self.finish()

    def test_nothing_is_left(self) -> None:
        """After a modern caller disconnects, none of its calls or streams is kept."""
        modern = ModernClient(self.rig)
        one = modern.ask(call("steps", token=1))
        two = modern.ask(
            request("subscriptions/listen", {"notifications": {}}), logLevel="debug"
        )
        left: list[weakref.ref[object]] = [weakref.ref(self.rig.small.running[0].call)]
        left += [
            weakref.ref(each) for each in self.rig.server_features.changes._listeners
        ]
        for received in (one, two):
            received.leave()
        self.rig.small.running.clear()
        self.rig.received.clear()
        del modern, one, two, received
        gc.collect()
        self.assertEqual([each() for each in left], [None, None])

    def finish(self) -> None:
        """End all unfinished calls and streams."""
        for received in self.rig.received:
            received.leave()
        for running in self.rig.small.running:
            if not running.done.called:
                running.finish()
        rig: EverythingRig = self.rig
        rig.store.release()
        self.clock.advance(301)
