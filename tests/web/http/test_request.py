"""Tests for the one answer of a request: whatever its owners call, one goes out."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, capturedLogs, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.pipeline.replies.reply import Answer, Reply
from instantly_mcp.web.http.refusals import too_busy
from instantly_mcp.web.http.request import AnswerOutOfOrder, McpRequest
from tests.support.cases import ClockedTestCase

from ..site import MemoryServer, parse, request

POST = request("POST", "/mcp", body=b'{"id":1}')
ANSWER = Answer(status=200, body=b"one", headers=(("Content-Type", "text/plain"),))


class OneAnswerTests(ClockedTestCase):
    def setUp(self) -> None:
        """Ask for something that is not answered yet."""
        super().setUp()
        self.server = MemoryServer(self.clock)
        self.waiting: Deferred[Reply] = Deferred()
        self.server.pipeline.reply = self.waiting
        self.connection = self.server.connect()
        self.addCleanup(self.leave)
        self.connection.send(POST)
        (self.request,) = self.connection.channel.requests

    def leave(self) -> None:
        """End the connection; nothing is answered any more."""
        self.connection.hang_up()

    def bugs(self) -> int:
        """Return how many bugs were logged since this was last asked."""
        return len(self.flushLoggedErrors(AnswerOutOfOrder))

    def test_a_second_answer(self):
        """The second of two answers is refused and logged, not sent as one more."""
        self.request.answer(ANSWER)
        self.request.answer(ANSWER)
        self.assertEqual(self.bugs(), 1)
        self.request.finish()
        (response,) = self.connection.responses()
        self.assertEqual(response.body, b"one")

    def test_an_answer_after_the_end(self):
        """So is one after the first was finished, and a second end."""
        self.request.answer(ANSWER)
        self.request.finish()
        self.request.answer(ANSWER)
        self.request.write(b"more")
        self.request.finish()
        self.assertEqual(self.bugs(), 3)
        self.assertEqual(len(self.connection.responses()), 1)
        self.assertEqual(self.connection.ask("GET", "/ping").status, 200)

    def test_an_end_without_an_answer(self):
        """An end before any answer is a bug: an internal error, logged by its id."""
        with capturedLogs() as events:
            self.request.finish()
        self.assertEqual(self.bugs(), 1)
        (response,) = self.connection.responses()
        self.assertEqual(response.status, 500)
        (event,) = (each for each in events if "log_failure" in each)
        self.assertIn(event["incident"].encode(), response.body)

    def test_a_body_without_a_head(self):
        """Bytes before any answer are not sent under twisted.web's default head."""
        self.request.write(b"x")
        self.assertEqual(self.bugs(), 1)
        self.assertEqual(self.connection.output(), b"")

    def test_after_an_abort(self):
        """Writing to an aborted connection has no effect and is not a bug."""
        self.request.start(200, (), None)
        self.request.abort()
        self.connection.output()
        self.request.write(b"x")
        self.request.answer(ANSWER)
        self.request.finish()
        self.assertEqual((self.connection.output(), self.bugs()), (b"", 0))

    def test_after_a_refusal(self):
        """A request that was refused has had its answer."""
        self.connection.channel.refuse(too_busy())
        self.request.answer(ANSWER)
        self.request.finish()
        (response,) = self.connection.responses()
        self.assertEqual((response.status, self.bugs()), (503, 0))

    def test_a_refusal_after_an_answer_was_begun(self):
        """A refusal is never sent inside an answer: the connection is aborted."""
        self.request.start(200, (), 10)
        self.connection.output()
        self.connection.channel.refuse(too_busy())
        self.assertEqual(self.connection.output(), b"")
        self.assertTrue(self.connection.pipe.aborted)

    def test_the_pipeline_answers_what_was_answered(self):
        """The reply that the pipeline still makes does not follow the other one."""
        self.request.answer(ANSWER)
        self.waiting.callback(ANSWER)
        self.assertEqual(self.bugs(), 1)
        self.assertEqual(len(self.connection.responses()), 1)


class Owners(RuleBasedStateMachine):
    """One request, on which every method may be called in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.server = MemoryServer(self.clock)
        self.server.pipeline.reply = Deferred()
        self.connection = self.server.connect()
        self.connection.send(POST + request("GET", "/ping"))
        self.request: McpRequest = self.connection.channel.requests[0]
        self.bugs = self.expected = 0
        self.observer = cast(ILogObserver, self.observe)
        self.started = self.ended = self.lost = self.cut = False
        self.length: int | None = None
        self.written = b""
        globalLogPublisher.addObserver(self.observer)

    def observe(self, event: Any) -> None:
        """Count logged bugs."""
        failure = event.get("log_failure")
        self.bugs += failure is not None and bool(failure.check(AnswerOutOfOrder))

    @property
    def over(self) -> bool:
        """Nothing that is called has an effect, and none of it is a bug."""
        return self.lost or self.cut

    def call(self, legal: bool) -> bool:
        """Expect a bug unless the call is legal; say whether it has an effect."""
        if self.over:
            return False
        self.expected += not legal
        return legal

    @rule(body=st.binary(max_size=5))
    def answer(self, body: bytes) -> None:
        """Send a complete answer."""
        if self.call(not self.started):
            self.started, self.written, self.length = True, body, len(body)
        self.request.answer(Answer(status=200, body=body))

    @rule()
    def stream(self) -> None:
        """Begin an answer without a length."""
        if self.call(not self.started):
            self.started = True
        self.request.start(200, (), None)

    @rule(data=st.binary(min_size=1, max_size=5))
    @precondition(lambda self: self.length is None)
    def write(self, data: bytes) -> None:
        """Continue it."""
        if self.call(self.started and not self.ended):
            self.written += data
        self.request.write(data)

    @rule()
    def finish(self) -> None:
        """End it."""
        if self.call(self.started and not self.ended):
            self.ended = True
        elif not self.over and not self.started:
            self.started = self.ended = True
            self.length = -1
        self.request.finish()

    @rule()
    def abort(self) -> None:
        """Abort the connection in the middle."""
        self.cut = self.cut or not self.ended
        self.request.abort()

    @rule()
    @precondition(lambda self: not self.lost and not self.ended and not self.cut)
    def refuse(self) -> None:
        """Let the channel refuse it."""
        self.cut = True
        self.connection.channel.refuse(too_busy())

    @rule()
    @precondition(lambda self: not self.lost and not self.ended)
    def leave(self) -> None:
        """Let the client go."""
        self.lost = True
        self.connection.channel.connectionLost(Failure(ConnectionDone()))

    @invariant()
    def one_answer(self) -> None:
        """What is on the wire is one answer, and then the next request's."""
        assert self.bugs == self.expected
        wire = self.connection.pipe.value()
        if self.ended:
            first, rest = parse(wire)
            assert self.length == -1 or first.body == self.written
            second, rest = parse(rest)
            assert (second.json()["pong"], rest) == (True, b""), wire
        else:
            assert wire.count(b"HTTP/1.1 ") <= 1

    def teardown(self) -> None:
        """Release the connection."""
        globalLogPublisher.removeObserver(self.observer)
        if not self.lost:
            self.connection.hang_up()


class OwnersTests(SynchronousTestCase):
    def test_one_answer_whatever_is_called(self):
        """In any order of calls one answer goes out, and each bug is logged."""
        case: Any = Owners.TestCase
        case.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)
        case("runTest").runTest()
        self.flushLoggedErrors(AnswerOutOfOrder)
