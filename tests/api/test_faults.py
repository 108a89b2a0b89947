"""The fault matrix as far as it concerns the client, over real sockets.

The agent runs on the real reactor, the client's own timers on a driven clock: nothing
here waits for time to pass.
"""

from __future__ import annotations

import gzip
from typing import Any

from attrs import define, field
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import TestCase
from twisted.web.error import SchemeNotSupported
from zope.interface import implementer

from instantly_mcp.api.breaker import Breaker
from instantly_mcp.api.client import InstantlyClient
from instantly_mcp.api.connection import connect_to
from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.api.interfaces import IDetached
from instantly_mcp.api.upstream import Upstream
from instantly_mcp.catalog.operation import WRITE, Operation
from tests.support.fault_proxy import Fault, FaultProxy, Plan
from tests.support.upstream import Scripted, ScriptedUpstream, json

from . import builders
from .builders import (
    ACTIVATE,
    CREATE,
    GET_ONE,
    KEY,
    LIST,
    LIST_EMAILS,
    PATCH_ONE,
    credential,
)

NEW = {"name": "Q4"}


@implementer(IDetached)
@define(eq=False)
class Ledger:
    """Remembers the writes that were left to finish."""

    tracked: list[Deferred[object]] = field(factory=list)

    def track(self, work: Deferred[object]) -> None:
        self.tracked.append(work)


class FaultTestCase(TestCase):
    """A scripted upstream, a proxy before it, and a client on a driven clock."""

    timeout = 20

    def setUp(self) -> None:
        self.clock = Clock()
        self.ledger = Ledger()
        self.upstream = ScriptedUpstream()
        self.upstream.listen(reactor)
        self.addCleanup(self.upstream.close)

    def client_to(self, url: str, **others: Any) -> InstantlyClient:
        """A client over real connections to `url`."""
        connection = connect_to(Upstream.parse(url), reactor)
        self.addCleanup(connection.close)
        self.addCleanup(
            lambda: self.assertEqual(self.clock.getDelayedCalls(), [], "timers left")
        )
        return builders.client(
            connection.agent, url, self.clock, detached=self.ledger, **others
        )

    def proxied(self, fault: Fault, after: int = 0, **others: Any) -> InstantlyClient:
        """A client whose way to the upstream has a fault."""
        self.proxy = FaultProxy(self.upstream.port, Plan(fault, after))
        self.proxy.listen(reactor)
        self.addCleanup(self.proxy.close)
        return self.client_to(self.proxy.url, **others)

    async def failing(self, call: Deferred[Any]) -> ApiError:
        """The error that a call ends with, while its pauses are driven through."""
        outcome: list[Any] = []
        call.addBoth(outcome.append)
        while not outcome:
            await deferLater(reactor, 0)
            pauses = [c for c in self.clock.getDelayedCalls() if c.getTime() < 20]
            if pauses:
                self.clock.advance(0.25)
        self.assertIsInstance(outcome[0].value, ApiError, str(outcome[0]))
        error: ApiError = outcome[0].value
        self.assertNotIn(KEY, str(error))
        return error


