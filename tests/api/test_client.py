"""The client with an agent in memory: what it sends, stores and cleans up."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IProtocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import LogLevel, capturedLogs
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IBodyProducer, IResponse
from zope.interface import implementer
from zope.interface.verify import verifyObject

from instantly_mcp._json_codec import dumps
from instantly_mcp.api.client import InstantlyClient
from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.api.http.exchange import NoCookies
from instantly_mcp.api.http.payload import Payload
from instantly_mcp.api.interfaces import IDetached, IInstantly
from instantly_mcp.api.observation import UntrackedWrites
from instantly_mcp.api.redaction import key_tail, redacted
from tests.support.cases import ClockedTestCase

from .builders import (
    ACTIVATE,
    CREATE,
    DELETE,
    KEY,
    LIST,
    LIST_EMAILS,
    PATCH_ONE,
    client,
    credential,
    granted,
)

URL = "https://api.instantly.ai"


@implementer(IResponse)
class MemoryResponse:
    """A reply in memory."""

    version = (b"HTTP", 1, 1)
    phrase = b""
    request = None
    previousResponse = None

    def __init__(self, code: int, body: bytes) -> None:
        self.code = code
        self.headers = Headers()
        self.length = len(body)
        self._body = body

    def deliverBody(self, protocol: IProtocol) -> None:
        protocol.makeConnection(StringTransport())
        protocol.dataReceived(self._body)
        protocol.connectionLost(Failure(ResponseDone()))

    def setPreviousResponse(self, response: object) -> None:
        """There is no previous response."""


@implementer(IAgent)
class MemoryAgent:
    """Answers at once with what the test says, or waits until it says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, bytes, Headers]] = []
        self.answer: Any = {}
        self.status = 200
        self.headers: dict[str, list[str]] = {}
        self.waiting: Deferred[Any] | None = None
        self.unanswered: list[Deferred[Any]] = []

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,
    ) -> Deferred[Any]:
        assert headers is not None
        self.asked.append((method, uri, headers))
        if bodyProducer is not None:
            self.transport = StringTransport()
            bodyProducer.startProducing(self.transport)
        if isinstance(self.answer, Exception):
            return fail(self.answer)
        self.waiting = Deferred()
        self.unanswered.append(self.waiting)
        waiting = self.waiting
        if self.answer is not None:
            self.reply()
        return waiting

    def reply(self) -> None:
        """Answer the last request, or the last one that has no answer."""
        assert self.waiting is not None
        waiting = self.unanswered.pop() if self.unanswered else self.waiting
        response = MemoryResponse(self.status, dumps(self.answer))
        response.headers = Headers(self.headers)
        waiting.callback(response)


