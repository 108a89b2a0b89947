"""Lets the request log learn who called, without any stage knowing of a log."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ..pipeline.exchange import Exchange
from ..pipeline.interfaces import IStage
from ..pipeline.reply import Outcome


@implementer(IStage)
@define(eq=False)
class Witnessed:
    """A stage, and somebody who is told of the exchanges that it passes on."""

    stage: IStage
    told: Callable[[Exchange], None]

    @property
    def name(self) -> str:
        """The stage's own name."""
        name: str = self.stage.name
        return name

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Process the exchange as the stage does."""
        return self.stage.process(exchange).addCallback(self._passed)

    def _passed(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Exchange):
            self.told(outcome)
        return outcome
