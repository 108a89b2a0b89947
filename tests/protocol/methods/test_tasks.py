"""``tasks/*``: gates, acknowledgments, payloads."""

from __future__ import annotations

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp._rights import Level, Rights
from instantly_mcp.protocol.calls.ask_by_task import TaskAsker
from instantly_mcp.protocol.calls.subscriptions import TOOLS
from instantly_mcp.protocol.calls.tasks import TASKS_EXTENSION
from instantly_mcp.protocol.methods.tasks import cancel_task, get_task, update_task
from instantly_mcp.protocol.primitives.registries import ResourceRegistry
from instantly_mcp.protocol.server_features import Method
from instantly_mcp.protocol.wire.errors import ProtocolError
from tests.support.cases import ClockedTestCase
from tests.support.servers import BOB, credential

from ..calls.test_client_requests import NAME
from ..primitives.test_resource import NOTE
from ..sample_features import ASKABLE, features_of, request_context

METHODS: dict[str, Method] = {
    "tasks/get": get_task,
    "tasks/update": update_task,
    "tasks/cancel": cancel_task,
}
ADA: JsonObject = {"action": "accept", "content": {"name": "Ada"}}


class TaskMethodTestCase(ClockedTestCase):
    def setUp(self) -> None:
        """Put a task of Ada's on the store."""
        super().setUp()
        self.features = features_of(
            self.clock, changing=frozenset({TOOLS}), resources=ResourceRegistry([NOTE])
        )
        task = self.features.tasks.create(credential().principal)
        assert task is not None
        self.task = task

    def refused(self, method: Method, name: str, **fields: Json) -> ProtocolError:
        """Return the error with which a method is refused."""
        params = fields.pop("params", {"taskId": self.task.id})
        with self.assertRaises(ProtocolError) as caught:
            method(self.features, request_context(name, params, **fields))
        error: ProtocolError = caught.exception
        return error


class TaskTests(TaskMethodTestCase):
    def test_gate(self) -> None:
        """Without the extension in this request: -32021, for any id."""
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
                        {"requiredCapabilities": {"extensions": {TASKS_EXTENSION: {}}}},
                    )

    def test_unknown(self) -> None:
        """Unknown ids and ids of other principals are -32602, with the same message."""
        for name, method in METHODS.items():
            with self.subTest(name=name):
                theirs = self.refused(method, name, key=BOB)
                without_key = self.refused(method, name, key=None)
                unknown = self.refused(method, name, params={"taskId": "nothing"})
                missing = self.refused(method, name, params={})
                codes = {e.code for e in (theirs, without_key, unknown, missing)}
                words = {e.message for e in (theirs, without_key, unknown, missing)}
                self.assertEqual((codes, len(words)), ({-32602}, 1))
                # A client reads this after a restart, which ends all tasks.
                self.assertIn("call that waited for approval", unknown.message)

    def test_get(self) -> None:
        """The task is shown with the payload of its status."""
        asked = request_context("tasks/get", {"taskId": self.task.id})
        self.assertEqual(get_task(self.features, asked), self.task.as_detailed())
        self.features.tasks.finish(self.task, {"content": []})
        self.assertEqual(get_task(self.features, asked), self.task.as_detailed())

    def test_update(self) -> None:
        """Answers are delivered, and the acknowledgment does not show the task."""
        asking = TaskAsker(self.features.tasks, self.task, ASKABLE).ask({"name": NAME})
        params = {"taskId": self.task.id, "inputResponses": {"name": ADA, "x": 1}}
        self.assertEqual(
            update_task(self.features, request_context("tasks/update", params)), {}
        )
        self.assertEqual(self.successResultOf(asking), {"name": ADA})
        self.assertEqual(
            update_task(self.features, request_context("tasks/update", params)), {}
        )

    def test_update_with_fewer_rights(self) -> None:
        """A caller with fewer rights than the task answers none of its questions.

        It may look at the task, and stop it.
        """
        params = {"taskId": self.task.id, "inputResponses": {"name": ADA}}
        asking = TaskAsker(self.features.tasks, self.task, ASKABLE).ask({"name": NAME})
        for rights in (Rights(level=Level.DRAFT), Rights(toolsets=("leads",))):
            error = self.refused(
                update_task, "tasks/update", params=params, rights=rights
            )
            self.assertEqual(error.code, -32602)
            self.assertIn("more access", error.message)
            self.assertNoResult(asking)
        narrow = Rights(level=Level.READ_ONLY)
        asked = request_context("tasks/get", params, rights=narrow)
        self.assertEqual(get_task(self.features, asked)["taskId"], self.task.id)
        asked = request_context("tasks/cancel", params, rights=narrow)
        cancel_task(self.features, asked)
        self.assertEqual(self.task.status, "cancelled")
        self.failureResultOf(asking)

    def test_update_of_a_limited_task(self) -> None:
        """A caller with more rights than the task may answer its questions."""
        principal = credential().principal
        task = self.features.tasks.create(principal, None, Rights(level=Level.DRAFT))
        assert task is not None
        asking = TaskAsker(self.features.tasks, task, ASKABLE).ask({"name": NAME})
        params = {"taskId": task.id, "inputResponses": {"name": ADA}}
        update_task(self.features, request_context("tasks/update", params))
        self.successResultOf(asking)

    def test_update_wrongly(self) -> None:
        """Responses that are not an object are refused."""
        wrong: list[Json] = [None, [], "x"]
        for responses in wrong:
            params = {"taskId": self.task.id, "inputResponses": responses}
            error = self.refused(update_task, "tasks/update", params=params)
            self.assertEqual(error.code, -32602)

    def test_cancel(self) -> None:
        """Cancelling has the same acknowledgment for each status."""
        asked = request_context("tasks/cancel", {"taskId": self.task.id})
        for _ in range(2):
            self.assertEqual(cancel_task(self.features, asked), {})
            self.assertEqual(self.task.status, "cancelled")
