"""Which clients are notified of which change, and on which stream."""

from __future__ import annotations

import gc

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.protocol.calls.session import McpSession
from instantly_mcp.protocol.calls.subscriptions import (
    MAX_LISTENERS,
    MAX_URI_CHARS,
    MAX_URIS,
    META_SUBSCRIPTION,
    PROMPTS,
    RESOURCES,
    TOOLS,
    ChangeNotifier,
    SubscriptionFilter,
    SubscriptionListener,
    read_filter,
)
from instantly_mcp.protocol.calls.tasks import Task
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.protocol.wire.jsonrpc import Id
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.support.engines import Basket
from tests.support.servers import credential
from tests.support.wire import check_message

KINDS = (TOOLS, PROMPTS, RESOURCES)
ALL_KINDS = frozenset(KINDS)
ADA = credential().principal


def make_session(uri: str = "u") -> tuple[McpSession, Basket]:
    """Return a session of Ada's that watches a URI, and its stream."""
    session = McpSession(
        id="s", revision=V2025_11_25, credential=credential(), last_seen=0.0
    )
    basket = Basket()
    session.streams.append(basket)
    session.subscriptions[uri] = lambda: None
    return session, basket


class ChangesTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        """No client listens at first."""
        self.changes = ChangeNotifier()

    def listen(
        self, id: Id = 7, principal: str = "ada", **wanted: frozenset[str]
    ) -> tuple[SubscriptionListener, Basket]:
        """Open a stream."""
        basket = Basket()
        listener = SubscriptionListener(
            id=id, principal=principal, filter=SubscriptionFilter(**wanted), sink=basket
        )
        self.changes.listen(listener)
        return listener, basket

    def notified(self, basket: Basket) -> list[Json]:
        """Return the messages after the acknowledgment, each of them checked."""
        for message in basket.sent:
            check_message("2026-07-28", message)
        return [message["method"] for message in basket.sent[1:]]


class ListenTests(ChangesTestCase):
    def test_acknowledged_first(self) -> None:
        """The first message is the acknowledgment; each has the subscription's id."""
        for id in (0, 7, "", "7"):
            listener, basket = self.listen(id, lists=frozenset({TOOLS}))
            self.changes.list_changed(TOOLS)
            first = basket.sent[0]
            self.assertEqual(
                first["method"], "notifications/subscriptions/acknowledged"
            )
            self.assertEqual(first["params"]["notifications"], {TOOLS: True})
            for message in basket.sent:
                meta = message["params"]["_meta"]
                self.assertEqual(meta, {META_SUBSCRIPTION: id})
                self.assertIs(type(meta[META_SUBSCRIPTION]), type(id))
            listener.ended.callback({})

    def test_same_ids(self) -> None:
        """Two streams with one JSON-RPC id are two streams."""
        first, second = (
            self.listen(1, lists=frozenset({kind})) for kind in (TOOLS, PROMPTS)
        )
        self.changes.list_changed(PROMPTS)
        self.assertEqual(self.notified(first[1]), [])
        self.assertEqual(
            self.notified(second[1]), ["notifications/prompts/list_changed"]
        )

    @given(st.sets(st.sampled_from(KINDS)), st.lists(st.sampled_from(KINDS)))
    def test_only_what_is_wanted(self, wanted: set[str], happens: list[str]) -> None:
        """A stream gets each change of a wanted list, in order, and nothing else."""
        listener, basket = self.listen(lists=frozenset(wanted))
        for kind in happens:
            self.changes.list_changed(kind)
        self.assertEqual(
            self.notified(basket),
            [
                f"notifications/{kind.removesuffix('ListChanged')}/list_changed"
                for kind in happens
                if kind in wanted
            ],
        )
        listener.ended.callback({})

    def test_leaving(self) -> None:
        """A listener that left gets nothing more and is removed."""
        listener, basket = self.listen(lists=ALL_KINDS)
        listener.ended.cancel()
        self.failureResultOf(listener.ended, CancelledError)
        self.changes.list_changed(TOOLS)
        self.assertEqual(self.notified(basket), [])
        self.assertEqual(self.changes.listener_count, 0)

    def test_bounded(self) -> None:
        """A principal holds a bounded number of streams; others are not concerned."""
        listeners = [self.listen(number)[0] for number in range(MAX_LISTENERS)]
        with self.assertRaises(ProtocolError) as caught:
            self.listen()
        self.assertEqual(caught.exception.status, 429)
        self.listen(principal="bob")
        listeners[0].ended.callback({})
        self.listen()

    def test_the_end(self) -> None:
        """When the daemon stops every stream ends with a result that has its id."""
        listeners = [self.listen(number)[0] for number in (1, 2)]
        self.changes.close()
        self.changes.close()
        for listener in listeners:
            self.assertEqual(
                self.successResultOf(listener.ended),
                {"resultType": "complete", "_meta": {META_SUBSCRIPTION: listener.id}},
            )
        self.assertEqual(self.changes.listener_count, 0)

    def test_leaving_while_notified(self) -> None:
        """A stream that ends during a notification does not affect other streams."""
        one, _ = self.listen(1, lists=ALL_KINDS)
        two, _ = self.listen(2, lists=ALL_KINDS)
        baskets = []
        for listener, other in ((one, two), (two, one)):
            basket = Leaving(other)
            listener.sink = basket
            baskets.append(basket)
        self.changes.list_changed(TOOLS)
        self.assertEqual(self.changes.listener_count, 0)
        self.assertGreaterEqual(sum(len(basket.sent) for basket in baskets), 1)


