"""Faults in the upstream's replies, and attacks through arguments and replies."""

from __future__ import annotations

import gzip
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import CancelledError
from twisted.internet.task import deferLater
from twisted.web.error import SchemeNotSupported

from instantly_mcp._credential import OPERATOR, Credential, CurrentSecret, Secret
from instantly_mcp._json_codec import dumps
from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.api.http.connection import connect_to
from instantly_mcp.api.upstream import Upstream
from instantly_mcp.catalog.operation import WRITE, Operation
from tests.support.access import any_grant
from tests.support.upstream import Scripted, ScriptedUpstream, json

from . import builders
from .builders import (
    CREATE,
    GET_ONE,
    KEY,
    LIST,
    credential,
    granted,
)
from .faulty import NEW, FaultTestCase


class AnswerTests(FaultTestCase):
    async def asked(self, *script: Scripted, operation: Operation = LIST) -> ApiError:
        """The error of one call to an upstream that answers so."""
        self.upstream.script.extend(script)
        self.client = self.client_to(self.upstream.url)
        arguments = NEW if operation is CREATE else {}
        return await self.failing(self.client.execute(operation, arguments, granted()))

    async def test_429_without_retry_after(self) -> None:
        """429 is retried with pauses, then reported; only that workspace is slowed."""
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

    async def test_429_for_a_write(self) -> None:
        """A write that is answered 429 is not repeated."""
        error = await self.asked(json({}, 429), operation=CREATE)
        self.assertEqual(error.reason, Reason.RATE_LIMITED)
        self.assertEqual(len(self.upstream.requests), 1)

    async def test_retry_after_above_the_cap(self) -> None:
        """A Retry-After of an hour fails at once and reports the time."""
        error = await self.asked(json({}, 429, retry_after="3600"))
        self.assertEqual(error.retry_after, 3600)
        self.assertIn("3600 s", error.message)
        self.assertEqual(len(self.upstream.requests), 1)

    async def test_retry_after_is_honored(self) -> None:
        """A short Retry-After is waited for, and then the call succeeds."""
        self.upstream.script.extend([json({}, 503, retry_after="3"), json([7])])
        client = self.client_to(self.upstream.url)
        call = client.execute(LIST, {}, granted())
        while not self.pauses():
            await deferLater(reactor, 0)
        self.clock.advance(2.9)
        await deferLater(reactor, 0)
        self.assertEqual(len(self.upstream.requests), 1)
        self.clock.advance(0.3)
        self.assertEqual(await call, [7])

    async def test_key_is_replaced_between_attempts(self) -> None:
        """After a key rotation the next attempt sends the new key; none is shown."""
        old, new = "b2xkOm9sZC1rZXktMTIzNA==", "bmV3Om5ldy1rZXktMTIzNA=="
        key = CurrentSecret(Secret(old), OPERATOR)
        echo = json({"message": f"no such key {old} {new}"}, 403)
        self.upstream.script.extend([json({}, 503, retry_after="3"), echo])
        client = self.client_to(self.upstream.url)
        acting = Credential(secret=key, source=OPERATOR)
        call = self.failing(client.execute(LIST, {}, any_grant(acting)))
        while not self.pauses():
            await deferLater(reactor, 0)
        key.replace(Secret(new))
        self.clock.advance(3.1)
        error = await call
        sent = [
            seen.headers.getRawHeaders("authorization")
            for seen in self.upstream.requests
        ]
        self.assertEqual(sent, [[f"Bearer {old}"], [f"Bearer {new}"]])
        self.assertNotIn(new, str(error))

    async def test_key_is_replaced_while_its_reply_is_awaited(self) -> None:
        """After a key rotation, the key that was sent is removed from a reply."""
        old = "b2xkOm9sZC1rZXktMTIzNA=="
        key = CurrentSecret(Secret(old), OPERATOR)
        body = dumps({"message": f"no such key {old}"})
        self.upstream.script.append(Scripted(status=403, body=body, held=True))
        client = self.client_to(self.upstream.url)
        acting = Credential(secret=key, source=OPERATOR)
        call = self.failing(client.execute(LIST, {}, any_grant(acting)))
        while not self.upstream.requests:
            await deferLater(reactor, 0)
        key.replace(Secret("bmV3Om5ldy1rZXktMTIzNA=="))
        self.upstream.release()
        self.assertNotIn(old, str(await call))

    def pauses(self) -> list[Any]:
        """The timers of the client that are pauses and not deadlines."""
        return [c for c in self.clock.getDelayedCalls() if c.getTime() < 20]

    async def test_retry_after_is_garbage(self) -> None:
        """Garbage and negative numbers count as no Retry-After at all."""
        script = [json({}, 429, retry_after=text) for text in ("soon", "-5", "1e9")]
        error = await self.asked(*script)
        self.assertEqual(error.retry_after, None)
        self.assertEqual(len(self.upstream.requests), 3)

    async def test_burst_of_failures(self) -> None:
        """A burst of 5xx exhausts the budget, opens the breaker, and is probed."""
        client = self.client_to(self.upstream.url)
        self.upstream.script.extend([json({}, 503)] * 200)
        calls = 0
        while client.health.breaker == "closed":
            calls += 1
            await self.failing(client.execute(LIST, {}, granted()))
        asked = len(self.upstream.requests)
        self.assertLessEqual(asked - calls, 10 + 0.2 * calls)
        error = await self.failing(client.execute(LIST, {}, granted()))
        self.assertEqual(error.reason, Reason.UPSTREAM_FAILED)
        self.assertGreater(error.retry_after or 0, 0)
        self.assertEqual(len(self.upstream.requests), asked)
        self.assertTrue(client.health.degraded)
        self.upstream.script.clear()
        self.clock.advance(5)
        self.assertEqual(client.health.breaker, "half-open")
        await client.execute(LIST, {}, granted())
        self.assertEqual(client.health.breaker, "closed")

    async def test_write_behind_a_gateway_error(self) -> None:
        """A 504 on a write says nothing about the write: outcome unknown."""
        error = await self.asked(Scripted(status=504, body=b"<html>"), operation=CREATE)
        self.assertEqual(error.reason, Reason.OUTCOME_UNKNOWN)
        self.assertEqual(len(self.upstream.requests), 1)

    async def test_no_paid_plan(self) -> None:
        """402 is reported with the billing page, and is not retried."""
        error = await self.asked(json({"message": "Upgrade"}, 402))
        self.assertEqual(error.reason, Reason.PLAN_REQUIRED)
        self.assertIn("paid plan", error.message)
        self.assertIn("billing", error.message)
        self.assertEqual(len(self.upstream.requests), 1)

    async def test_scope_missing(self) -> None:
        """403 names the scopes of which one suffices, and is not retried."""
        error = await self.asked(json({"message": "Forbidden"}, 403))
        self.assertEqual(error.reason, Reason.SCOPE_MISSING)
        self.assertEqual(error.scopes, LIST.scopes)
        self.assertIn("campaigns:read", error.message)
        self.assertEqual(len(self.upstream.requests), 1)

    async def test_error_inside_a_200(self) -> None:
        """A failure in a 2xx reply is a failure."""
        send = builders.operation(
            "sendTestEmail", "POST", "/api/v2/emails/test", effect=WRITE
        )
        error = await self.asked(json({"error": "ACC_AUTH_ERROR"}), operation=send)
        self.assertEqual(error.reason, Reason.REPORTED_FAILURE)
        self.assertIn("ACC_AUTH_ERROR", error.message)

    async def test_invalid_body_with_200(self) -> None:
        """A web page, an empty body and incomplete JSON are errors and not quoted."""
        for body in (b"<html>SECRET-PAGE</html>", b"", b'{"items": [{"SECRET-PAGE'):
            error = await self.asked(Scripted(body=body))
            self.assertEqual(error.reason, Reason.UNEXPECTED_REPLY)
            self.assertIn("nexpected reply", error.message)
            self.assertNotIn("SECRET-PAGE", error.message)

    async def test_reply_above_the_cap(self) -> None:
        """An announced reply above 10 MB is refused before it is read."""
        error = await self.asked(Scripted(body=b" " * 10_000_001))
        self.assertEqual(error.reason, Reason.TOO_LARGE)
        await self.upstream.connections.closed.reach(1)

    async def test_endless_reply(self) -> None:
        """A reply without a length is cut off at 10 MB."""
        body = b" " * 10_500_000
        error = await self.asked(Scripted(body=body, chunked=True))
        self.assertEqual(error.reason, Reason.TOO_LARGE)
        await self.upstream.connections.closed.reach(1)

    async def test_gzip_bomb(self) -> None:
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
        self.assertEqual(await client.execute(LIST, {}, granted()), [1])

    async def test_deep_nesting(self) -> None:
        """A reply that is nested 10,000 deep is an unexpected reply, not a crash."""
        for deep in (b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 300 + b"1" + b"}" * 300):
            error = await self.asked(Scripted(body=deep))
            self.assertEqual(error.reason, Reason.UNEXPECTED_REPLY)

    async def test_redirect(self) -> None:
        """A redirect is not followed, so the key is sent to no other server."""
        elsewhere = ScriptedUpstream()
        elsewhere.listen(reactor)
        self.addCleanup(elsewhere.close)
        for status in (301, 302, 307, 308):
            error = await self.asked(
                Scripted(status=status, headers=[("Location", elsewhere.url)])
            )
            self.assertEqual(error.reason, Reason.UNEXPECTED_REPLY)
        self.assertEqual(elsewhere.connections.opened, 0)

    async def test_cookies(self) -> None:
        """A cookie that a reply sets is never sent."""
        client = self.client_to(self.upstream.url)
        self.upstream.script.append(
            Scripted(headers=[("Set-Cookie", "session=tenant-a; Path=/")])
        )
        await client.execute(LIST, {}, granted())
        await client.execute(LIST, {}, granted(KEY[::-1]))
        for seen in self.upstream.requests:
            self.assertFalse(seen.headers.hasHeader("Cookie"))

    async def test_every_page_is_one_call(self) -> None:
        """The client follows no cursor of its own: a paging loop cannot start here."""
        page = {"items": [], "next_starting_after": "same"}
        self.upstream.script.append(json(page))
        client = self.client_to(self.upstream.url)
        self.assertEqual(await client.execute(LIST, {}, granted()), page)
        self.assertEqual(len(self.upstream.requests), 1)

    async def test_key_in_an_error_text(self) -> None:
        """A key that the API echoes, whole or in part, is removed."""
        for echo in (KEY, KEY.rstrip("="), KEY[:20], KEY.replace("=", "%3D")):
            error = await self.asked(json({"message": f"bad key {echo}!"}, 401))
            self.assertEqual(error.reason, Reason.KEY_REJECTED)
            self.assertNotIn(echo, error.message)
            self.assertIn("[removed]", error.message)


