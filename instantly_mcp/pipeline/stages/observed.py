"""Reports the exchanges that pass a stage, so that the access log knows the caller."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ..._noop import noop
from ..exchange import Exchange
from ..interfaces import IStage
from ..replies.reply import Outcome


@implementer(IStage)
@define(eq=False)
class ObservedStage:
    """A stage whose exchanges are reported to two observers.

    One wrapper serves both, because each wrapper costs a callback per request.

    :param on_passed: called after the stage with each exchange that it passes on.
    :param on_arrival: called before the stage with each exchange.
    """

    stage: IStage
    on_passed: Callable[[Exchange], None]
    on_arrival: Callable[[Exchange], None] = noop

    @property
    def name(self) -> str:
        """The name of the stage."""
        name: str = self.stage.name
        return name

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Report the exchange, process it with the stage, and report the result."""
        self.on_arrival(exchange)
        return self.stage.process(exchange).addCallback(self._passed)

    def _passed(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Exchange):
            self.on_passed(outcome)
        return outcome
