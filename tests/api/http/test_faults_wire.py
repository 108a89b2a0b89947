"""Faults of the connection: refused, without an answer, or broken."""

from __future__ import annotations

from twisted.internet import reactor
from twisted.internet.task import deferLater

from instantly_mcp.api.errors import Reason
from instantly_mcp.api.pace.breaker import Breaker
from instantly_mcp.catalog.operation import WRITE
from tests.support.fault_proxy import Fault, Plan
from tests.support.upstream import Scripted, json

from .. import builders
from ..builders import ACTIVATE, CREATE, LIST, PATCH_ONE, granted
from ..faulty import NEW, FaultTestCase


class UnreachableTests(FaultTestCase):
    async def test_upstream_refuses_tcp(self) -> None:
        """A refused read is tried three times, then reported; the breaker counts it."""
        client = self.proxied(
            Fault.NONE, breaker=Breaker(clock=self.clock, min_failures=1)
        )
        await self.proxy.refuse()
        error = await self.failing(client.execute(LIST, {}, granted()))
        self.assertEqual(error.reason, Reason.UNREACHABLE)
        self.assertIn("Instantly unreachable (connect refused)", error.message)
        self.assertEqual(client.health.breaker, "open")
        self.assertTrue(client.health.degraded)

    async def test_write_is_not_repeated(self) -> None:
        """A refused write was certainly not sent, is not repeated, and says so."""
        client = self.proxied(
            Fault.NONE, breaker=Breaker(clock=self.clock, min_failures=2)
        )
        await self.proxy.refuse()
        error = await self.failing(client.execute(CREATE, NEW, granted()))
        self.assertEqual(error.reason, Reason.UNREACHABLE)
        self.assertIn("Nothing was sent", error.message)
        self.assertEqual(client.health.breaker, "closed")

    async def test_upstream_accepts_and_never_answers(self) -> None:
        """After the first-byte deadline the call ends and its connection closes."""
        client = self.proxied(Fault.HANG)
        call = client.execute(LIST, {}, granted())
        await self.proxy.received.reach(1)
        self.clock.advance(30)
        error = await self.failing(call)
        self.assertEqual(error.reason, Reason.TIMEOUT)
        await self.proxy.closed.reach(1)
        self.assertEqual(self.proxy.accepted.count, 1)

    async def test_slow_operation_has_its_own_deadline(self) -> None:
        """An operation with a first-byte deadline of two minutes has that long."""
        slow = builders.operation("listLeads", first_byte_seconds=120.0)
        client = self.proxied(Fault.DELAY)
        call = client.execute(slow, {}, granted())
        await self.upstream.arrived.reach(1)
        self.clock.advance(100)
        while not call.called:
            self.proxy.drip_all()
            await deferLater(reactor, 0)
        self.assertEqual(self.successResultOf(call), {})

    async def test_write_that_is_not_answered(self) -> None:
        """A write that was handed over and not answered ends as outcome unknown."""
        client = self.proxied(Fault.HANG)
        call = client.execute(CREATE, NEW, granted())
        await self.proxy.received.reach(1)
        self.clock.advance(30)
        error = await self.failing(call)
        self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)
        await self.proxy.closed.reach(1)

    async def test_slow_body(self) -> None:
        """The deadline of the whole call ends a body that never does."""
        self.upstream.script.append(Scripted(body=b"[" + b" " * 500 + b"]"))
        client = self.proxied(Fault.DRIP, after=400)
        call = client.execute(LIST, {}, granted())
        await self.upstream.arrived.reach(1)
        for _ in range(119):
            self.clock.advance(1)
            self.proxy.drip()
            await deferLater(reactor, 0)
        self.assertNoResult(call)
        self.clock.advance(1)
        error = await self.failing(call)
        self.assertEqual(error.reason, Reason.TIMEOUT)
        await self.proxy.closed.reach(1)


class BrokenConnectionTests(FaultTestCase):
    async def test_cut_mid_body_read(self) -> None:
        """A read that is cut in its body is repeated once, not more often."""
        self.upstream.script.extend([Scripted(body=b"[1, 2, 3]")] * 5)
        client = self.proxied(Fault.CUT, after=5)
        error = await self.failing(client.execute(LIST, {}, granted()))
        self.assertEqual(error.reason, Reason.UPSTREAM_FAILED)
        self.assertEqual(len(self.upstream.requests), 2)

    async def test_read_recovers(self) -> None:
        """A read that is cut once succeeds at its second attempt."""
        self.upstream.script.extend([json([1, 2])] * 2)
        client = self.proxied(Fault.RESET_REPLY, after=60)
        call = client.execute(LIST, {}, granted())
        await self.proxy.closed.reach(1)
        self.proxy.plan = Plan(Fault.NONE)
        while not call.called:
            await deferLater(reactor, 0)
            self.clock.advance(0.25)
        self.assertEqual(self.successResultOf(call), [1, 2])

    async def test_cut_mid_body_write(self) -> None:
        """A write that is cut in its reply is never repeated, idempotent or not."""
        for operation, arguments in (
            (CREATE, NEW),
            (ACTIVATE, {"id": "c1"}),
            (PATCH_ONE, {"id": "c1", "name": "x"}),
        ):
            self.upstream.requests.clear()
            client = self.proxied(Fault.CUT, after=20)
            error = await self.failing(client.execute(operation, arguments, granted()))
            self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)
            self.assertEqual(len(self.upstream.requests), 1)

    async def test_reset_after_request(self) -> None:
        """A write whose connection is reset says how to find out its outcome."""
        client = self.proxied(Fault.RESET)
        error = await self.failing(client.execute(CREATE, NEW, granted()))
        self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)
        self.assertIn("Check the campaigns to see", error.message)
        self.assertEqual(self.proxy.received.count, 1)

    async def test_stale_connection_reset_during_write(self) -> None:
        """A write whose kept connection breaks is not sent again."""
        client = self.proxied(Fault.RESET_REUSE)
        await client.execute(CREATE, NEW, granted())
        error = await self.failing(client.execute(CREATE, NEW, granted()))
        self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)
        self.assertEqual(self.proxy.received.count, 2)
        self.assertEqual(len(self.upstream.requests), 1)

    async def test_stale_connection_delete_is_not_resent(self) -> None:
        """The pool does not resend a DELETE without a body by itself."""
        delete = builders.operation(
            "deleteCampaign", "DELETE", "/api/v2/campaigns/1", effect=WRITE
        )
        client = self.proxied(Fault.RESET_REUSE)
        await client.execute(LIST, {}, granted())
        error = await self.failing(client.execute(delete, {}, granted()))
        self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)
        self.assertEqual(self.proxy.received.count, 2)

    async def test_connection_closed_while_idle(self) -> None:
        """A kept connection that was closed before we write is simply replaced."""
        client = self.proxied(Fault.NONE)
        await client.execute(CREATE, NEW, granted())
        self.proxy.close_idle()
        await self.proxy.closed.reach(1)
        for _ in range(3):
            await deferLater(reactor, 0)
        await client.execute(CREATE, NEW, granted())
        self.assertEqual(len(self.upstream.requests), 2)

    async def test_half_close_in_the_headers(self) -> None:
        """A reply whose stream ends in its headers is a broken connection."""
        client = self.proxied(Fault.HALF_CLOSE, after=10)
        error = await self.failing(client.execute(CREATE, NEW, granted()))
        self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)
