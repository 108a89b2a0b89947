"""A caller that cancels ends reads and unsent writes, but not sent writes."""

from __future__ import annotations

from twisted.internet import reactor
from twisted.internet.defer import CancelledError
from twisted.internet.task import deferLater

from tests.support.fault_proxy import Fault
from tests.support.upstream import Scripted, json

from .builders import (
    ACTIVATE,
    CREATE,
    LIST,
    LIST_EMAILS,
    PATCH_ONE,
    granted,
)
from .faulty import NEW, FaultTestCase


class CancellationTests(FaultTestCase):
    async def test_read_is_aborted(self) -> None:
        """Cancelling a read closes its upstream connection."""
        self.upstream.script.append(Scripted(held=True))
        client = self.client_to(self.upstream.url)
        call = client.execute(LIST, {}, granted())
        await self.upstream.arrived.reach(1)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        await self.upstream.dropped.reach(1)
        self.assertEqual(client.health.in_flight, 0)

    async def test_read_is_aborted_in_its_body(self) -> None:
        """Cancelling a read whose reply has begun closes the connection, too."""
        self.upstream.script.append(Scripted(body=b"[" + b" " * 5000 + b"]"))
        client = self.proxied(Fault.DRIP, after=500)
        call = client.execute(LIST, {}, granted())
        await self.upstream.arrived.reach(1)
        while not self.proxy.drip_started:
            await deferLater(reactor, 0)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        await self.proxy.closed.reach(1)

    async def test_write_on_the_wire_completes(self) -> None:
        """A cancelled write that was sent completes, and the stop waits for it."""
        self.upstream.script.append(Scripted(held=True))
        client = self.client_to(self.upstream.url)
        call = client.execute(CREATE, NEW, granted())
        await self.upstream.arrived.reach(1)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        (tracked,) = self.detached.tracked
        self.assertNoResult(tracked)
        self.assertEqual((client.health.in_flight, client.health.detached), (1, 1))
        self.upstream.release()
        await tracked
        self.assertEqual(self.upstream.dropped.count, 0)
        self.assertEqual((client.health.in_flight, client.health.detached), (0, 0))

    async def test_ending_of_a_write_that_was_left(self) -> None:
        """The grant of a write reports how it ended after its caller had left."""
        self.upstream.script += [Scripted(held=True, body=b'{"id": "c1"}')]
        client = self.client_to(self.upstream.url)
        ended: list[object] = []
        grant = granted()
        grant.on_late_end = ended.append
        call = client.execute(CREATE, NEW, grant)
        await self.upstream.arrived.reach(1)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        self.assertTrue(grant.may_have_acted)
        self.assertTrue(grant.goes_on)
        self.assertEqual(ended, [])
        self.upstream.release()
        await self.detached.tracked[0]
        self.assertEqual(ended, [{"id": "c1"}])

    async def test_write_that_was_not_left(self) -> None:
        """Nothing is reported late of a write whose caller waited, or left in time."""
        client = self.client_to(self.upstream.url)
        for leaves in (True, False):
            ended: list[object] = []
            grant = granted()
            grant.on_late_end = ended.append
            call = client.execute(CREATE, NEW, grant)
            if leaves:
                call.cancel()
                self.failureResultOf(call, CancelledError)
            else:
                await call
            self.assertFalse(grant.may_have_acted)
            self.assertFalse(grant.goes_on)
            self.assertEqual(ended, [])

    async def test_write_without_a_body_completes(self) -> None:
        """A write that has no body counts as sent once its headers are."""
        self.upstream.script.append(Scripted(held=True))
        client = self.client_to(self.upstream.url)
        call = client.execute(ACTIVATE, {"id": "c1"}, granted())
        await self.upstream.arrived.reach(1)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        self.upstream.release()
        await self.detached.tracked[0]
        self.assertEqual(self.upstream.dropped.count, 0)
        self.assertFalse(self.upstream.requests[0].headers.hasHeader("Content-Type"))

    async def test_detached_write_that_fails(self) -> None:
        """A detached write that fails has ended too, without an unhandled error."""
        client = self.proxied(Fault.HANG)
        call = client.execute(CREATE, NEW, granted())
        await self.proxy.received.reach(1)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        self.clock.advance(30)
        self.assertIsNone(await self.detached.tracked[0])

    async def test_detached_write_whose_connection_breaks(self) -> None:
        """A detached write that fails is observed as one with an unknown outcome."""
        told: list[tuple[str, str, float]] = []
        client = self.proxied(Fault.DELAY, observe=lambda *fact: told.append(fact))
        call = client.execute(CREATE, NEW, granted())
        await self.upstream.arrived.reach(1)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        self.proxy.close_idle()
        await self.detached.tracked[0]
        self.assertEqual(told, [("createCampaign", "outcome_unknown", 0.0)])

    async def test_write_that_is_not_sent(self) -> None:
        """A cancelled write that still connects is never sent."""
        client = self.client_to(self.upstream.url)
        call = client.execute(CREATE, NEW, granted())
        call.cancel()
        self.failureResultOf(call, CancelledError)
        await client.execute(LIST, {}, granted())
        self.assertEqual([seen.method for seen in self.upstream.requests], ["GET"])
        self.assertEqual(self.detached.tracked, [])

    async def test_cancelled_in_the_queue(self) -> None:
        """A call that is cancelled while it waits for its turn leaves the queue."""
        client = self.client_to(self.upstream.url)
        for _ in range(20):
            await client.execute(LIST_EMAILS, {}, granted())
        self.clock.advance(56)
        call = client.execute(LIST_EMAILS, {}, granted())
        self.assertNoResult(call)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_cancelled_between_attempts(self) -> None:
        """A call that is cancelled in a pause is not tried again."""
        self.upstream.script.append(json({}, 503))
        client = self.client_to(self.upstream.url)
        call = client.execute(PATCH_ONE, {"id": "c1"}, granted())
        await self.upstream.arrived.reach(1)
        while client.breaker.state and not any(
            c.getTime() < 20 for c in self.clock.getDelayedCalls()
        ):
            await deferLater(reactor, 0)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.detached.tracked, [])
