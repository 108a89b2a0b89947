"""A stage that is watched behaves as it would alone."""

from __future__ import annotations

from attrs import frozen
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from instantly_mcp.pipeline.exchange import Exchange
from instantly_mcp.pipeline.interfaces import IStage
from instantly_mcp.pipeline.replies.reply import Answer, Outcome
from instantly_mcp.pipeline.stages.observed import ObservedStage
from tests.support.exchanges import exchange


@implementer(IStage)
@frozen
class Saying:
    """A stage with one outcome."""

    outcome: Outcome
    name: str = "saying"

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Say it."""
        return succeed(self.outcome)


class ObservedStageTests(SynchronousTestCase):
    """What is reported to the observers."""

    def test_interface(self):
        """It is a stage, with the name of the one it watches."""
        stage = ObservedStage(Saying(Answer(status=200)), lambda exchange: None)
        self.assertTrue(verifyObject(IStage, stage))
        self.assertEqual(stage.name, "saying")

    def test_exchange(self):
        """An exchange that the stage passes on is reported."""
        on_passed: list[Exchange] = []
        passed = exchange()
        stage = ObservedStage(Saying(passed), on_passed.append)
        self.assertIs(self.successResultOf(stage.process(exchange())), passed)
        self.assertEqual(on_passed, [passed])

    def test_arriving(self):
        """The arrival of an exchange is reported, whatever comes of it."""
        arrived: list[Exchange] = []
        for outcome in (exchange(), Answer(status=400)):
            stage = ObservedStage(Saying(outcome), lambda _: None, arrived.append)
            came = exchange()
            self.assertIs(self.successResultOf(stage.process(came)), outcome)
            self.assertIs(arrived[-1], came)

    def test_reply(self):
        """A reply is not reported."""
        on_passed: list[Exchange] = []
        reply = Answer(status=401)
        stage = ObservedStage(Saying(reply), on_passed.append)
        self.assertIs(self.successResultOf(stage.process(exchange())), reply)
        self.assertEqual(on_passed, [])