class UnreachableTests(FaultTestCase):
    async def test_F01_upstream_refuses_tcp(self) -> None:
        """A refused read is tried three times, then says so; the breaker counts it."""
        client = self.proxied(Fault.NONE, breaker=Breaker(clock=self.clock, least=3))
        await self.proxy.refuse()
        error = await self.failing(client.execute(LIST, {}, credential()))
        self.assertEqual(error.reason, Reason.UNREACHABLE)
        self.assertIn("Instantly unreachable (connect refused)", error.message)
        self.assertEqual(client.health.breaker, "open")
        self.assertTrue(client.health.degraded)

    async def test_F01_write_is_not_repeated(self) -> None:
        """A refused write was certainly not sent, is not repeated, and says so."""
        client = self.proxied(Fault.NONE, breaker=Breaker(clock=self.clock, least=2))
        await self.proxy.refuse()
        error = await self.failing(client.execute(CREATE, NEW, credential()))
        self.assertEqual(error.reason, Reason.UNREACHABLE)
        self.assertIn("Nothing was sent", error.message)
        self.assertEqual(client.health.breaker, "closed")

    async def test_F02_upstream_accepts_and_never_answers(self) -> None:
        """After the first-byte deadline the call ends and its connection closes."""
        client = self.proxied(Fault.HANG)
        call = client.execute(LIST, {}, credential())
        await self.proxy.received.reach(1)
        self.clock.advance(30)
        error = await self.failing(call)
        self.assertEqual(error.reason, Reason.TIMEOUT)
        await self.proxy.closed.reach(1)
        self.assertEqual(self.proxy.accepted.count, 1)

    async def test_F02_slow_operation_has_its_own_deadline(self) -> None:
        """An operation that may think for two minutes is not given up after 30 s."""
        slow = builders.operation("listLeads", first_byte_seconds=120.0)
        client = self.proxied(Fault.DELAY)
        call = client.execute(slow, {}, credential())
        await self.upstream.arrived.reach(1)
        self.clock.advance(100)
        while not call.called:
            self.proxy.drip_all()
            await deferLater(reactor, 0)
        self.assertEqual(self.successResultOf(call), {})

    async def test_F02_write_that_is_not_answered(self) -> None:
        """A write that was handed over and not answered ends as outcome unknown."""
        client = self.proxied(Fault.HANG)
        call = client.execute(CREATE, NEW, credential())
        await self.proxy.received.reach(1)
        self.clock.advance(30)
        error = await self.failing(call)
        self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)
        await self.proxy.closed.reach(1)

    async def test_F03_body_drips(self) -> None:
        """The deadline of the whole call ends a body that never does."""
        self.upstream.script.append(Scripted(body=b"[" + b" " * 500 + b"]"))
        client = self.proxied(Fault.DRIP, after=400)
        call = client.execute(LIST, {}, credential())
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
    async def test_F04_cut_mid_body_read(self) -> None:
        """A read that is cut in its body is repeated once, not more often."""
        self.upstream.script.extend([Scripted(body=b"[1, 2, 3]")] * 5)
        client = self.proxied(Fault.CUT, after=5)
        error = await self.failing(client.execute(LIST, {}, credential()))
        self.assertEqual(error.reason, Reason.UPSTREAM_FAILED)
        self.assertEqual(len(self.upstream.requests), 2)

    async def test_F04_read_recovers(self) -> None:
        """A read that is cut once succeeds at its second attempt."""
        self.upstream.script.extend([json([1, 2])] * 2)
        client = self.proxied(Fault.RESET_REPLY, after=60)
        call = client.execute(LIST, {}, credential())
        await self.proxy.closed.reach(1)
        self.proxy.plan = Plan(Fault.NONE)
        while not call.called:
            await deferLater(reactor, 0)
            self.clock.advance(0.25)
        self.assertEqual(self.successResultOf(call), [1, 2])

    async def test_F04_cut_mid_body_write(self) -> None:
        """A write that is cut in its reply is never repeated, idempotent or not."""
        for operation, arguments in (
            (CREATE, NEW),
            (ACTIVATE, {"id": "c1"}),
            (PATCH_ONE, {"id": "c1", "name": "x"}),
        ):
            self.upstream.requests.clear()
            client = self.proxied(Fault.CUT, after=20)
            error = await self.failing(
                client.execute(operation, arguments, credential())
            )
            self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)
            self.assertEqual(len(self.upstream.requests), 1)

    async def test_F05_reset_after_request(self) -> None:
        """A write whose connection is reset says how to find out what became of it."""
        client = self.proxied(Fault.RESET)
        error = await self.failing(client.execute(CREATE, NEW, credential()))
        self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)
        self.assertIn("GET /api/v2/campaigns", error.message)
        self.assertEqual(self.proxy.received.count, 1)

    async def test_F06_stale_connection_reset_as_we_write(self) -> None:
        """A write on a kept connection that dies under it is not sent again."""
        client = self.proxied(Fault.RESET_REUSE)
        await client.execute(CREATE, NEW, credential())
        error = await self.failing(client.execute(CREATE, NEW, credential()))
        self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)
        self.assertEqual(self.proxy.received.count, 2)
        self.assertEqual(len(self.upstream.requests), 1)

    async def test_F06_stale_connection_delete_is_not_resent(self) -> None:
        """Not even a DELETE without a body is resent behind our back."""
        delete = builders.operation(
            "deleteCampaign", "DELETE", "/api/v2/campaigns/1", effect=WRITE
        )
        client = self.proxied(Fault.RESET_REUSE)
        await client.execute(LIST, {}, credential())
        error = await self.failing(client.execute(delete, {}, credential()))
        self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)
        self.assertEqual(self.proxy.received.count, 2)

    async def test_F06_connection_closed_while_idle(self) -> None:
        """A kept connection that was closed before we write is simply replaced."""
        client = self.proxied(Fault.NONE)
        await client.execute(CREATE, NEW, credential())
        self.proxy.close_idle()
        await self.proxy.closed.reach(1)
        for _ in range(3):
            await deferLater(reactor, 0)
        await client.execute(CREATE, NEW, credential())
        self.assertEqual(len(self.upstream.requests), 2)

    async def test_half_close_in_the_headers(self) -> None:
        """A reply whose stream ends in its headers is a broken connection."""
        client = self.proxied(Fault.HALF_CLOSE, after=10)
        error = await self.failing(client.execute(CREATE, NEW, credential()))
        self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)


