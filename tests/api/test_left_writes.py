"""Writes that go on without their caller: sent once; the same call gets the result."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred

from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.api.left_writes import KEPT_SECONDS, MAX_CALLS, LeftWrites
from instantly_mcp.catalog.operation import WRITE_AGAIN
from tests.support.cases import ClockedTestCase

from .builders import ACTIVATE, CREATE, LIST, client, granted
from .pace.test_concurrency import HeldAgent
from .test_client import URL

NEW = {"name": "Q4"}
AGAIN = evolve(ACTIVATE, effect=WRITE_AGAIN)
SLOW_CREATE = evolve(CREATE, first_byte_seconds=120.0)
SLOW_ACTIVATE = evolve(AGAIN, first_byte_seconds=120.0)


class LeftWriteTests(ClockedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.agent = HeldAgent()
        self.client = client(self.agent, URL, self.clock)

    def create(self) -> Deferred[Any]:
        until = self.clock.seconds() + 50
        return self.client.execute(CREATE, NEW, granted(), None, until)

    def reason(self, call: Deferred[Any]) -> Reason:
        error = self.failureResultOf(call, ApiError).value
        assert isinstance(error, ApiError)
        return error.reason

    def test_same_call_waits_for_it(self) -> None:
        """The same call waits for the write that is on the wire, and sends nothing."""
        first = self.create()
        first.cancel()
        self.failureResultOf(first, CancelledError)
        again = self.create()
        self.assertNoResult(again)
        self.assertEqual(len(self.agent.asked), 1)
        self.agent.reply_all()
        self.assertEqual(self.successResultOf(again), {})
        self.assertEqual(self.client.health.detached, 0)

    def test_same_call_gets_what_it_came_to(self) -> None:
        """The same call after the end gets the outcome, once; then it is a new call."""
        self.create().addErrback(lambda gone: None).cancel()
        self.agent.reply_all()
        self.assertEqual(self.successResultOf(self.create()), {})
        self.assertEqual(len(self.agent.asked), 1)
        new = self.create()
        self.assertNoResult(new)
        self.assertEqual(len(self.agent.asked), 2)
        self.agent.reply_all()
        self.successResultOf(new)

    def test_two_at_a_time(self) -> None:
        """Two equal writes without a caller serve two repeated calls."""
        for answered_first in (False, True):
            with self.subTest(answered_first=answered_first):
                before = len(self.agent.asked)
                both = [self.create(), self.create()]
                for one in both:
                    one.addErrback(lambda gone: None).cancel()
                if answered_first:
                    self.agent.reply_all()
                again = [self.create(), self.create()]
                self.agent.reply_all()
                for one in again:
                    self.assertEqual(self.successResultOf(one), {})
                self.assertEqual(len(self.agent.asked), before + 2)

    def test_a_failure_is_an_outcome(self) -> None:
        """The same call also gets the error that the first caller would have got."""
        self.create().addErrback(lambda gone: None).cancel()
        self.agent.status = 402
        self.agent.reply_all()
        self.assertEqual(self.reason(self.create()), Reason.PLAN_REQUIRED)

    def test_other_calls(self) -> None:
        """Other arguments, another key and another workspace are other calls."""
        self.create().addErrback(lambda gone: None).cancel()
        for name, key, workspace in (
            ("Q5", None, None),
            ("Q4", "another-key-0123456789", None),
            ("Q4", None, "w"),
        ):
            given = granted(workspace=workspace)
            if key is not None:
                given = granted(key)
            before = len(self.agent.asked)
            call = self.client.execute(CREATE, {"name": name}, given)
            self.assertEqual(len(self.agent.asked), before + 1)
            self.agent.reply_all()
            self.successResultOf(call)

    def test_what_may_be_repeated_is_repeated(self) -> None:
        """An idempotent write is sent again: the state may have changed since."""
        first = self.client.execute(AGAIN, {"id": "c"}, granted())
        first.cancel()
        self.failureResultOf(first, CancelledError)
        second = self.client.execute(AGAIN, {"id": "c"}, granted())
        self.assertEqual(len(self.agent.asked), 2)
        self.agent.reply_all()
        self.successResultOf(second)

    def test_is_forgotten(self) -> None:
        """After ten minutes the same call is a new one."""
        self.create().addErrback(lambda gone: None).cancel()
        self.agent.reply_all()
        self.clock.advance(KEPT_SECONDS + 1)
        new = self.create()
        self.assertEqual(len(self.agent.asked), 2)
        self.agent.reply_all()
        self.successResultOf(new)

    def test_bounded(self) -> None:
        """The number of remembered writes is limited."""
        writes = LeftWrites(self.clock)
        for number in range(MAX_CALLS + 5):
            writes.add(b"%d" % number)
        self.assertEqual(len(writes), MAX_CALLS)
        self.assertIsNone(writes.collect(b"0"))

    @given(st.lists(st.sampled_from(("call", "leave", "answer")), max_size=40))
    def test_any_course(self, course: list[str]) -> None:
        """In any order of events no equal write is sent while the first runs."""
        self.setUp()
        calls: list[tuple[Deferred[Any], bool]] = []
        left = 0
        for step in course:
            if step == "call":
                before = len(self.agent.asked)
                call = self.create()
                sent = len(self.agent.asked) > before
                self.assertFalse(sent and left, "sent twice")
                calls.append((call.addErrback(lambda failed: None), sent))
            elif step == "leave" and calls:
                call, sent = calls.pop()
                left += sent and not call.called
                call.cancel()
            elif step == "answer":
                self.agent.reply_all()
                left = 0
                self.assertTrue(all(call.called for call, _ in calls))
        self.agent.reply_all()
        self.assertTrue(all(call.called for call, _ in calls))
        self.assertEqual(self.client.health.in_flight, 0)


class DeadlineTests(ClockedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.agent = HeldAgent()
        self.client = client(self.agent, URL, self.clock)

    def failed(self, call: Deferred[Any]) -> ApiError:
        error = self.failureResultOf(call, ApiError).value
        assert isinstance(error, ApiError)
        return error

    def test_read(self) -> None:
        """A read is cancelled when its caller stops waiting; the error says when."""
        call = self.client.execute(LIST, {}, granted(), None, 20.0)
        self.clock.advance(20)
        error = self.failed(call)
        self.assertEqual(error.reason, Reason.TIMEOUT)
        self.assertIn("within 20 s", error.message)

    def test_write_on_the_wire(self) -> None:
        """A write that was sent goes on; the same call gets its result."""
        slow = SLOW_CREATE
        call = self.client.execute(slow, NEW, granted(), None, 50.0)
        self.clock.advance(50)
        error = self.failed(call)
        self.assertEqual(error.reason, Reason.STILL_RUNNING)
        self.assertIn("does not send the call a second time", error.message)
        self.assertEqual(self.client.health.detached, 1)
        again = self.client.execute(slow, NEW, granted(), None, 100.0)
        self.clock.advance(30)
        self.agent.reply_all()
        self.assertEqual(self.successResultOf(again), {})
        self.assertEqual(len(self.agent.asked), 1)

    def test_still_running_twice(self) -> None:
        """A repeated call that is not answered in time gets the same error again."""
        call = self.client.execute(SLOW_CREATE, NEW, granted(), None, 50.0)
        self.clock.advance(50)
        self.failed(call)
        again = self.client.execute(SLOW_CREATE, NEW, granted(), None, 60.0)
        self.clock.advance(10)
        self.assertEqual(self.failed(again).reason, Reason.STILL_RUNNING)
        self.agent.reply_all()
        third = self.client.execute(SLOW_CREATE, NEW, granted(), None, 110.0)
        self.assertEqual(self.successResultOf(third), {})
        self.assertEqual(len(self.agent.asked), 1)

    def test_idempotent_write_on_the_wire(self) -> None:
        """An idempotent write that is not answered in time has an unknown outcome."""
        slow = SLOW_ACTIVATE
        call = self.client.execute(slow, {"id": "c"}, granted(), None, 50.0)
        self.clock.advance(50)
        error = self.failed(call)
        self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)
        self.assertIn("within 50 s", error.message)
        self.agent.reply_all()
        self.assertEqual(self.client.health.in_flight, 0)

    def test_write_that_was_not_sent(self) -> None:
        """A write whose turn did not come in time is cancelled and was not sent."""
        for _ in range(100):
            self.client.execute(LIST, {}, granted())
        call = self.client.execute(CREATE, NEW, granted(), None, 0.5)
        sent = len(self.agent.asked)
        self.clock.advance(0.5)
        error = self.failed(call)
        self.assertEqual(error.reason, Reason.TIMEOUT)
        self.assertIn("Nothing was sent", error.message)
        self.clock.advance(10)
        self.assertEqual(len(self.agent.asked), sent)
        self.agent.reply_all()

    def test_no_time_left(self) -> None:
        """A call that begins after the deadline is not sent."""
        self.clock.advance(60)
        for operation, given_arguments in ((LIST, {}), (CREATE, NEW)):
            call = self.client.execute(
                operation, given_arguments, granted(), None, 50.0
            )
            self.assertEqual(self.failed(call).reason, Reason.TIMEOUT)
        self.assertEqual(self.agent.asked, [])
