"""Reports the exchanges that pass a stage, so that the access log knows the caller."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define
from twisted.internet.defer import Deferred
from zope.interface import implementer

from .._noop import noop
from .exchange import Exchange
from .interfaces import IStage
from .reply import Outcome


@implementer(IStage)
@define(eq=False)
class Witnessed:
    """A stage whose exchanges are reported to two observers.

    One wrapper serves both, because each wrapper costs a callback per request.

    :param told: called with each exchange that the stage passes on, after the stage.
    :param arriving: called with each exchange before the stage.
    """

    stage: IStage
    told: Callable[[Exchange], None]
    arriving: Callable[[Exchange], None] = noop

    @property
    def name(self) -> str:
        """The name of the stage."""
        name: str = self.stage.name
        return name

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Report the exchange, process it with the stage, and report the result."""
        self.arriving(exchange)
        return self.stage.process(exchange).addCallback(self._passed)

    def _passed(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Exchange):
            self.told(outcome)
        return outcome