class AnswerTests(FaultTestCase):
    async def asked(self, *script: Scripted, operation: Operation = LIST) -> ApiError:
        """The error of one call to an upstream that answers so."""
        self.upstream.script.extend(script)
        self.client = self.client_to(self.upstream.url)
        arguments = NEW if operation is CREATE else {}
        return await self.failing(
            self.client.execute(operation, arguments, credential())
        )

    async def test_F07_429_without_retry_after(self) -> None:
        """429 is retried with pauses, then reported; that workspace alone is slowed."""
        limited = json({"statusCode": 429, "message": "slow down"}, 429)
        error = await self.asked(limited, limited, limited)
        self.assertEqual(error.reason, Reason.RATE_LIMITED)
        self.assertEqual(len(self.upstream.requests), 3)
        turn = self.client.throttle.admit(credential().principal, LIST)
        assert turn is not None
        turn.addErrback(lambda failure: failure.trap(CancelledError))
        turn.cancel()
        other = credential(workspace="other").principal
        self.assertIsNone(self.client.throttle.admit(other, LIST))

    async def test_F07_429_for_a_write(self) -> None:
        """A write that is answered 429 is not repeated."""
        error = await self.asked(json({}, 429), operation=CREATE)
        self.assertEqual(error.reason, Reason.RATE_LIMITED)
        self.assertEqual(len(self.upstream.requests), 1)

    async def test_F08_retry_after_above_the_cap(self) -> None:
        """A Retry-After of an hour fails at once and names the number."""
        error = await self.asked(json({}, 429, retry_after="3600"))
        self.assertEqual(error.retry_after, 3600)
        self.assertIn("3600 s", error.message)
        self.assertEqual(len(self.upstream.requests), 1)

    async def test_F08_retry_after_is_honored(self) -> None:
        """A short Retry-After is waited for, and then the call succeeds."""
        self.upstream.script.extend([json({}, 503, retry_after="3"), json([7])])
        client = self.client_to(self.upstream.url)
        call = client.execute(LIST, {}, credential())
        while not self.pauses():
            await deferLater(reactor, 0)
        self.clock.advance(2.9)
        await deferLater(reactor, 0)
        self.assertEqual(len(self.upstream.requests), 1)
        self.clock.advance(0.3)
        self.assertEqual(await call, [7])

    def pauses(self) -> list[Any]:
        """The timers of the client that are pauses and not deadlines."""
        return [c for c in self.clock.getDelayedCalls() if c.getTime() < 20]

    async def test_F08_retry_after_is_garbage(self) -> None:
        """Garbage and negative numbers count as no Retry-After at all."""
        script = [json({}, 429, retry_after=text) for text in ("soon", "-5", "1e9")]
        error = await self.asked(*script)
        self.assertEqual(error.retry_after, None)
        self.assertEqual(len(self.upstream.requests), 3)

    async def test_F09_burst_of_failures(self) -> None:
        """A burst of 5xx exhausts the budget, opens the breaker, and is probed."""
        client = self.client_to(self.upstream.url)
        self.upstream.script.extend([json({}, 503)] * 200)
        calls = 0
        while client.health.breaker == "closed":
            calls += 1
            await self.failing(client.execute(LIST, {}, credential()))
        asked = len(self.upstream.requests)
        self.assertLessEqual(asked - calls, 10 + 0.2 * calls)
        error = await self.failing(client.execute(LIST, {}, credential()))
        self.assertEqual(error.reason, Reason.UPSTREAM_FAILED)
        self.assertGreater(error.retry_after or 0, 0)
        self.assertEqual(len(self.upstream.requests), asked)
        self.assertTrue(client.health.degraded)
        self.upstream.script.clear()
        self.clock.advance(5)
        self.assertEqual(client.health.breaker, "half-open")
        await client.execute(LIST, {}, credential())
        self.assertEqual(client.health.breaker, "closed")

    async def test_F09_write_behind_a_gateway_error(self) -> None:
        """A 504 on a write says nothing about the write: outcome unknown."""
        error = await self.asked(Scripted(status=504, body=b"<html>"), operation=CREATE)
        self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)
        self.assertEqual(len(self.upstream.requests), 1)

    async def test_F10_no_paid_plan(self) -> None:
        """402 is a plain sentence with where to pay, and is not retried."""
        error = await self.asked(json({"message": "Upgrade"}, 402))
        self.assertEqual(error.reason, Reason.PLAN_REQUIRED)
        self.assertIn("paid plan", error.message)
        self.assertIn("billing", error.message)
        self.assertEqual(len(self.upstream.requests), 1)

    async def test_F10_scope_missing(self) -> None:
        """403 names the scopes of which one would do, and is not retried."""
        error = await self.asked(json({"message": "Forbidden"}, 403))
        self.assertEqual(error.reason, Reason.SCOPE_MISSING)
        self.assertEqual(error.scopes, LIST.scopes)
        self.assertIn("campaigns:read", error.message)
        self.assertEqual(len(self.upstream.requests), 1)

    async def test_F11_error_inside_a_200(self) -> None:
        """A failure inside a success is a failure."""
        send = builders.operation(
            "sendTestEmail", "POST", "/api/v2/emails/test", effect=WRITE
        )
        error = await self.asked(json({"error": "ACC_AUTH_ERROR"}), operation=send)
        self.assertEqual(error.reason, Reason.REPORTED_FAILURE)
        self.assertIn("ACC_AUTH_ERROR", error.message)

    async def test_F12_nonsense_with_200(self) -> None:
        """A web page, nothing, and half of a JSON are unexpected and not relayed."""
        for body in (b"<html>SECRET-PAGE</html>", b"", b'{"items": [{"SECRET-PAGE'):
            error = await self.asked(Scripted(body=body))
            self.assertEqual(error.reason, Reason.UNEXPECTED_REPLY)
            self.assertIn("nexpected reply", error.message)
            self.assertNotIn("SECRET-PAGE", error.message)

    async def test_F14_reply_above_the_cap(self) -> None:
        """An announced reply above 10 MB is refused before it is read."""
        error = await self.asked(Scripted(body=b" " * 10_000_001))
        self.assertEqual(error.reason, Reason.TOO_LARGE)
        await self.upstream.connections.closed.reach(1)

    async def test_F14_endless_reply(self) -> None:
        """A reply without a length is cut off at 10 MB."""
        body = b" " * 10_500_000
        error = await self.asked(Scripted(body=body, chunked=True))
        self.assertEqual(error.reason, Reason.TOO_LARGE)
        await self.upstream.connections.closed.reach(1)

    async def test_F14_gzip_bomb(self) -> None:
        """A small reply that unpacks to 200 MB is cut off at 10 MB."""
        bomb = gzip.compress(b"0" * 200_000_000, compresslevel=1)
        encoded = [("Content-Encoding", "gzip")]
        error = await self.asked(Scripted(body=bomb, headers=encoded))
        self.assertEqual(error.reason, Reason.TOO_LARGE)
        await self.upstream.connections.closed.reach(1)

    async def test_gzip_is_read(self) -> None:
        """A compressed reply below the cap is a reply like any other."""
        body = gzip.compress(b"[1]" + b" " * 100_000)
        self.upstream.script.append(
            Scripted(body=body, headers=[("Content-Encoding", "gzip")])
        )
        client = self.client_to(self.upstream.url)
        self.assertEqual(await client.execute(LIST, {}, credential()), [1])

    async def test_F15_deep_nesting(self) -> None:
        """A reply that is nested 10,000 deep is an unexpected reply, not a crash."""
        for deep in (b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 300 + b"1" + b"}" * 300):
            error = await self.asked(Scripted(body=deep))
            self.assertEqual(error.reason, Reason.UNEXPECTED_REPLY)

    async def test_F16_redirect(self) -> None:
        """A redirect is not followed: nobody else sees the key."""
        elsewhere = ScriptedUpstream()
        elsewhere.listen(reactor)
        self.addCleanup(elsewhere.close)
        for status in (301, 302, 307, 308):
            error = await self.asked(
                Scripted(status=status, headers=[("Location", elsewhere.url)])
            )
            self.assertEqual(error.reason, Reason.UNEXPECTED_REPLY)
        self.assertEqual(elsewhere.connections.opened, 0)

    async def test_F17_cookies(self) -> None:
        """A cookie that is set for one key is sent with none."""
        client = self.client_to(self.upstream.url)
        self.upstream.script.append(
            Scripted(headers=[("Set-Cookie", "session=tenant-a; Path=/")])
        )
        await client.execute(LIST, {}, credential())
        await client.execute(LIST, {}, credential(KEY[::-1]))
        for seen in self.upstream.requests:
            self.assertFalse(seen.headers.hasHeader("Cookie"))

    async def test_F18_every_page_is_one_call(self) -> None:
        """The client follows no cursor of its own: a paging loop cannot start here."""
        page = {"items": [], "next_starting_after": "same"}
        self.upstream.script.append(json(page))
        client = self.client_to(self.upstream.url)
        self.assertEqual(await client.execute(LIST, {}, credential()), page)
        self.assertEqual(len(self.upstream.requests), 1)

    async def test_A50_key_in_an_error_text(self) -> None:
        """A key that the API echoes, whole or in part, is scrubbed."""
        for echo in (KEY, KEY.rstrip("="), KEY[:20], KEY.replace("=", "%3D")):
            error = await self.asked(json({"message": f"bad key {echo}!"}, 401))
            self.assertEqual(error.reason, Reason.KEY_REJECTED)
            self.assertNotIn(echo, error.message)
            self.assertIn("[removed]", error.message)


