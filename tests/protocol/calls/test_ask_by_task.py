"""Asking by task: questions are open until they are answered or given up."""

from __future__ import annotations

from twisted.internet.defer import CancelledError
from zope.interface.verify import verifyObject

from instantly_mcp._json_codec import Json
from instantly_mcp.protocol.calls.client_requests import CannotAsk, IAsker
from instantly_mcp.protocol.wire.errors import ProtocolError

from .test_client_requests import NAME, ROOTS
from .test_tasks import ADA, DONE, BoardTestCase


class InputTests(BoardTestCase):
    def test_provides(self) -> None:
        """It provides IAsker."""
        self.assertTrue(verifyObject(IAsker, self.asker(self.create())))

    def test_asks(self) -> None:
        """All questions are open at the same time; each is answered for itself."""
        task = self.create()
        asking = self.asker(task).ask({"name": NAME, "roots": ROOTS})
        shown = task.as_detailed()
        self.assertEqual(shown["status"], "input_required")
        self.assertEqual(set(shown["inputRequests"]), {"name", "roots"})
        self.store.update(task, {"roots": {"roots": []}, "unknown": 7})
        self.assertEqual(set(task.as_detailed()["inputRequests"]), {"name"})
        self.assertNoResult(asking)
        self.store.update(task, {"name": ADA})
        self.assertEqual(
            self.successResultOf(asking), {"name": ADA, "roots": {"roots": []}}
        )
        self.assertEqual(task.status, "working")

    def test_nothing_to_ask(self) -> None:
        """No questions are answered at once, without a task that waits for input."""
        task = self.create()
        self.assertEqual(self.successResultOf(self.asker(task).ask({})), {})
        self.assertEqual(task.status, "working")

    def test_not_declared(self) -> None:
        """A question whose capability the creator lacks is not asked."""
        task = self.create()
        asking = self.asker(task, {"roots": {}}).ask({"name": NAME, "roots": ROOTS})
        why = str(self.failureResultOf(asking, CannotAsk).value)
        self.assertIn("elicitation", why)
        self.assertEqual(task.status, "working")

    def test_malformed(self) -> None:
        """A malformed answer is refused, and nothing of the update is taken."""
        task = self.create()
        asking = self.asker(task).ask({"name": NAME, "roots": ROOTS})
        wrong: list[Json] = [
            None,
            [],
            "x",
            {"roots": {"roots": []}, "name": 12345},
            {"roots": {"roots": []}, "name": None},
        ]
        for responses in wrong:
            with self.subTest(responses=responses):
                with self.assertRaises(ProtocolError) as caught:
                    self.store.update(task, responses)
                self.assertEqual(caught.exception.code, -32602)
        self.assertEqual(set(task.pending), {"name", "roots"})
        self.store.cancel(task)
        self.failureResultOf(asking, CancelledError)

    def test_tool_waits_no_longer(self) -> None:
        """Questions that the tool gave up are closed, and the task goes on."""
        task = self.create()
        first = self.asker(task).ask({"name": NAME})
        second = self.asker(task).ask({"roots": ROOTS})
        first.cancel()
        self.failureResultOf(first, CancelledError)
        self.assertEqual(set(task.as_detailed()["inputRequests"]), {"roots"})
        second.cancel()
        self.failureResultOf(second, CancelledError)
        self.assertEqual(task.status, "working")
        self.store.update(task, {"name": ADA})

    def test_ends_while_asking(self) -> None:
        """A task that ends closes its open questions."""
        task = self.create()
        asking = self.asker(task).ask({"name": NAME})
        self.store.finish(task, DONE)
        self.failureResultOf(asking, CancelledError)
        self.assertEqual(task.status, "completed")
        self.assertEqual(task.pending, {})
