"""The task store: what it keeps, for whom, for how long, and how much."""

from __future__ import annotations

from datetime import datetime

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.protocol.calls.ask_by_task import TaskAsker
from instantly_mcp.protocol.calls.tasks import (
    MAX_TASKS_PER_PRINCIPAL,
    MAX_TOTAL_BYTES,
    POLL_MS,
    RESULT_SECONDS,
    TASK_BYTES,
    TTL_MS,
    TTL_SECONDS,
    Task,
    TaskStore,
)
from instantly_mcp.protocol.wire.errors import ProtocolError
from tests.support.cases import ClockedTestCase

from ..sample_features import ASKABLE
from .test_client_requests import NAME, ROOTS

ADA: JsonObject = {"action": "accept", "content": {"name": "Ada"}}
DONE: JsonObject = {"content": [{"type": "text", "text": "done"}]}


class BoardTestCase(ClockedTestCase):
    def setUp(self) -> None:
        """Make a store, and collect the changes that it reports."""
        super().setUp()
        self.changes: list[JsonObject] = []
        self.store = TaskStore(
            self.clock,
            lambda: 1_790_000_000.0 + self.clock.seconds(),
            lambda task: self.changes.append(task.as_detailed()),
        )

    def create(self, principal: str = "ada") -> Task:
        """Create a task; the limits must allow it."""
        task = self.store.create(principal)
        assert task is not None
        return task

    def asker(self, task: Task, capabilities: JsonObject = ASKABLE) -> TaskAsker:
        """Return the asker of the task."""
        return TaskAsker(self.store, task, capabilities)

    def gone(self, task: Task) -> bool:
        """Say whether the task is no longer in the store."""
        try:
            return self.store.find(task.id, task.principal) is not task
        except ProtocolError:
            return True


class LifeTests(BoardTestCase):
    def test_created(self) -> None:
        """A new task works, is in the store, and has no payload."""
        task = self.create()
        self.assertIs(self.store.find(task.id, "ada"), task)
        created = dict(task.as_created())
        for name in ("createdAt", "lastUpdatedAt"):
            moment = datetime.fromisoformat(created.pop(name))
            self.assertEqual(moment.timestamp(), 1_790_000_000)
        self.assertEqual(
            created,
            {
                "resultType": "task",
                "taskId": task.id,
                "status": "working",
                "ttlMs": TTL_MS,
                "pollIntervalMs": POLL_MS,
            },
        )

    def test_first_message(self) -> None:
        """The message at the creation is shown from the start."""
        task = self.store.create("ada", "Adding 7 leads")
        assert task is not None
        self.assertEqual(task.as_created()["statusMessage"], "Adding 7 leads")

    def test_ids(self) -> None:
        """Ids cannot be guessed: they are long, random and different."""
        ids = {self.create(f"p{number}").id for number in range(100)}
        self.assertEqual(len(ids), 100)
        self.assertTrue(all(len(id) >= 32 for id in ids))

    def test_only_for_its_principal(self) -> None:
        """For everybody else a task does not exist."""
        task = self.create()
        ids: list[Json] = [task.id, None, 7, [], {}, ""]
        for id in ids:
            with self.subTest(id=id), self.assertRaises(ProtocolError) as caught:
                self.store.find(id, "bob")
            self.assertEqual(caught.exception.code, -32602)

    def test_cancel_all(self) -> None:
        """The tasks of chosen principals are cancelled with their work, no others."""
        mine, done, other = self.create(), self.create(), self.create("bob")
        for task in (mine, other):
            task.running = Deferred()
            task.running.addErrback(lambda failure: failure.trap(CancelledError))
        self.store.finish(done, DONE)
        self.store.cancel_all("ada".__eq__)
        states = [task.as_detailed()["status"] for task in (mine, done, other)]
        self.assertEqual(states, ["cancelled", "completed", "working"])
        assert mine.running is not None
        assert other.running is not None
        self.assertTrue(mine.running.called)
        self.assertFalse(other.running.called)

    def test_completed(self) -> None:
        """The result is the payload, also if the tool reports an error."""
        for result in (DONE, {**DONE, "isError": True}):
            task = self.create()
            self.store.finish(task, result)
            shown = task.as_detailed()
            self.assertEqual((shown["status"], shown["result"]), ("completed", result))
            self.assertNotIn("error", shown)
            self.assertEqual(self.changes[-1], shown)

    def test_failed(self) -> None:
        """A protocol error is the payload of a failure, with its sentence."""
        task = self.create()
        self.store.finish(task, Failure(ProtocolError(-32603, "It broke.")))
        shown = task.as_detailed()
        self.assertEqual(shown["status"], "failed")
        self.assertEqual(shown["error"], {"code": -32603, "message": "It broke."})
        self.assertEqual(shown["statusMessage"], "It broke.")
        self.assertNotIn("result", shown)

    def test_bug(self) -> None:
        """The error for a bug has no details of it; the log has them."""
        task = self.create()
        self.store.finish(task, Failure(ValueError("secret")))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(task.as_detailed()["error"]["code"], -32603)
        self.assertNotIn("secret", str(task.as_detailed()))

    def test_cancelled_by_itself(self) -> None:
        """Work that ends by being cancelled is a cancelled task."""
        task = self.create()
        self.store.finish(task, Failure(CancelledError()))
        self.assertEqual(task.status, "cancelled")

    def test_updated(self) -> None:
        """Every change has its time; the creation keeps its own."""
        task = self.create()
        self.clock.advance(1.5)
        self.store.set_message(task, "half")
        shown = task.as_detailed()
        self.assertEqual(shown["statusMessage"], "half")
        created = datetime.fromisoformat(shown["createdAt"])
        updated = datetime.fromisoformat(shown["lastUpdatedAt"])
        self.assertEqual((updated - created).total_seconds(), 1.5)

    def test_news_only(self) -> None:
        """An equal message is not reported again, and none after the end."""
        task = self.create()
        self.store.set_message(task, "half")
        self.store.set_message(task, "half")
        self.assertEqual(len(self.changes), 1)
        self.store.finish(task, DONE)
        self.store.set_message(task, "late")
        self.assertEqual(len(self.changes), 2)
        self.assertEqual(task.status, "completed")