class AttackTests(FaultTestCase):
    async def test_argument_that_names_a_host(self) -> None:
        """No argument chooses the host: unknown ones are refused, others are data."""
        client = self.client_to(self.upstream.url)
        call = client.execute(LIST, {"base_url": "http://evil/"}, granted())
        self.assertEqual(
            self.failureResultOf(call, ApiError).value.reason, Reason.BAD_ARGUMENT
        )
        await client.execute(LIST, {"search": "http://evil/"}, granted())
        self.assertEqual(
            self.upstream.requests[0].uri,
            "/api/v2/campaigns?search=http%3A%2F%2Fevil%2F",
        )

    async def test_agent_refuses_every_other_origin(self) -> None:
        """The agent contacts the configured upstream and nothing else."""
        connection = connect_to(Upstream.parse(self.upstream.url), reactor)
        for url in (b"http://127.0.0.1:1/", b"https://evil/", b"http://evil/"):
            self.failureResultOf(
                connection.agent.request(b"GET", url), SchemeNotSupported
            )

    async def test_bad_path_value_never_leaves(self) -> None:
        """What could change the path is refused, and nothing is sent."""
        client = self.client_to(self.upstream.url)
        for value in ("", ".", "..", "../x", "%2e%2e", "a/b", "?x", "#", "\r\n"):
            call = client.execute(GET_ONE, {"id": value}, granted())
            error = self.failureResultOf(call, ApiError).value
            self.assertEqual(error.reason, Reason.BAD_ARGUMENT)
        self.assertEqual(self.upstream.connections.opened, 0)
