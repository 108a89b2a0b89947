"""A tool call that becomes a task, and one that cannot or may not."""

from __future__ import annotations

from typing import cast

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.logger import capturedLogs, formatEvent
from zope.interface.verify import verifyObject

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import JsonObject
from instantly_mcp._rights import ALL_RIGHTS, Level, Rights
from instantly_mcp.protocol.calls.ask_by_retry import InputRequired
from instantly_mcp.protocol.calls.call import NULL_SINK, Call
from instantly_mcp.protocol.calls.client_requests import CannotAsk
from instantly_mcp.protocol.calls.tasks import (
    MAX_TASKS_PER_PRINCIPAL,
    TASKS_CAPABILITY,
    Task,
)
from instantly_mcp.protocol.interfaces import INotificationSink
from instantly_mcp.protocol.methods.tools import call_tool
from instantly_mcp.protocol.primitives.tool import RunTool, TaskSupport, ToolResult
from instantly_mcp.protocol.server_features import (
    RequestContext,
    Result,
    ServerFeatures,
)
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.support.cases import ClockedTestCase
from tests.support.engines import Basket
from tests.support.servers import credential
from tests.support.toolboxes import Fault

from ..sample_features import ASKABLE, features_of, request_context, says, tool
from .test_client_requests import NAME

ADA: JsonObject = {"action": "accept", "content": {"name": "Ada"}}