class CancellationTests(FaultTestCase):
    async def test_F21_read_is_aborted(self) -> None:
        """Cancelling a read closes its upstream connection."""
        self.upstream.script.append(Scripted(held=True))
        client = self.client_to(self.upstream.url)
        call = client.execute(LIST, {}, credential())
        await self.upstream.arrived.reach(1)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        await self.upstream.dropped.reach(1)
        self.assertEqual(client.health.in_flight, 0)

    async def test_F21_read_is_aborted_in_its_body(self) -> None:
        """Cancelling a read whose reply has begun closes the connection, too."""
        self.upstream.script.append(Scripted(body=b"[" + b" " * 5000 + b"]"))
        client = self.proxied(Fault.DRIP, after=500)
        call = client.execute(LIST, {}, credential())
        await self.upstream.arrived.reach(1)
        while not self.proxy.drip_started:
            await deferLater(reactor, 0)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        await self.proxy.closed.reach(1)

    async def test_F21_write_on_the_wire_completes(self) -> None:
        """A cancelled write that was sent completes, and the stop waits for it."""
        self.upstream.script.append(Scripted(held=True))
        client = self.client_to(self.upstream.url)
        call = client.execute(CREATE, NEW, credential())
        await self.upstream.arrived.reach(1)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        (tracked,) = self.ledger.tracked
        self.assertNoResult(tracked)
        self.assertEqual((client.health.in_flight, client.health.detached), (1, 1))
        self.upstream.release()
        await tracked
        self.assertEqual(self.upstream.dropped.count, 0)
        self.assertEqual((client.health.in_flight, client.health.detached), (0, 0))

    async def test_F21_write_without_a_body_completes(self) -> None:
        """A write that has no body counts as sent once its headers are."""
        self.upstream.script.append(Scripted(held=True))
        client = self.client_to(self.upstream.url)
        call = client.execute(ACTIVATE, {"id": "c1"}, credential())
        await self.upstream.arrived.reach(1)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        self.upstream.release()
        await self.ledger.tracked[0]
        self.assertEqual(self.upstream.dropped.count, 0)
        self.assertFalse(self.upstream.requests[0].headers.hasHeader("Content-Type"))

    async def test_F21_detached_write_that_fails(self) -> None:
        """A detached write that fails is over, too, and nobody has to handle it."""
        client = self.proxied(Fault.HANG)
        call = client.execute(CREATE, NEW, credential())
        await self.proxy.received.reach(1)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        self.clock.advance(30)
        self.assertIsNone(await self.ledger.tracked[0])

    async def test_F21_detached_write_whose_connection_breaks(self) -> None:
        """What became of a detached write is told as it is: its outcome is unknown."""
        told: list[tuple[str, str, float]] = []
        client = self.proxied(Fault.DELAY, observe=lambda *fact: told.append(fact))
        call = client.execute(CREATE, NEW, credential())
        await self.upstream.arrived.reach(1)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        self.proxy.close_idle()
        await self.ledger.tracked[0]
        self.assertEqual(told, [("createCampaign", "outcome_unknown", 0.0)])

    async def test_F21_write_that_is_not_sent(self) -> None:
        """A cancelled write that still connects is never sent."""
        client = self.client_to(self.upstream.url)
        call = client.execute(CREATE, NEW, credential())
        call.cancel()
        self.failureResultOf(call, CancelledError)
        await client.execute(LIST, {}, credential())
        self.assertEqual([seen.method for seen in self.upstream.requests], ["GET"])
        self.assertEqual(self.ledger.tracked, [])

    async def test_cancelled_in_the_queue(self) -> None:
        """A call that is cancelled while it waits for its turn leaves the queue."""
        client = self.client_to(self.upstream.url)
        for _ in range(20):
            await client.execute(LIST_EMAILS, {}, credential())
        self.clock.advance(56)
        call = client.execute(LIST_EMAILS, {}, credential())
        self.assertNoResult(call)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_cancelled_between_attempts(self) -> None:
        """A call that is cancelled in a pause is not tried again."""
        self.upstream.script.append(json({}, 503))
        client = self.client_to(self.upstream.url)
        call = client.execute(PATCH_ONE, {"id": "c1"}, credential())
        await self.upstream.arrived.reach(1)
        while client.breaker.state and not any(
            c.getTime() < 20 for c in self.clock.getDelayedCalls()
        ):
            await deferLater(reactor, 0)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.ledger.tracked, [])


