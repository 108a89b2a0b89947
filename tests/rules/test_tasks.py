"""The tasks extension: opt-in, statuses, cancellation and limits."""

from __future__ import annotations

from twisted.internet.task import Clock

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.protocol.calls.tasks import MAX_TASKS_PER_PRINCIPAL, TTL_MS
from tests.support.clients import ModernClient
from tests.support.messages import call, modern, request
from tests.support.received import Received
from tests.support.servers import ADA, BOB

from .everything import ASKABLE, WITH_TASKS, RulesTestCase
from .test_rounds import accepted

CONFIRMED = accepted(confirm=True)


class TasksTestCase(RulesTestCase):
    clock: Clock

    def create(self, tool: str, arguments: Json = None, **meta: Json) -> str:
        """Call a tool that becomes a task; return the task's id."""
        meta.setdefault("clientCapabilities", WITH_TASKS)
        received = self.ask(call(tool, {} if arguments is None else arguments), **meta)
        self.assertEqual(received.result["resultType"], "task")
        id: str = received.result["taskId"]
        return id

    def send(self, method: str, id: Json, key: str = ADA, **params: Json) -> Received:
        """Send one of the extension's methods."""
        message = request(f"tasks/{method}", {"taskId": id, **params}, id=2)
        return ModernClient(self.rig, key=key).ask(
            message, clientCapabilities=WITH_TASKS
        )

    def shown(self, id: str) -> JsonObject:
        """Return what tasks/get shows."""
        result: JsonObject = self.send("get", id).result
        return result

    def status(self, id: str) -> str:
        """Return a task's status."""
        found: str = self.shown(id)["status"]
        return found


class OptInTests(TasksTestCase):
    def test_per_request(self) -> None:
        """A request without the extension gets no task, also after one that had it."""
        self.create("slow_compute", {"seconds": 1})
        message = call("slow_compute", {"seconds": 1})
        received = self.ask(message, clientCapabilities=ASKABLE)
        self.assertTrue(received.waits)
        self.clock.advance(1)
        self.assertEqual(self.text_of(received), "Computed nothing.")
        self.create("slow_compute", {"seconds": 1})
        self.clock.advance(1)

    def test_required(self) -> None:
        """A tool that must be a task is -32021 with 400 without the extension."""
        received = self.ask(call("failing_job"), clientCapabilities=ASKABLE)
        self.assertRefused(received, 400, -32021)
        required = received.error["data"]["requiredCapabilities"]["extensions"]
        self.assertIn("io.modelcontextprotocol/tasks", required)

    def test_never(self) -> None:
        """A tool without task support answers directly, also with the extension."""
        received = self.ask(
            call("greet", {"name": "Ada"}), clientCapabilities=WITH_TASKS
        )
        self.assertEqual(self.text_of(received), "Hello, Ada!")

    def test_only_tools_call(self) -> None:
        """No other method ever answers with a task."""
        for message in (
            request("tools/list"),
            request("prompts/get", {"name": "test_simple_prompt"}),
            request("resources/read", {"uri": "test://static-text"}),
        ):
            result = self.ask(message, clientCapabilities=WITH_TASKS).result
            self.assertEqual(result["resultType"], "complete")

    def test_session_eras(self) -> None:
        """In the legacy era the extension does not exist: a tool runs to its end."""
        for version in ("2025-11-25", "2025-06-18"):
            client = self.client(version, capabilities=WITH_TASKS)
            extensions = client.opening.result["capabilities"]["extensions"]
            self.assertNotIn("io.modelcontextprotocol/tasks", extensions)
            received = client.ask(call("failing_job"))
            self.assertTrue(received.waits)
            self.clock.advance(1)
            self.assertTrue(received.result["isError"])
            gone = client.ask(request("tasks/get", {"taskId": "x"}))
            self.assertEqual(gone.error["code"], -32601)

    def test_legacy_member_is_ignored(self) -> None:
        """The task member of 2025-11-25's tools/call is ignored."""
        message = call("greet", {"name": "Ada"})
        params = {**message["params"], "task": {"ttl": 1}}
        for ask in (self.ask, self.client().ask):
            received = ask({**message, "params": params})
            self.assertEqual(self.text_of(received), "Hello, Ada!")

    def test_methods_are_gated(self) -> None:
        """Without the extension tasks/* are -32021 with 400, whatever the id."""
        id = self.create("slow_compute", {"seconds": 1})
        for method in ("get", "update", "cancel"):
            for named in (id, "unknown"):
                message = request(f"tasks/{method}", {"taskId": named})
                self.assertRefused(self.ask(message), 400, -32021)
        self.clock.advance(1)
        self.assertEqual(self.status(id), "completed")


