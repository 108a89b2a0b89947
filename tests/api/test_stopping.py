"""The errors of calls that the stop of the daemon interrupts."""

from __future__ import annotations

from twisted.internet import reactor
from twisted.internet.defer import CancelledError
from twisted.internet.task import deferLater

from instantly_mcp.api.errors import ApiError, Reason
from tests.support.fault_proxy import Fault
from tests.support.upstream import Scripted, json

from .builders import ACTIVATE, CREATE, LIST, LIST_EMAILS, PATCH_ONE, granted
from .faulty import NEW, FaultTestCase


class StopTests(FaultTestCase):
    """Each call fails in words that say whether Instantly may have seen it."""

    async def test_write_on_the_wire(self) -> None:
        """A write that was sent: its outcome is unknown, and how to find out."""
        for operation, arguments in ((CREATE, NEW), (ACTIVATE, {"id": "c1"})):
            client = self.proxied(Fault.HANG)
            call = client.execute(operation, arguments, granted())
            await self.proxy.received.reach(1)
            client.under_way.stop()
            error = self.failureResultOf(call, ApiError).value
            self.assertIs(error.reason, Reason.OUTCOME_UNKNOWN)
            self.assertIn("server stopped before Instantly answered", error.message)
            self.assertIn("Check the campaigns", error.message)
            self.assertEqual(client.health.in_flight, 0)

    async def test_read(self) -> None:
        """A read changed nothing, and is safe to repeat."""
        self.upstream.script.append(Scripted(held=True))
        client = self.client_to(self.upstream.url)
        call = client.execute(LIST, {}, granted())
        await self.upstream.arrived.reach(1)
        client.under_way.stop()
        error = self.failureResultOf(call, ApiError).value
        self.assertIs(error.reason, Reason.STOPPING)
        self.assertIn("safe to repeat", error.message)
        await self.upstream.dropped.reach(1)

    async def test_in_the_queue(self) -> None:
        """The error of a call that waits for its turn says that it can be repeated."""
        client = self.client_to(self.upstream.url)
        for _ in range(20):
            await client.execute(LIST_EMAILS, {}, granted())
        self.clock.advance(56)
        call = client.execute(LIST_EMAILS, {}, granted())
        self.assertNoResult(call)
        client.under_way.stop()
        error = self.failureResultOf(call, ApiError).value
        self.assertIs(error.reason, Reason.STOPPING)

    async def test_write_that_is_not_sent(self) -> None:
        """The error of a write that is still connecting says that it was not sent."""
        client = self.client_to(self.upstream.url)
        call = client.execute(CREATE, NEW, granted())
        client.under_way.stop()
        error = self.failureResultOf(call, ApiError).value
        self.assertIn("before the call was sent", error.message)

    async def test_between_attempts(self) -> None:
        """A write that is being repeated may have taken effect at its first attempt."""
        self.upstream.script.append(json({}, 503))
        client = self.client_to(self.upstream.url)
        call = client.execute(PATCH_ONE, {"id": "c1"}, granted())
        await self.upstream.arrived.reach(1)
        while not any(c.getTime() < 20 for c in self.clock.getDelayedCalls()):
            await deferLater(reactor, 0)
        client.under_way.stop()
        error = self.failureResultOf(call, ApiError).value
        self.assertIs(error.reason, Reason.OUTCOME_UNKNOWN)

    async def test_next_step(self) -> None:
        """The next step of a tool that goes on is not sent any more."""
        client = self.client_to(self.upstream.url)
        client.under_way.stop()
        call = client.execute(CREATE, NEW, granted())
        error = self.failureResultOf(call, ApiError).value
        self.assertIn("before the call was sent", error.message)
        self.assertEqual(self.upstream.arrived.count, 0)

    async def test_write_whose_caller_left(self) -> None:
        """A write without a caller is cancelled too, and has ended."""
        client = self.proxied(Fault.HANG)
        call = client.execute(CREATE, NEW, granted())
        await self.proxy.received.reach(1)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        client.under_way.stop()
        self.assertIsNone(self.successResultOf(self.detached.tracked[0]))

    async def test_write_of_a_task(self) -> None:
        """The stop waits for a write that was begun or goes on while it drains."""
        client = self.proxied(Fault.HANG)
        before = client.execute(CREATE, NEW, granted())
        await self.proxy.received.reach(1)
        client.under_way.drain()
        after = client.execute(CREATE, NEW, granted())
        reading = client.execute(LIST, {}, granted())
        self.assertEqual(len(self.detached.tracked), 2)
        client.under_way.stop()
        for held in self.detached.tracked:
            self.assertIsNone(self.successResultOf(held))
        for call in (before, after, reading):
            self.failureResultOf(call, ApiError)
