"""``subscriptions/listen``: what is delivered, and what is refused."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.protocol.calls.call import NULL_SINK
from instantly_mcp.protocol.calls.subscriptions import MAX_URI_CHARS, TOOLS
from instantly_mcp.protocol.methods.subscriptions import listen
from instantly_mcp.protocol.primitives.registries import ResourceRegistry
from instantly_mcp.protocol.wire.errors import ProtocolError
from tests.support.engines import Basket
from tests.support.servers import BOB

from ..primitives.test_resource import LETTER, NOTE
from ..sample_features import features_of, request_context
from .test_tasks import TaskMethodTestCase


class ListenTests(TaskMethodTestCase):
    def listen(
        self, wanted: Json, **fields: Json
    ) -> tuple[Deferred[JsonObject], Basket]:
        """Open a stream."""
        basket = Basket()
        params = {"notifications": wanted}
        asked = request_context("subscriptions/listen", params, sink=basket, **fields)
        return listen(self.features, asked), basket

    def test_lists(self) -> None:
        """List changes are reported until the client leaves."""
        listening, basket = self.listen({TOOLS: True})
        self.features.changes.list_changed(TOOLS)
        self.assertEqual(len(basket.sent), 2)
        listening.cancel()
        self.failureResultOf(listening, CancelledError)
        self.features.changes.list_changed(TOOLS)
        self.assertEqual(len(basket.sent), 2)

    def test_own_tasks(self) -> None:
        """Own tasks are reported, each with the whole task."""
        _, mine = self.listen({"taskIds": [self.task.id]})
        _, bobs = self.listen({"taskIds": [self.task.id]}, key=BOB)
        self.features.tasks.set_message(self.task, "half")
        self.features.tasks.finish(self.task, {"content": []})
        statuses = [message["params"]["status"] for message in mine.sent[1:]]
        self.assertEqual(statuses, ["working", "completed"])
        self.assertEqual(len(bobs.sent), 1)

    def test_tasks_need_the_extension(self) -> None:
        """Tasks without the extension are -32021; none of them is fine without it."""
        with self.assertRaises(ProtocolError) as caught:
            self.listen({"taskIds": ["t"]}, capabilities={})
        self.assertEqual(caught.exception.code, -32021)
        self.listen({"taskIds": []}, capabilities={})

    def test_needs_a_stream(self) -> None:
        """Without an event stream there is nothing to listen on: 400."""
        error = self.refused(
            listen,
            "subscriptions/listen",
            params={"notifications": {}},
            sink=NULL_SINK,
        )
        self.assertEqual(error.status, 400)
        self.assertEqual(self.features.changes.listener_count, 0)

    def test_malformed(self) -> None:
        """A malformed filter is -32602 and opens no stream."""
        with self.assertRaises(ProtocolError):
            self.listen(None)
        self.assertEqual(self.features.changes.listener_count, 0)

    def test_only_what_is_offered(self) -> None:
        """Kinds that never change here are left out of the acknowledgment."""
        wanted = {TOOLS: True, "promptsListChanged": True}
        _, basket = self.listen({**wanted, "resourceSubscriptions": [NOTE.uri]})
        self.assertEqual(
            basket.sent[0]["params"]["notifications"],
            {TOOLS: True, "resourceSubscriptions": [NOTE.uri]},
        )

    def test_long_when_normal(self) -> None:
        """A resource whose URI is too long in its normal form is not honored."""
        registry = ResourceRegistry(templates=[LETTER])
        self.features = features_of(self.clock, resources=registry)
        short, long = "test://letters/a", "test://letters/" + "é" * (MAX_URI_CHARS // 2)
        _, basket = self.listen({"resourceSubscriptions": [short, long]})
        self.assertEqual(
            basket.sent[0]["params"]["notifications"],
            {"resourceSubscriptions": [short]},
        )