class LifeTests(TasksTestCase):
    def test_durable_before_the_reply(self) -> None:
        """A task can be read as soon as its id was returned."""
        id = self.create("slow_compute", {"seconds": 1})
        self.assertEqual(self.status(id), "working")
        self.clock.advance(1)

    def test_ids_are_unguessable(self) -> None:
        """An id is long, random, and never the same."""
        ids = [self.create("slow_compute", {"seconds": 1}) for _ in range(20)]
        self.assertEqual(len({id[:8] for id in ids}), 20)
        self.assertGreaterEqual(min(map(len, ids)), 22)
        self.clock.advance(1)

    def test_completed(self) -> None:
        """A result makes it completed, with the result a direct call would have."""
        id = self.create("slow_compute", {"seconds": 1, "label": "it"})
        self.clock.advance(1)
        shown = self.shown(id)
        self.assertEqual(shown["status"], "completed")
        message = call("slow_compute", {"seconds": 0, "label": "it"})
        asked = self.ask(message)
        self.clock.advance(0)
        direct = dict(asked.result)
        direct.pop("_meta")
        self.assertEqual(shown["result"], direct)

    def test_tool_errors_are_completed(self) -> None:
        """A tool that fails is completed, with isError."""
        id = self.create("failing_job")
        self.clock.advance(1)
        shown = self.shown(id)
        self.assertEqual(shown["status"], "completed")
        self.assertTrue(shown["result"]["isError"])

    def test_protocol_errors_are_failed(self) -> None:
        """A JSON-RPC error makes it failed, with the error and a statusMessage."""
        id = self.create("protocol_error_job")
        self.clock.advance(1)
        shown = self.shown(id)
        self.assertEqual(shown["status"], "failed")
        self.assertEqual(shown["error"]["code"], -32603)
        self.assertTrue(shown["statusMessage"])
        self.assertNotIn("result", shown)

    def test_times(self) -> None:
        """Times are ISO 8601 by the wall clock, and the last one moves."""
        id = self.create("slow_compute", {"seconds": 90})
        before = self.shown(id)
        self.assertEqual(before["createdAt"], before["lastUpdatedAt"])
        self.assertEqual(before["createdAt"], "2026-09-21T14:13:20.000Z")
        self.clock.advance(90)
        after = self.shown(id)
        self.assertEqual(after["createdAt"], before["createdAt"])
        self.assertEqual(after["lastUpdatedAt"], "2026-09-21T14:14:50.000Z")

    def test_kept_for_its_time(self) -> None:
        """An ended task is kept until its ttlMs and is then removed."""
        id = self.create("slow_compute", {"seconds": 1})
        self.assertEqual(self.shown(id)["ttlMs"], TTL_MS)
        self.clock.advance(1)
        self.clock.advance(TTL_MS / 1000 - 1)
        self.rig.server_features.tasks.sweep()
        self.assertEqual(self.status(id), "completed")
        self.clock.advance(1)
        self.rig.server_features.tasks.sweep()
        self.assertRefused(self.send("get", id), 200, -32602)

    def test_creator_leaves(self) -> None:
        """Closing the connection of the creating request cancels nothing."""
        message = call("slow_compute", {"seconds": 60})
        received = self.ask(message, clientCapabilities=WITH_TASKS)
        received.leave()
        self.clock.advance(60)
        self.assertEqual(self.status(received.result["taskId"]), "completed")

    def test_cancelled_notification_does_nothing(self) -> None:
        """notifications/cancelled for the creating request cancels nothing."""
        id = self.create("slow_compute", {"seconds": 60})
        notified = modern(
            {
                "jsonrpc": "2.0",
                "method": "notifications/cancelled",
                "params": {"requestId": 1},
            }
        )
        self.rig.send_modern(notified)
        self.clock.advance(60)
        self.assertEqual(self.status(id), "completed")

    def test_no_progress_and_no_logs(self) -> None:
        """A task sends neither progress nor log messages."""
        received = self.ask(
            call("promoted", {}, token="t"),
            clientCapabilities=WITH_TASKS,
            logLevel="debug",
        )
        self.assertFalse(received.streams)
        self.assertEqual(received.notifications, [])
        self.send("cancel", received.result["taskId"])

    def test_bounded(self) -> None:
        """Beyond the limit of one principal a call does not become a task.

        Other principals are not affected.
        """
        for _ in range(MAX_TASKS_PER_PRINCIPAL):
            self.create("slow_compute", {"seconds": 1})
        message = call("slow_compute", {"seconds": 1})
        one_more = self.ask(message, clientCapabilities=WITH_TASKS)
        self.assertTrue(one_more.waits)
        bob = ModernClient(self.rig, key=BOB).ask(
            message, clientCapabilities=WITH_TASKS
        )
        self.assertEqual(bob.result["resultType"], "task")
        self.clock.advance(1)
        self.assertEqual(self.text_of(one_more), "Computed nothing.")
        self.create("slow_compute", {"seconds": 1})
        self.clock.advance(1)


class CancelTests(TasksTestCase):
    def test_really_cancels(self) -> None:
        """tasks/cancel stops the work and is final, also if the work ends later."""
        id = self.create("slow_compute", {"seconds": 60})
        result = self.send("cancel", id).result
        self.assertEqual(result["resultType"], "complete")
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.status(id), "cancelled")

    def test_while_it_waits_for_input(self) -> None:
        """A task that waits for input can be cancelled and then asks nothing more."""
        id = self.create("confirm_delete", {"filename": "x"})
        self.clock.advance(0.1)
        self.send("cancel", id)
        shown = self.shown(id)
        self.assertEqual(shown["status"], "cancelled")
        self.assertNotIn("inputRequests", shown)
        self.send("update", id, inputResponses={"confirm": CONFIRMED})
        self.assertEqual(self.status(id), "cancelled")

    def test_terminal_is_final(self) -> None:
        """Cancelling an ended task is acknowledged and changes nothing."""
        for tool, status in (
            ("slow_compute", "completed"),
            ("protocol_error_job", "failed"),
        ):
            id = self.create(tool)
            self.clock.advance(1)
            before = self.shown(id)
            self.assertEqual(before["status"], status)
            self.clock.advance(1)
            self.assertEqual(self.send("cancel", id).result["resultType"], "complete")
            self.assertEqual(self.shown(id), before)

    def test_others_go_on(self) -> None:
        """Cancelling one task does not affect others of its owner."""
        one, two = (self.create("slow_compute", {"seconds": 5}) for _ in range(2))
        self.send("cancel", one)
        self.clock.advance(5)
        self.assertEqual(self.status(two), "completed")