class PromotionTestCase(ClockedTestCase):
    """The tool becomes a task if `wants`, then waits for `work`."""

    wants = True
    promoted: bool | None = None
    call: Call

    def setUp(self) -> None:
        """Make the tool."""
        super().setUp()
        self.work: Deferred[ToolResult] = Deferred()
        self.basket = Basket()

    def run_tool(self, arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
        """Run the tool."""
        self.call = call
        if self.wants:
            self.promoted = call.become_task("Begun")
        return self.work

    def started(
        self,
        run: RunTool | None = None,
        support: TaskSupport = TaskSupport.OPTIONAL,
        asked: RequestContext | None = None,
    ) -> Deferred[Result]:
        """Call the tool."""
        self.features: ServerFeatures = features_of(
            self.clock, tool("job", run or self.run_tool, task=support)
        )
        params = {"name": "job", "_meta": {"progressToken": "t"}}
        asked = asked or request_context("tools/call", params, sink=self.basket)
        return cast("Deferred[Result]", call_tool(self.features, asked))

    def handle(self, running: Deferred[Result]) -> Task:
        """Return the task whose handle the client got."""
        created = self.successResultOf(running)
        self.assertEqual(created["resultType"], "task")
        return self.features.tasks.find(created["taskId"], credential().principal)


class TaskTests(PromotionTestCase):
    def test_becomes_a_task(self) -> None:
        """The client gets a handle at once and finds the result later."""
        task = self.handle(self.started())
        self.assertTrue(self.promoted)
        self.assertEqual((task.status, task.message), ("working", "Begun"))
        self.assertIs(task.rights, ALL_RIGHTS)
        self.work.callback(says("done"))
        self.assertEqual(task.status, "completed")
        self.assertEqual(task.as_detailed()["result"]["content"][0]["text"], "done")
        self.assertTrue(self.call.finished)

    def test_keeps_its_rights(self) -> None:
        """A task has the rights of the call that became it."""
        rights = Rights(level=Level.DRAFT, toolsets=("leads",))
        asked = request_context(
            "tools/call", {"name": "job"}, sink=self.basket, rights=rights
        )
        self.assertIs(self.handle(self.started(asked=asked)).rights, rights)
        self.work.callback(says("done"))

    def test_later(self) -> None:
        """A tool may decide while it works, after it waited for something."""
        started: Deferred[None] = Deferred()

        @deferred
        async def run(arguments: JsonObject, call: Call) -> ToolResult:
            await started
            call.become_task()
            return await self.work

        running = self.started(run)
        self.assertNoResult(running)
        started.callback(None)
        task = self.handle(running)
        self.features.tasks.cancel(task)
        self.assertEqual(task.status, "cancelled")
        self.assertTrue(self.work.called)

    def test_once(self) -> None:
        """A call becomes one task, even if the tool calls become_task again."""
        self.handle(self.started())
        self.assertFalse(self.call.become_task())
        self.assertEqual(self.features.tasks.count, 1)

    def test_says_nothing_on_the_stream(self) -> None:
        """A task's progress is its message; nothing goes to the creator's stream."""
        task = self.handle(self.started())
        self.call.progress(1, 2, "half")
        self.call.log("error", "x")
        self.assertEqual(task.message, "half")
        self.assertEqual(self.basket.sent, [])
        self.work.callback(says("done"))
        self.call.progress(2, 2, "late")
        self.assertNotIn("statusMessage", task.as_detailed())

    def test_asks_through_the_task(self) -> None:
        """The questions of a task are answered by tasks/update."""
        task = self.handle(self.started())
        asking = self.call.ask({"name": NAME})
        self.assertEqual(task.status, "input_required")
        self.features.tasks.update(task, {"name": ADA})
        self.assertEqual(self.successResultOf(asking), {"name": ADA})

    def test_client_leaves(self) -> None:
        """Closing the connection that created a task does not cancel it."""
        running = self.started()
        task = self.handle(running)
        running.cancel()
        self.assertEqual(task.status, "working")
        self.assertFalse(self.work.called)

    def test_cannot_ask(self) -> None:
        """That the client cannot be asked is a result that a model can read."""
        task = self.handle(self.started())
        self.work.errback(CannotAsk("It has no elicitation."))
        self.assertTrue(task.as_detailed()["result"]["isError"])

    def test_protocol_error(self) -> None:
        """A protocol error fails the task and is not logged."""
        task = self.handle(self.started())
        self.work.errback(ProtocolError(-32603, "It broke."))
        self.assertEqual(task.as_detailed()["error"]["message"], "It broke.")

    def test_bug(self) -> None:
        """A bug fails the task and is logged once, under the error's incident id."""
        task = self.handle(self.started())
        with capturedLogs() as events:
            self.work.errback(Fault("a bug"))
        self.assertEqual(task.status, "failed")
        self.assertEqual(len(self.flushLoggedErrors(Fault)), 1)
        (logged,) = (event for event in events if "log_failure" in event)
        told = task.as_detailed()["error"]["data"]["incident"]
        self.assertIn(told, formatEvent(logged))

    def test_raises_after_promotion(self) -> None:
        """A tool that raises instead of answering fails its task all the same."""

        def run(arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
            self.call = call
            call.become_task()
            raise Fault("a bug")

        task = self.handle(self.started(run))
        self.assertEqual(task.status, "failed")
        self.assertTrue(self.call.finished)
        self.assertEqual(len(self.flushLoggedErrors(Fault)), 1)

    def test_done_at_once(self) -> None:
        """A task that never waited is complete when the client gets its id."""
        self.work.callback(says("done"))
        self.assertEqual(self.handle(self.started()).status, "completed")


class OrdinaryTests(PromotionTestCase):
    def ordinary(self, running: Deferred[Result]) -> None:
        """No task was created."""
        self.assertFalse(self.promoted)
        self.assertNoResult(running)
        self.work.callback(says("done"))
        result = self.successResultOf(running)
        self.assertEqual(result["content"][0]["text"], "done")
        self.assertEqual(self.features.tasks.count, 0)

    def test_not_declared(self) -> None:
        """A client that does not declare tasks waits for the result."""
        asked = request_context("tools/call", {"name": "job"}, capabilities=ASKABLE)
        self.ordinary(self.started(asked=asked))

    def test_required(self) -> None:
        """A tool that is always a task is refused to who declares none: -32021."""
        asked = request_context("tools/call", {"name": "job"}, capabilities=ASKABLE)
        with self.assertRaises(ProtocolError) as caught:
            self.started(support=TaskSupport.REQUIRED, asked=asked)
        self.assertEqual(caught.exception.code, -32021)
        self.assertEqual(
            caught.exception.data, {"requiredCapabilities": TASKS_CAPABILITY}
        )
        self.assertIsNone(self.promoted)

    def test_session_eras(self) -> None:
        """Before 2026-07-28 there are no tasks, whatever a client declares."""
        asked = request_context("tools/call", {"name": "job"}, revision=V2025_11_25)
        for support in (TaskSupport.OPTIONAL, TaskSupport.REQUIRED):
            self.work = Deferred()
            self.ordinary(self.started(support=support, asked=asked))

    def test_tool_without_tasks(self) -> None:
        """A tool that does not support them cannot become one."""
        self.ordinary(self.started(support=TaskSupport.NEVER))

    def test_full_store(self) -> None:
        """Where there is no room for a task the client waits for the result."""
        first = self.started()
        for _ in range(MAX_TASKS_PER_PRINCIPAL):
            self.features.tasks.create(credential().principal)
        self.work.callback(says("done"))
        self.handle(first)
        self.work = Deferred()
        self.features.tasks.create(credential().principal)
        params = {"name": "job"}
        running = call_tool(self.features, request_context("tools/call", params))
        assert isinstance(running, Deferred)
        self.assertFalse(self.promoted)
        self.work.callback(says("waited"))
        result = self.successResultOf(running)
        self.assertEqual(result["content"][0]["text"], "waited")

    def test_wants_none(self) -> None:
        """A tool that could become a task need not."""
        self.wants = False
        self.ordinary(self.started())

    def test_failure(self) -> None:
        """A failure before any promotion is the failure of the call."""
        self.wants = False
        running = self.started()
        self.work.errback(Fault("a bug"))
        self.failureResultOf(running, Fault)

    def test_raises(self) -> None:
        """A tool that raises instead of answering fails, and its call is over."""

        def run(arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
            self.call = call
            raise Fault("a bug")

        for support in (TaskSupport.NEVER, TaskSupport.OPTIONAL):
            with self.subTest(support=support):
                self.failureResultOf(self.started(run, support), Fault)
                self.assertTrue(self.call.finished)

    def test_asks_first(self) -> None:
        """Questions before the promotion are an input-required round."""

        @deferred
        async def run(arguments: JsonObject, call: Call) -> ToolResult:
            await call.ask({"name": NAME})
            call.become_task()
            return await self.work

        self.failureResultOf(self.started(run), InputRequired)
        params = {"name": "job", "inputResponses": {"name": ADA}}
        self.handle(self.started(run, asked=request_context("tools/call", params)))


class LeavingTests(PromotionTestCase):
    wants = False

    def test_cancels(self) -> None:
        """A client that leaves before the promotion cancels the work."""
        running = self.started()
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.assertTrue(self.work.called)
        self.assertTrue(self.call.finished)

    def stubborn(self) -> Deferred[ToolResult]:
        """Disconnect a client whose tool continues; return what the tool waits for."""
        goes_on: Deferred[ToolResult] = Deferred()

        @deferred
        async def run(arguments: JsonObject, call: Call) -> ToolResult:
            try:
                return await self.work
            except CancelledError:
                self.promoted = call.become_task()
                return await goes_on

        running = self.started(run)
        running.cancel()
        self.failureResultOf(running, CancelledError)
        return goes_on

    def test_no_task_without_a_principal(self) -> None:
        """A tool that continues after its client left does not become a task."""
        goes_on = self.stubborn()
        self.assertIs(self.promoted, False)
        goes_on.callback(says("written"))
        self.assertEqual(self.features.tasks.count, 0)

    def test_bug_without_client(self) -> None:
        """A bug that no response can report is logged."""
        self.stubborn().errback(Fault("a bug"))
        self.assertEqual(len(self.flushLoggedErrors(Fault)), 1)


class FinishedTests(ClockedTestCase):
    def test_finished(self) -> None:
        """After the tool ends, its call sends nothing."""
        calls: list[Call] = []

        def run(arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
            calls.append(call)
            return succeed(says("x"))

        running = call_tool(
            features_of(self.clock, tool("plain", run)),
            request_context("tools/call", {"name": "plain"}),
        )
        assert isinstance(running, Deferred)
        self.successResultOf(running)
        self.assertTrue(calls[0].finished)
        self.assertTrue(verifyObject(INotificationSink, NULL_SINK))