class ClientTests(ClockedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.agent = MemoryAgent()
        self.told: list[tuple[str, str, float]] = []
        self.client = client(
            self.agent, URL, self.clock, observe=lambda *fact: self.told.append(fact)
        )

    def test_interfaces(self) -> None:
        """The client and its parts provide what they say."""
        verifyObject(IInstantly, self.client)
        verifyObject(IDetached, UntrackedWrites())
        verifyObject(IBodyProducer, Payload(b""))
        verifyObject(IAgent, self.agent)

    def test_bad_upstream(self) -> None:
        """An invalid base URL is refused when the client is built."""
        with self.assertRaises(ValueError):
            InstantlyClient.assemble(
                agent=self.agent, base_url="nowhere", clock=self.clock, random=float
            )

    def test_sends(self) -> None:
        """One call is one request, with the exact URL and our headers, and no more."""
        self.agent.answer = {"items": []}
        call = self.client.execute(LIST, {"limit": 5, "search": "a b"}, granted())
        self.assertEqual(self.successResultOf(call), {"items": []})
        ((method, uri, headers),) = self.agent.asked
        self.assertEqual(method, b"GET")
        self.assertEqual(
            uri, b"https://api.instantly.ai/api/v2/campaigns?limit=5&search=a%20b"
        )
        names = {name.lower() for name, _ in headers.getAllRawHeaders()}
        self.assertEqual(
            names,
            {b"host", b"user-agent", b"accept", b"authorization", b"accept-encoding"},
        )
        self.assertEqual(self.told, [("listCampaign", "ok", 0.0)])

    def test_body(self) -> None:
        """A body is handed over as it is."""
        self.successResultOf(self.client.execute(CREATE, {"name": "\u00fc"}, granted()))
        self.assertEqual(self.agent.transport.value(), '{"name":"\u00fc"}'.encode())

    def test_timers_follow_the_clock(self) -> None:
        """A call that is answered leaves no timer, one that waits has one."""
        self.agent.answer = None
        call = self.client.execute(LIST, {}, granted())
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.assertEqual(self.client.health.in_flight, 1)
        self.agent.answer = []
        self.agent.reply()
        self.assertEqual(self.successResultOf(call), [])
        self.assertEqual(self.client.health.in_flight, 0)

    def test_bad_argument(self) -> None:
        """An argument error fails the Deferred; nothing is sent or counted."""
        call = self.client.execute(LIST, {"nope": 1}, granted())
        error = self.failureResultOf(call, ApiError).value
        self.assertEqual(error.reason, Reason.BAD_ARGUMENT)
        self.assertEqual(self.agent.asked, [])
        self.assertEqual(self.told, [("listCampaign", "bad_argument", 0.0)])

    def test_bug(self) -> None:
        """An exception that is not a connection error is raised unchanged."""
        self.agent.answer = ZeroDivisionError()
        call = self.client.execute(LIST, {}, granted())
        self.failureResultOf(call, ZeroDivisionError)
        self.assertEqual(self.told[0][1], "failed")
        self.assertEqual(self.client.health.in_flight, 0)

    def test_pauses_between_attempts(self) -> None:
        """A connect error is tried again after a pause, on the clock."""
        self.agent.answer = ConnectError()
        call = self.client.execute(LIST, {}, granted())
        self.assertEqual(len(self.agent.asked), 1)
        self.clock.advance(0.5)
        self.assertEqual(len(self.agent.asked), 2)
        self.agent.answer = [1]
        self.clock.advance(1.0)
        self.assertEqual(self.successResultOf(call), [1])
        self.assertEqual(self.told, [("listCampaign", "ok", 1.5)])

    def test_repeated_delete(self) -> None:
        """A 404 for a repeated DELETE says that the first may have deleted it."""
        for first, may_be_done in ((502, True), (429, False)):
            self.agent.status = first
            call = self.client.execute(DELETE, {"id": "x"}, granted())
            self.agent.status = 404
            self.clock.advance(1)
            error = self.failureResultOf(call, ApiError).value
            self.assertEqual(error.reason, Reason.NOT_FOUND)
            said = "attempt before this one may have deleted it" in error.message
            self.assertEqual(said, may_be_done, error.message)

    def test_repeated_change(self) -> None:
        """A 404 for a repeated PATCH does not mention a deletion."""
        self.agent.status = 502
        call = self.client.execute(PATCH_ONE, {"id": "x"}, granted())
        self.agent.status = 404
        self.clock.advance(1)
        error = self.failureResultOf(call, ApiError).value
        self.assertNotIn("deleted", error.message)

    def failing_calls(self, count: int) -> list[ApiError]:
        """Return the errors of `count` calls that are made one after the other."""
        errors = []
        for _ in range(count):
            call = self.client.execute(LIST, {}, granted())
            self.clock.pump([0.5, 1.0])
            errors.append(self.failureResultOf(call, ApiError).value)
        return errors

    def test_breaker_counts_calls(self) -> None:
        """Ten failing reads open the breaker, however often each was tried again."""
        self.agent.status = 503
        self.failing_calls(9)
        self.assertEqual(self.client.health.breaker, "closed")
        self.assertGreater(len(self.agent.asked), 15)
        (last,) = self.failing_calls(1)
        self.assertEqual(last.status, 503)
        self.assertEqual(self.client.health.breaker, "open")

    def test_breaker_sees_the_end_of_a_call(self) -> None:
        """Calls that succeed on their second attempt never open the breaker."""
        for _ in range(11):
            self.agent.answer = ConnectError()
            call = self.client.execute(LIST, {}, granted())
            self.agent.answer = [1]
            self.clock.advance(0.5)
            self.assertEqual(self.successResultOf(call), [1])
        self.assertEqual(self.client.health.breaker, "closed")

    def test_probe_that_fails(self) -> None:
        """While the breaker probes, a failing call reports its own cause."""
        self.agent.status = 503
        self.failing_calls(10)
        self.clock.advance(5)
        (probe,) = self.failing_calls(1)
        self.assertEqual(probe.status, 503)
        self.assertEqual(self.client.health.breaker, "open")

    def test_throttled(self) -> None:
        """A call whose turn is too far off is not sent; the error says when it is."""
        for _ in range(20):
            self.successResultOf(self.client.execute(LIST_EMAILS, {}, granted()))
        self.clock.advance(46)
        call = self.client.execute(LIST_EMAILS, {}, granted())
        error = self.failureResultOf(call, ApiError).value
        self.assertEqual(error.reason, Reason.RATE_LIMITED)
        self.assertEqual(error.retry_after, 14.0)
        self.assertIn("limit of 20 listEmail calls a minute", error.message)
        self.assertIn("next slot is in 14 s", error.message)
        self.assertEqual(len(self.agent.asked), 20)

    def test_asked_to_slow_down(self) -> None:
        """After a 429 the waiting calls that are refused say so, and until when."""
        self.agent.status, self.agent.headers = 429, {"Retry-After": ["40"]}
        self.failing_calls(1)
        self.clock.advance(2.5)
        for operation in (LIST, LIST_EMAILS):
            call = self.client.execute(operation, {}, granted())
            error = self.failureResultOf(call, ApiError).value
            self.assertEqual(error.reason, Reason.RATE_LIMITED)
            self.assertIn("Instantly asked this workspace to slow down", error.message)
            self.assertIn("try again in 36 s.", error.message)
            self.assertNotIn("limit of", error.message)
        self.assertEqual(len(self.agent.asked), 1)

    def test_workspaces_are_apart(self) -> None:
        """The limit of one workspace is not the limit of another."""
        for name in ("a", "b"):
            for _ in range(20):
                call = self.client.execute(LIST_EMAILS, {}, granted(workspace=name))
                self.successResultOf(call)

    def test_deadline_of_an_unsent_write(self) -> None:
        """A write that never got a connection is a timeout, not an unknown outcome."""
        unsent = client(NeverConnects(), URL, self.clock)
        call = unsent.execute(ACTIVATE, {"id": "x"}, granted())
        self.clock.advance(30)
        error = self.failureResultOf(call, ApiError).value
        self.assertEqual(error.reason, Reason.TIMEOUT)

    def test_retry_is_cut_by_the_deadline(self) -> None:
        """No pause reaches beyond the deadline of the whole call."""
        self.client.call_seconds = 0.4
        self.agent.answer = ConnectError()
        call = self.client.execute(LIST, {}, granted())
        error = self.failureResultOf(call, ApiError).value
        self.assertEqual(error.reason, Reason.UNREACHABLE)

    def test_log_of_a_page(self) -> None:
        """An unexpected page is logged: short, escaped, and without the key."""
        self.agent.answer = f"<b>{KEY}\x1b" + "x" * 500
        agent = self.agent
        agent.reply = lambda: agent.waiting.callback(  # type: ignore
            MemoryResponse(200, agent.answer.encode())
        )
        with capturedLogs() as events:
            self.failureResultOf(self.client.execute(LIST, {}, granted()), ApiError)
        (event,) = [e for e in events if e["log_level"] is LogLevel.warn]
        self.assertLessEqual(len(event["snippet"]), 200)
        self.assertIn("<b>", event["snippet"])
        self.assertNotIn(KEY, str(event))
        self.assertTrue(event["snippet"].isascii())

    @given(st.lists(st.sampled_from(["call", "write", "cancel", "answer", "wait"])))
    def test_nothing_is_left(self, steps: list[str]) -> None:
        """Under any sequence of events each call ends once, and no timer is left."""
        clock = Clock()
        agent = Crowd()
        ended: list[str] = []
        subject = client(agent, URL, clock, observe=lambda i, how, s: ended.append(how))
        calls: list[Deferred[Any]] = []
        for step in steps:
            if step == "call":
                calls.append(subject.execute(LIST, {}, granted()))
            elif step == "write":
                id = f"x{len(calls)}"
                calls.append(subject.execute(ACTIVATE, {"id": id}, granted()))
            elif step == "cancel" and calls:
                calls[len(calls) // 2].cancel()
            elif step == "answer":
                agent.answer_one()
            else:
                clock.advance(1)
        results: list[Any] = []
        for call in calls:
            call.addBoth(results.append)
        for _ in range(1000):
            clock.advance(1)
        self.assertEqual(len(results), len(calls))
        self.assertEqual(len(ended), len(calls))
        self.assertEqual(clock.getDelayedCalls(), [])
        self.assertEqual(subject.health.in_flight, 0)
        self.assertEqual(subject.health.detached, 0)
        for result in results:
            if isinstance(result, Failure):
                result.trap(ApiError, CancelledError)


@implementer(IAgent)
class NeverConnects:
    """An agent that never gets a connection."""

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,
    ) -> Deferred[Any]:
        return Deferred()


@implementer(IAgent)
class Crowd:
    """An agent that answers its requests, oldest first, when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Deferred[Any]] = []

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,
    ) -> Deferred[Any]:
        if bodyProducer is not None:
            bodyProducer.startProducing(StringTransport())
        self.waiting.append(Deferred())
        return self.waiting[-1]

    def answer_one(self) -> None:
        while self.waiting:
            waiting = self.waiting.pop(0)
            if not waiting.called:
                waiting.callback(MemoryResponse(200, b"{}"))
                return


class RedactionTests(ClockedTestCase):
    def test_key_in_every_form(self) -> None:
        """The key is removed in each encoding, as are parts of it and bearer tokens."""
        for text, expected in (
            (f"bad {KEY}", "bad [removed]"),
            (f"bad {KEY[4:30]}!", "bad [removed]!"),
            ("secret-canary-5678", "[removed]"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer [removed]"),
            ("campaign 1234 not found", "campaign 1234 not found"),
            ("line\r\nbreak\u202e", "line break"),
        ):
            self.assertEqual(redacted(text, credential()), expected)

    def test_short_key(self) -> None:
        """Even a short key is removed."""
        self.assertEqual(redacted("key abc", credential("abc")), "key [removed]")
        self.assertEqual(key_tail(credential("abc")), "…")

    @given(
        st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=12),
        st.text(),
        st.text(),
    )
    def test_key_in_any_text(self, key: str, before: str, after: str) -> None:
        """The key is removed from any surrounding text."""
        found = redacted(f"{before}{key}{after}", credential(key))
        self.assertNotIn(key, found)
        self.assertLessEqual(len(found), 300)


class NoCookiesTests(ClockedTestCase):
    def test_jar_stays_empty(self) -> None:
        """The jar stores no cookies."""
        jar = NoCookies()
        jar.extract_cookies(object(), object())
        jar.add_cookie_header(object())
        self.assertEqual(list(jar), [])
