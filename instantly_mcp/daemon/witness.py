"""Reports the caller and its client to the request log; stages know of no log."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ..pipeline.exchange import Exchange
from ..pipeline.interfaces import IStage
from ..pipeline.reply import Outcome


def _ignore(exchange: Exchange) -> None:
    """Tell no one."""


@implementer(IStage)
@define(eq=False)
class Witnessed:
    """A stage, and who is told of its exchanges.

    One of these for two reports: each costs a callback on every request.

    :param arriving: told of each exchange before the stage, whatever becomes of it.
    :param told: told of each exchange that the stage passes on, as it is then.
    """

    stage: IStage
    told: Callable[[Exchange], None]
    arriving: Callable[[Exchange], None] = _ignore

    @property
    def name(self) -> str:
        """The stage's own name."""
        name: str = self.stage.name
        return name

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Process the exchange as the stage does."""
        self.arriving(exchange)
        return self.stage.process(exchange).addCallback(self._passed)

    def _passed(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Exchange):
            self.told(outcome)
        return outcome
