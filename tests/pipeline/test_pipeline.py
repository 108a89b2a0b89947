"""The runner."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from zope.interface import implementer

from instantly_mcp._json_codec import loads
from instantly_mcp.pipeline.exchange import Exchange
from instantly_mcp.pipeline.interfaces import IStage
from instantly_mcp.pipeline.pipeline import Pipeline
from instantly_mcp.pipeline.replies.channel import Channel
from instantly_mcp.pipeline.replies.reply import Answer, EventStream, Outcome
from tests.support.cases import ClockedTestCase
from tests.support.exchanges import exchange
from tests.support.messages import call
from tests.support.servers import ADA

DONE = Answer(status=204)


class Fault(Exception):
    """A bug in a stage."""


@implementer(IStage)
@define(eq=False)
class Step:
    """A stage that does what the test says and remembers what it saw."""

    name: str
    act: Callable[[Exchange], Deferred[Outcome]]
    seen: list[Exchange] = field(factory=list)

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Do it."""
        self.seen.append(exchange)
        return self.act(exchange)


def carry_on(name: str) -> Step:
    """Return a stage that leaves a note."""
    return Step(name, lambda exchange: succeed(exchange.with_note(name)))


class PipelineTests(ClockedTestCase):
    def setUp(self) -> None:
        """Remember what is observed."""
        super().setUp()
        self.observed: list[tuple[str, str, float]] = []

    def run_through(self, *stages: Step, message: object = None) -> Deferred[object]:
        """Run an exchange through the stages."""

        def observe(stage: str, outcome: str, seconds: float) -> None:
            self.observed.append((stage, outcome, seconds))

        pipeline = Pipeline(stages, self.clock, observe)
        return pipeline.run(exchange(message))  # type: ignore[return-value]

    def test_in_order(self) -> None:
        """Each stage gets what the one before it made of the exchange."""
        last = Step("last", lambda _: succeed(DONE))
        reply = self.run_through(carry_on("one"), carry_on("two"), last)
        self.assertIs(self.successResultOf(reply), DONE)
        notes = [note.topic for note in last.seen[0].notes]
        self.assertEqual(notes, ["one", "two"])

    def test_stops_at_a_reply(self) -> None:
        """After a reply no further stage is asked."""
        never = carry_on("never")
        reply = self.run_through(Step("first", lambda _: succeed(DONE)), never)
        self.assertIs(self.successResultOf(reply), DONE)
        self.assertEqual(never.seen, [])

    def test_streams_are_replies(self) -> None:
        """An event stream ends the run as well."""
        stream = EventStream(channel=Channel())
        reply = self.run_through(Step("first", lambda _: succeed(stream)))
        self.assertIs(self.successResultOf(reply), stream)

    def test_observes(self) -> None:
        """Every stage is observed: its name, what came of it, how long it took."""
        waiting: Deferred[Outcome] = Deferred()
        reply = self.run_through(carry_on("one"), Step("two", lambda _: waiting))
        self.clock.advance(1.5)
        waiting.callback(DONE)
        self.successResultOf(reply)
        self.assertEqual(
            self.observed, [("one", "carried-on", 0.0), ("two", "Answer", 1.5)]
        )

    def test_cancelling(self) -> None:
        """Cancelling cancels the stage that waits, and asks no further one."""
        told: list[object] = []
        waiting: Deferred[Outcome] = Deferred(told.append)
        never = carry_on("never")
        reply = self.run_through(Step("wait", lambda _: waiting), never)
        reply.cancel()
        self.failureResultOf(reply, CancelledError)
        self.assertEqual(told, [waiting])
        self.assertEqual(never.seen, [])
        self.assertEqual(self.observed, [("wait", "cancelled", 0.0)])

    def assertIncident(self, reply: Deferred[object]) -> None:
        """The reply is -32603 with an incident id and the request's id."""
        answer = self.successResultOf(reply)
        assert isinstance(answer, Answer)
        body = loads(answer.body)
        self.assertEqual((body["id"], body["error"]["code"]), (0, -32603))
        self.assertEqual(len(body["error"]["data"]["incident"]), 12)
        self.assertNotIn("a bug", str(body))

    def test_bugs(self) -> None:
        """A bug is logged once and answered, whether raised or failed with."""

        def raises(_: Exchange) -> Deferred[Outcome]:
            raise Fault("a bug")

        for act in (raises, lambda _: fail(Fault("a bug"))):
            reply = self.run_through(Step("bad", act), message=call("echo", id=0))
            self.assertIncident(reply)
            self.assertEqual(len(self.flushLoggedErrors(Fault)), 1)
            self.assertEqual(self.observed.pop()[:2], ("bad", "failed"))

    def test_no_reply(self) -> None:
        """Stages that all carry on are a bug, answered like one."""
        self.assertIncident(
            self.run_through(carry_on("one"), message=call("echo", id=0))
        )
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_no_key_in_the_log(self) -> None:
        """What is logged of a bug holds no key."""
        bad = Step("bad", lambda _: fail(Fault("a bug")))
        pipeline = Pipeline((bad,), self.clock)
        sent = exchange(call("echo"), with_headers={"x-api-key": ADA}, path_key=ADA)
        self.successResultOf(pipeline.run(sent))
        [logged] = self.flushLoggedErrors(Fault)
        self.assertNotIn(ADA, logged.getTraceback() + repr(logged.value))