class CancelTests(BoardTestCase):
    def test_cancels_the_work(self) -> None:
        """The task is cancelled at once, and so is its work."""
        task = self.create()
        cancelled: list[object] = []
        task.running = Deferred(cancelled.append)
        task.running.addErrback(lambda failure: failure.trap(CancelledError))
        self.store.cancel(task)
        self.assertEqual(task.status, "cancelled")
        self.assertEqual(len(cancelled), 1)

    def test_cancels_the_questions(self) -> None:
        """A question that is still open is cancelled with the task."""
        task = self.create()
        asking = self.asker(task).ask({"name": NAME, "roots": ROOTS})
        self.store.cancel(task)
        self.failureResultOf(asking, CancelledError)
        self.assertEqual(task.pending, {})

    def test_final(self) -> None:
        """A final status does not change."""
        for end in (
            lambda task: self.store.finish(task, DONE),
            lambda task: self.store.finish(task, Failure(ValueError())),
            self.store.cancel,
        ):
            task = self.create()
            end(task)
            shown = task.as_detailed()
            self.clock.advance(1)
            before = len(self.changes)
            self.store.cancel(task)
            self.store.finish(task, {"content": []})
            self.store.finish(task, Failure(ProtocolError(-1, "x")))
            self.store.change(task, "working")
            self.store.update(task, {"name": ADA})
            self.failureResultOf(self.asker(task).ask({"n": NAME}), CancelledError)
            self.assertEqual(task.as_detailed(), shown)
            self.assertEqual(len(self.changes), before)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)


class BoundTests(BoardTestCase):
    def test_per_principal(self) -> None:
        """The oldest ended task of a principal is dropped; running ones never are."""
        tasks = [self.create() for _ in range(MAX_TASKS_PER_PRINCIPAL)]
        self.assertIsNone(self.store.create("ada"))
        self.assertIsNotNone(self.store.create("bob"))
        self.store.finish(tasks[7], DONE)
        self.store.finish(tasks[5], DONE)
        self.create()
        self.assertEqual((self.gone(tasks[5]), self.gone(tasks[7])), (True, False))

    def test_all_principals(self) -> None:
        """All of them together fill the store, and no more."""
        room = MAX_TOTAL_BYTES // TASK_BYTES
        for number in range(room):
            self.create(f"p{number}")
        self.assertIsNone(self.store.create("one more"))
        self.assertEqual(self.store.count, room)

    def test_results_count(self) -> None:
        """Long results fill the store as well: it holds a bounded number of bytes."""
        large: JsonObject = {"content": [], "x": "x" * (MAX_TOTAL_BYTES // 10)}
        tasks = [self.create(f"p{number}") for number in range(15)]
        for task in tasks:
            self.store.finish(task, large)
        self.assertLess(sum(not self.gone(task) for task in tasks), 10)
        self.assertFalse(self.gone(tasks[-1]))

    def test_who_has_most_makes_room(self) -> None:
        """The tasks of one principal do not displace those of another."""
        mine = self.create("bob")
        self.store.finish(mine, DONE)
        large: JsonObject = {"content": [], "x": "x" * (MAX_TOTAL_BYTES // 20)}
        for _ in range(50):
            self.store.finish(self.create("ada"), large)
        self.assertFalse(self.gone(mine))

    def test_dropped_is_forgotten(self) -> None:
        """After everything ended and expired the store is as it was: empty."""
        for number in range(10):
            self.store.finish(self.create(f"p{number % 3}"), DONE)
        self.clock.advance(TTL_SECONDS + 1)
        self.store.sweep()
        self.assertEqual(self.store.count, 0)
        for number in range(MAX_TOTAL_BYTES // TASK_BYTES):
            self.create(f"p{number}")


class SweepTests(BoardTestCase):
    def test_kept_for_its_time(self) -> None:
        """A task that ended is kept until its time since the creation is over."""
        task = self.create()
        self.store.finish(task, DONE)
        self.clock.advance(TTL_SECONDS)
        self.store.sweep()
        self.assertFalse(self.gone(task))
        self.clock.advance(1)
        self.store.sweep()
        self.assertTrue(self.gone(task))

    def test_late_results(self) -> None:
        """A result that took its time can still be fetched for some minutes."""
        task = self.create()
        self.clock.advance(TTL_SECONDS - 1)
        self.store.finish(task, DONE)
        self.clock.advance(RESULT_SECONDS)
        self.store.sweep()
        self.assertFalse(self.gone(task))
        self.clock.advance(1)
        self.store.sweep()
        self.assertTrue(self.gone(task))

    def test_stuck(self) -> None:
        """A task that gets no answers is cancelled in the end, then dropped."""
        task = self.create()
        asking = self.asker(task).ask({"name": NAME})
        self.clock.advance(2 * TTL_SECONDS)
        self.store.sweep()
        self.assertEqual(task.status, "input_required")
        self.clock.advance(1)
        self.store.sweep()
        self.assertEqual(task.status, "cancelled")
        self.failureResultOf(asking, CancelledError)
        self.clock.advance(RESULT_SECONDS + 1)
        self.store.sweep()
        self.assertTrue(self.gone(task))