class Leaving(Basket):
    """A stream whose message makes another client disconnect."""

    def __init__(self, other: SubscriptionListener) -> None:
        super().__init__()
        self.other = other

    def send(self, message: JsonObject) -> None:
        """Let the other one leave."""
        super().send(message)
        if not self.other.ended.called:
            self.other.ended.callback({})


class ResourceTests(ChangesTestCase):
    def test_listeners(self) -> None:
        """A change of a resource is reported to its subscribers."""
        _, watching = self.listen(uris=frozenset({"u", "v"}))
        _, other = self.listen(uris=frozenset({"w"}))
        self.changes.resource_updated("u")
        self.assertEqual(self.notified(watching), ["notifications/resources/updated"])
        self.assertEqual(watching.sent[1]["params"]["uri"], "u")
        self.assertEqual(self.notified(other), [])

    def test_private(self) -> None:
        """A private change is reported to its principal only, in both eras."""
        _, ada = self.listen(principal=ADA, uris=frozenset({"u"}))
        _, bob = self.listen(principal="bob", uris=frozenset({"u"}))
        session, stream = make_session()
        self.changes.attach(session)
        self.changes.resource_updated("u", "bob")
        self.assertEqual((self.notified(ada), stream.sent), ([], []))
        self.assertEqual(len(self.notified(bob)), 1)
        self.changes.resource_updated("u", ADA)
        self.assertEqual((len(self.notified(ada)), len(stream.sent)), (1, 1))
        self.assertEqual(len(self.notified(bob)), 1)

    def test_sessions(self) -> None:
        """A session is notified of a resource until it unsubscribes."""
        session, stream = make_session()
        self.changes.attach(session)
        self.changes.attach(session)
        self.changes.resource_updated("other")
        self.changes.resource_updated("u")
        session.unsubscribe("u")
        self.changes.resource_updated("u")
        [message] = stream.sent
        check_message("2025-11-25", message)
        self.assertEqual(message["params"], {"uri": "u"})


class SessionTests(ChangesTestCase):
    def test_lists(self) -> None:
        """Each attached session is notified of each list change, on one stream."""
        session, stream = make_session()
        second = Basket()
        session.streams.append(second)
        self.changes.attach(session)
        for kind in KINDS:
            self.changes.list_changed(kind)
        self.assertEqual((len(stream.sent), len(second.sent)), (3, 0))
        for message in stream.sent:
            check_message("2025-11-25", message)

    def test_not_kept_alive(self) -> None:
        """A session without any other reference is not notified."""
        session, stream = make_session()
        self.changes.attach(session)
        del session
        gc.collect()
        self.changes.list_changed(TOOLS)
        self.assertEqual(stream.sent, [])


class TaskTests(ChangesTestCase):
    def test_only_the_owner(self) -> None:
        """The whole task is reported to its principal's streams that ask for it."""
        task = Task(
            id="t",
            principal="ada",
            created_at="2026-07-28T00:00:00Z",
            updated_at="2026-07-28T00:00:00Z",
            expires_at=0.0,
        )
        wanted = frozenset({"t"})
        _, mine = self.listen(task_ids=wanted)
        _, other = self.listen(task_ids=frozenset({"u"}))
        _, bob = self.listen(principal="bob", task_ids=wanted)
        self.changes.task_changed(task)
        self.assertEqual(mine.sent[1]["method"], "notifications/tasks")
        params = dict(mine.sent[1]["params"])
        self.assertEqual(params.pop("_meta"), {META_SUBSCRIPTION: 7})
        self.assertEqual(params, task.as_detailed())
        self.assertEqual((len(other.sent), len(bob.sent)), (1, 1))


class FilterTests(SynchronousTestCase):
    def code(self, wanted: Json) -> tuple[int, int]:
        """Return code and status with which a filter is refused."""
        with self.assertRaises(ProtocolError) as caught:
            read_filter(wanted, ALL_KINDS, True)
        return caught.exception.code, caught.exception.status

    def test_cut(self) -> None:
        """Kinds that are not supported, not wanted or unknown are left out."""
        wanted: JsonObject = {
            TOOLS: True,
            PROMPTS: True,
            RESOURCES: False,
            "else": True,
            "resourceSubscriptions": ["v", "u", "u"],
            "taskIds": ["t"],
        }
        full = read_filter(wanted, ALL_KINDS, True)
        self.assertEqual(
            full.as_object(),
            {
                PROMPTS: True,
                TOOLS: True,
                "resourceSubscriptions": ["u", "v"],
                "taskIds": ["t"],
            },
        )
        less = read_filter(wanted, frozenset({TOOLS}), False)
        self.assertEqual(less.as_object(), {TOOLS: True, "taskIds": ["t"]})
        self.assertEqual(read_filter({}, ALL_KINDS, True).as_object(), {})

    def test_only_true(self) -> None:
        """Only the word true asks for a list."""
        odd: list[Json] = [1, "true", {}, None, False]
        for value in odd:
            wanted = {TOOLS: value}
            self.assertEqual(read_filter(wanted, ALL_KINDS, True).lists, frozenset())

    def test_malformed(self) -> None:
        """A malformed filter is -32602, decided before anything is streamed: 400."""
        wrong: list[Json] = [None, [], "x", True]
        values: list[Json] = [
            "u",
            {},
            None,
            [7],
            [None],
            [["u"]],
            [str(number) for number in range(MAX_URIS + 1)],
            ["x" * (MAX_URI_CHARS + 1)],
        ]
        for name in ("resourceSubscriptions", "taskIds"):
            wrong += [{name: value} for value in values]
        for wanted in wrong:
            with self.subTest(wanted=str(wanted)[:60]):
                self.assertEqual(self.code(wanted), (-32602, 400))
