"""What a task asks its client, and that a task is visible to its owner only."""

from __future__ import annotations

from instantly_mcp._json_codec import Json, JsonObject
from tests.support.messages import modern, request
from tests.support.servers import BOB

from .everything import WITH_TASKS
from .test_rounds import NAMED, accepted
from .test_tasks import CONFIRMED, TasksTestCase


class InputTests(TasksTestCase):
    def test_asks_and_goes_on(self) -> None:
        """A task waits for input with its questions, and completes when answered."""
        id = self.create("confirm_delete", {"filename": "x.txt"})
        self.assertEqual(self.status(id), "working")
        self.clock.advance(0.1)
        shown = self.shown(id)
        self.assertEqual(shown["status"], "input_required")
        method = shown["inputRequests"]["confirm"]["method"]
        self.assertEqual(method, "elicitation/create")
        acknowledged = self.send("update", id, inputResponses={"confirm": CONFIRMED})
        self.assertEqual(set(acknowledged.result), {"resultType", "_meta"})
        shown = self.shown(id)
        text = shown["result"]["content"][0]["text"]
        self.assertEqual(text, "x.txt: confirmed True")
        self.assertNotIn("inputRequests", shown)

    def test_two_at_the_same_time(self) -> None:
        """A partial answer leaves the other question open, under its own key."""
        id = self.create("multi_input")
        self.clock.advance(0.1)
        self.assertEqual(set(self.shown(id)["inputRequests"]), {"first", "second"})
        self.send("update", id, inputResponses={"second": CONFIRMED})
        shown = self.shown(id)
        self.assertEqual(shown["status"], "input_required")
        self.assertEqual(set(shown["inputRequests"]), {"first"})
        self.send("update", id, inputResponses={"first": NAMED})
        self.assertEqual(self.status(id), "completed")

    def test_keys_are_never_reused(self) -> None:
        """A second question under the same name has another key."""
        id = self.create("promoted")
        [one] = self.shown(id)["inputRequests"]
        self.send("update", id, inputResponses={one: NAMED})
        [two] = self.shown(id)["inputRequests"]
        self.assertNotEqual(one, two)
        self.send("update", id, inputResponses={one: NAMED})
        self.assertEqual(list(self.shown(id)["inputRequests"]), [two])
        self.send("update", id, inputResponses={two: NAMED})
        self.assertEqual(self.status(id), "completed")

    def test_unknown_keys(self) -> None:
        """Answers under unknown keys are ignored and acknowledged."""
        id = self.create("promoted")
        received = self.send("update", id, inputResponses={"other": 7})
        self.assertEqual(received.result["resultType"], "complete")
        self.assertEqual(self.status(id), "input_required")
        self.send("cancel", id)

    def test_malformed_answers(self) -> None:
        """An invalid answer is -32602, and no answer sent with it is accepted."""
        id = self.create("multi_input")
        self.clock.advance(0.1)
        bad: list[Json] = [
            None,
            [],
            {"first": 7, "second": CONFIRMED},
            {"second": CONFIRMED, "first": accepted(name=7)},
        ]
        for responses in bad:
            received = self.send("update", id, inputResponses=responses)
            self.assertRefused(received, 200, -32602)
        self.assertEqual(set(self.shown(id)["inputRequests"]), {"first", "second"})
        self.send("cancel", id)

    def test_never_asks_what_is_not_declared(self) -> None:
        """A task asks only what its creating request declared."""
        less: JsonObject = {"extensions": WITH_TASKS["extensions"]}
        id = self.create("confirm_delete", {"filename": "x"}, clientCapabilities=less)
        self.clock.advance(0.1)
        shown = self.shown(id)
        self.assertEqual(shown["status"], "completed")
        self.assertTrue(shown["result"]["isError"])


class OwnerTests(TasksTestCase):
    def test_unknown(self) -> None:
        """An unknown id is -32602 with 200."""
        for method in ("get", "update", "cancel"):
            for id in ("x" * 32, "", 7, None):
                received = self.send(method, id, inputResponses={})
                self.assertRefused(received, 200, -32602)

    def test_task_of_another_principal(self) -> None:
        """For any other caller a task does not exist, with any method."""
        id = self.create("confirm_delete", {"filename": "x"})
        self.clock.advance(0.1)
        for method in ("get", "update", "cancel"):
            answers = {"confirm": CONFIRMED}
            received = self.send(method, id, key=BOB, inputResponses=answers)
            self.assertRefused(received, 200, -32602)
            unknown = self.send(method, "x" * 32, key=BOB, inputResponses={})
            self.assertEqual(received.error, unknown.error)
        message = request("tasks/get", {"taskId": id})
        anonymous = modern(message, clientCapabilities=WITH_TASKS)
        self.assertRefused(self.rig.send_modern(anonymous, key=None), 200, -32602)
        self.assertEqual(self.status(id), "input_required")
        self.send("cancel", id)
