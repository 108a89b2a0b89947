"""The first transport that accepts serves."""

from __future__ import annotations

from attrs import define
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from instantly_mcp.pipeline.exchange import Exchange, Note
from instantly_mcp.pipeline.interfaces import IStage, ITransport
from instantly_mcp.pipeline.replies.reply import Answer, Reply
from instantly_mcp.pipeline.stages.dispatch import TransportDispatch
from tests.support.exchanges import exchange


@implementer(ITransport)
@define(eq=False)
class Way:
    """A transport that accepts or does not."""

    open: bool
    reply: Deferred[Reply]
    asked: int = 0
    served: int = 0

    def accepts(self, exchange: Exchange) -> bool:
        """Say so."""
        self.asked += 1
        return self.open

    def serve(self, exchange: Exchange) -> Deferred[Reply]:
        """Reply."""
        self.served += 1
        return self.reply


def way(open: bool, status: int = 200) -> Way:
    """Return a transport that answers with this status."""
    return Way(open, succeed(Answer(status=status)))


class TransportDispatchTests(SynchronousTestCase):
    def test_provides(self) -> None:
        """It is a stage."""
        self.assertTrue(verifyObject(IStage, TransportDispatch(())))

    def test_first_that_accepts(self) -> None:
        """Transports are asked in order, and only the first that accepts serves."""
        ways = (way(False), way(True, 201), way(True, 202))
        outcome = self.successResultOf(TransportDispatch(ways).process(exchange()))
        self.assertEqual(outcome, Answer(status=201))
        self.assertEqual([one.asked for one in ways], [1, 1, 0])
        self.assertEqual([one.served for one in ways], [0, 1, 0])

    def test_none_accepts(self) -> None:
        """What none accepts carries on with a note, and nothing was served."""
        ways = (way(False), way(False))
        outcome = self.successResultOf(TransportDispatch(ways).process(exchange()))
        assert isinstance(outcome, Exchange)
        self.assertEqual(outcome.notes, (Note("no-transport"),))
        self.assertEqual([one.served for one in ways], [0, 0])

    def test_cancelling(self) -> None:
        """Cancelling reaches the transport that serves."""
        waiting: Deferred[Reply] = Deferred()
        serving = TransportDispatch((Way(True, waiting),)).process(exchange())
        serving.cancel()
        self.failureResultOf(serving, CancelledError)