class AttackTests(FaultTestCase):
    async def test_A15_argument_that_names_a_host(self) -> None:
        """No argument chooses the host: unknown ones are refused, others are data."""
        client = self.client_to(self.upstream.url)
        call = client.execute(LIST, {"base_url": "http://evil/"}, credential())
        self.assertEqual(
            self.failureResultOf(call, ApiError).value.reason, Reason.BAD_ARGUMENT
        )
        await client.execute(LIST, {"search": "http://evil/"}, credential())
        self.assertEqual(
            self.upstream.requests[0].uri,
            "/api/v2/campaigns?search=http%3A%2F%2Fevil%2F",
        )

    async def test_A15_agent_refuses_every_other_origin(self) -> None:
        """The agent contacts the configured upstream and nothing else."""
        connection = connect_to(Upstream.parse(self.upstream.url), reactor)
        for url in (b"http://127.0.0.1:1/", b"https://evil/", b"http://evil/"):
            self.failureResultOf(
                connection.agent.request(b"GET", url), SchemeNotSupported
            )

    async def test_A35_bad_path_value_never_leaves(self) -> None:
        """What could change the path is refused, and nothing is sent."""
        client = self.client_to(self.upstream.url)
        for value in ("", ".", "..", "../x", "%2e%2e", "a/b", "?x", "#", "\r\n"):
            call = client.execute(GET_ONE, {"id": value}, credential())
            error = self.failureResultOf(call, ApiError).value
            self.assertEqual(error.reason, Reason.BAD_ARGUMENT)
        self.assertEqual(self.upstream.connections.opened, 0)
