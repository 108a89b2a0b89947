"""``tasks/*`` and ``subscriptions/listen``: gates, acknowledgments, payloads."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred

from instantly_mcp._json import Json, JsonObject
from instantly_mcp.protocol.call import NOWHERE
from instantly_mcp.protocol.errors import ProtocolError
from instantly_mcp.protocol.offer import Method
from instantly_mcp.protocol.shelves import ResourceShelf
from instantly_mcp.protocol.subscription_methods import listen
from instantly_mcp.protocol.subscriptions import TOOLS
from instantly_mcp.protocol.task_asking import TaskAsker
from instantly_mcp.protocol.task_methods import cancel_task, get_task, update_task
from instantly_mcp.protocol.tasks import EXTENSION
from tests.support.cases import ClockedTestCase
from tests.support.engines import Basket
from tests.support.servers import BOB, credential

from .features import ASKABLE, offer_of, turn
from .test_asking import NAME
from .test_resource import NOTE

METHODS: dict[str, Method] = {
    "tasks/get": get_task,
    "tasks/update": update_task,
    "tasks/cancel": cancel_task,
}
ADA: JsonObject = {"action": "accept", "content": {"name": "Ada"}}


class TaskMethodTestCase(ClockedTestCase):
    def setUp(self) -> None:
        """Put a task of Ada's on the board."""
        super().setUp()
        self.offer = offer_of(
            self.clock, changing=frozenset({TOOLS}), shelf=ResourceShelf([NOTE])
        )
        task = self.offer.tasks.create(credential().principal)
        assert task is not None
        self.task = task

    def refused(self, method: Method, name: str, **fields: Json) -> ProtocolError:
        """Return the error with which a method is refused."""
        params = fields.pop("params", {"taskId": self.task.id})
        with self.assertRaises(ProtocolError) as caught:
            method(self.offer, turn(name, params, **fields))
        error: ProtocolError = caught.exception
        return error


class TaskTests(TaskMethodTestCase):
    def test_gate(self) -> None:
        """Without the extension on this very request: -32021, whatever the id is."""
        for name, method in METHODS.items():
            ids: list[Json] = [self.task.id, "nothing", None]
            for id in ids:
                with self.subTest(name=name, id=id):
                    error = self.refused(
                        method, name, params={"taskId": id}, capabilities=ASKABLE
                    )
                    self.assertEqual((error.code, error.status), (-32021, 400))
                    self.assertEqual(
                        error.data,
                        {"requiredCapabilities": {"extensions": {EXTENSION: {}}}},
                    )

    def test_unknown(self) -> None:
        """Unknown ids and those of somebody else are -32602, alike."""
        for name, method in METHODS.items():
            with self.subTest(name=name):
                theirs = self.refused(method, name, key=BOB)
                nobodys = self.refused(method, name, key=None)
                unknown = self.refused(method, name, params={"taskId": "nothing"})
                missing = self.refused(method, name, params={})
                codes = {e.code for e in (theirs, nobodys, unknown, missing)}
                words = {e.message for e in (theirs, nobodys, unknown, missing)}
                self.assertEqual((codes, len(words)), ({-32602}, 1))

    def test_get(self) -> None:
        """The task is shown with the payload of its status."""
        asked = turn("tasks/get", {"taskId": self.task.id})
        self.assertEqual(get_task(self.offer, asked), self.task.as_detailed())
        self.offer.tasks.finish(self.task, {"content": []})
        self.assertEqual(get_task(self.offer, asked), self.task.as_detailed())

    def test_update(self) -> None:
        """Answers are taken, and the acknowledgment says nothing of the task."""
        asking = TaskAsker(self.offer.tasks, self.task, ASKABLE).ask({"name": NAME})
        params = {"taskId": self.task.id, "inputResponses": {"name": ADA, "x": 1}}
        self.assertEqual(update_task(self.offer, turn("tasks/update", params)), {})
        self.assertEqual(self.successResultOf(asking), {"name": ADA})
        self.assertEqual(update_task(self.offer, turn("tasks/update", params)), {})

    def test_update_wrongly(self) -> None:
        """Responses that are no object are refused."""
        wrong: list[Json] = [None, [], "x"]
        for responses in wrong:
            params = {"taskId": self.task.id, "inputResponses": responses}
            error = self.refused(update_task, "tasks/update", params=params)
            self.assertEqual(error.code, -32602)

    def test_cancel(self) -> None:
        """Cancelling is acknowledged alike, whatever the status is."""
        asked = turn("tasks/cancel", {"taskId": self.task.id})
        for _ in range(2):
            self.assertEqual(cancel_task(self.offer, asked), {})
            self.assertEqual(self.task.status, "cancelled")


class ListenTests(TaskMethodTestCase):
    def listen(
        self, wanted: Json, **fields: Json
    ) -> tuple[Deferred[JsonObject], Basket]:
        """Open a stream."""
        basket = Basket()
        params = {"notifications": wanted}
        asked = turn("subscriptions/listen", params, outlet=basket, **fields)
        return listen(self.offer, asked), basket

    def test_lists(self) -> None:
        """Changes of a list are heard until the client leaves."""
        listening, basket = self.listen({TOOLS: True})
        self.offer.changes.list_changed(TOOLS)
        self.assertEqual(len(basket.sent), 2)
        listening.cancel()
        self.failureResultOf(listening, CancelledError)
        self.offer.changes.list_changed(TOOLS)
        self.assertEqual(len(basket.sent), 2)

    def test_own_tasks(self) -> None:
        """Changes of one's own task are heard, each with the whole task."""
        _, mine = self.listen({"taskIds": [self.task.id]})
        _, bobs = self.listen({"taskIds": [self.task.id]}, key=BOB)
        self.offer.tasks.note(self.task, "half")
        self.offer.tasks.finish(self.task, {"content": []})
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
            outlet=NOWHERE,
        )
        self.assertEqual(error.status, 400)
        self.assertEqual(self.offer.changes.listener_count, 0)

    def test_malformed(self) -> None:
        """A filter that is none is -32602 and opens nothing."""
        with self.assertRaises(ProtocolError):
            self.listen(None)
        self.assertEqual(self.offer.changes.listener_count, 0)

    def test_only_what_is_offered(self) -> None:
        """Kinds that never change here are left out of the acknowledgment."""
        wanted = {TOOLS: True, "promptsListChanged": True}
        _, basket = self.listen({**wanted, "resourceSubscriptions": [NOTE.uri]})
        self.assertEqual(
            basket.sent[0]["params"]["notifications"],
            {TOOLS: True, "resourceSubscriptions": [NOTE.uri]},
        )
