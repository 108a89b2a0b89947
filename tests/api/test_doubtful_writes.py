"""A write that may have taken effect is never said not to be sent."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectError

from instantly_mcp.api import response
from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.api.grant import Grant
from tests.support.cases import ClockedTestCase

from .builders import LIST, PATCH_ONE, client, credential, granted
from .test_client import URL, MemoryAgent

ARGUMENTS = {"id": "c1"}


class DoubtfulWriteTests(ClockedTestCase):
    """The second attempt of a write whose first one got a 503."""

    def setUp(self) -> None:
        """Answer with 503."""
        super().setUp()
        self.agent = MemoryAgent()
        self.agent.status = 503
        self.client = client(self.agent, URL, self.clock)
        self.sending = True
        self.grant = Grant(
            PATCH_ONE, credential(), ARGUMENTS, may_go=lambda: self.sending
        )

    def begin(self, until: float | None = None) -> Deferred[Any]:
        """Begin the write; its first attempt is answered."""
        call = self.client.execute(PATCH_ONE, ARGUMENTS, self.grant, until=until)
        self.assertNoResult(call)
        self.assertTrue(self.grant.may_have_acted)
        return call

    def assertUnknown(self, call: Deferred[Any], attempts: int = 1) -> None:
        """Fail unless the error leaves open whether the write took effect."""
        error = self.failureResultOf(call, ApiError).value
        self.assertIs(error.reason, Reason.OUTCOME_UNKNOWN)
        self.assertNotIn("othing was sent", error.message)
        self.assertTrue(self.grant.may_have_acted)
        self.assertEqual(len(self.agent.asked), attempts)

    def test_sending_off(self) -> None:
        """Sending is switched off before the second attempt."""
        call = self.begin()
        self.sending = False
        self.clock.advance(1)
        self.assertUnknown(call)

    def test_unreachable(self) -> None:
        """The second attempt gets no connection, and the third neither."""
        call = self.begin()
        self.agent.answer = ConnectError()
        self.clock.pump([1, 2])
        self.assertUnknown(call, 3)

    def test_timeout(self) -> None:
        """The second attempt gets no connection until the deadline."""
        call = self.begin()
        silent: Deferred[Any] = Deferred()
        self.agent.request = lambda *_: silent  # type: ignore
        self.clock.pump([1, 30])
        self.assertUnknown(call)

    def test_open_breaker(self) -> None:
        """The breaker opens before the second attempt."""
        call = self.begin()
        for _ in range(10):
            entered = self.client.breaker.enter()
            assert entered is not None
            self.client.breaker.leave(entered, False)
        self.assertEqual(self.client.health.breaker, "open")
        self.clock.advance(1)
        self.assertUnknown(call)

    def test_asked_to_slow_down(self) -> None:
        """Another call is asked to slow down before the second attempt."""
        call = self.begin()
        self.client.throttle.slow_down(
            credential().workspace_key, PATCH_ONE, 60, asked=60
        )
        self.clock.advance(1)
        self.assertUnknown(call)

    def test_answer_is_due_in_the_pause(self) -> None:
        """The time of the caller ends between two attempts."""
        call = self.begin(until=0.25)
        self.clock.advance(0.25)
        self.assertUnknown(call)

    def test_reads(self) -> None:
        """A read has no effect that could be unknown."""
        grant = granted()
        call = self.client.execute(LIST, {}, grant)
        self.agent.answer = ConnectError()
        self.clock.pump([1, 2])
        error = self.failureResultOf(call, ApiError).value
        self.assertIs(error.reason, Reason.UNREACHABLE)
        self.assertFalse(grant.may_have_acted)


class DefectTests(ClockedTestCase):
    """A defect of this server while a write is under way."""

    def setUp(self) -> None:
        """Raise what no code expects."""
        super().setUp()
        self.agent = MemoryAgent()
        self.client = client(self.agent, URL, self.clock)
        self.grant = Grant(PATCH_ONE, credential(), ARGUMENTS)

    def assertDefect(self, *, may_have_acted: bool) -> None:
        """Fail unless the call fails with the defect."""
        call = self.client.execute(PATCH_ONE, ARGUMENTS, self.grant)
        self.failureResultOf(call, ZeroDivisionError)
        self.assertIs(self.grant.may_have_acted, may_have_acted)

    def test_after_sending(self) -> None:
        """Once the request was handed over, Instantly may have done it."""
        self.agent.answer = ZeroDivisionError()
        self.assertDefect(may_have_acted=True)

    def test_in_the_reply(self) -> None:
        """Also when the answer has come, and reading it fails."""
        self.patch(response, "read", lambda *_: 1 // 0)
        self.assertDefect(may_have_acted=True)

    def test_before_sending(self) -> None:
        """Before that nothing was sent."""
        self.agent.request = lambda *_: fail(ZeroDivisionError())  # type: ignore
        self.assertDefect(may_have_acted=False)
