"""The runner: stages in order, until one of them replies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeAlias
from uuid import uuid4

from attrs import define
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from .._deferred import deferred
from ..protocol.wire.errors import internal_error
from .exchange import Exchange
from .interfaces import IStage
from .reply import Reply, refuse

Observe: TypeAlias = Callable[[str, str, float], None]
"""Told of every stage: its name, the kind of outcome, and the seconds it took."""


def ignore(stage: str, outcome: str, seconds: float) -> None:
    """Observe nothing."""


@define(eq=False)
class Pipeline:
    """Sends an exchange through the stages. The last stage always replies.

    Cancelling the Deferred that `run` returns cancels whichever stage waits.
    """

    log: ClassVar[Logger] = Logger()

    stages: Sequence[IStage]
    clock: IReactorTime
    observe: Observe = ignore

    def insert(self, stage: IStage, *, after: str) -> None:
        """Add a stage for the exchanges that come from now on.

        :param after: the name of the stage behind which it stands.
        """
        place = 1 + [each.name for each in self.stages].index(after)
        self.stages = (*self.stages[:place], stage, *self.stages[place:])

    @deferred
    async def run(self, exchange: Exchange) -> Reply:
        """Answer the exchange. Fails with nothing but ``CancelledError``."""
        started = self.clock.seconds()
        for stage in self.stages:
            try:
                outcome = await stage.process(exchange)
            except CancelledError:
                self._told(stage, "cancelled", started)
                raise
            except Exception:
                self._told(stage, "failed", started)
                return self._incident(exchange, stage.name, Failure())
            if not isinstance(outcome, Exchange):
                self._told(stage, type(outcome).__name__, started)
                return outcome
            started = self._told(stage, "carried-on", started)
            exchange = outcome
        silent = RuntimeError("no stage replied")
        return self._incident(exchange, "none", Failure(silent))

    def _told(self, stage: IStage, outcome: str, started: float) -> float:
        """Tell the observer; return the moment at which the stage ended."""
        now = self.clock.seconds()
        self.observe(stage.name, outcome, now - started)
        return now

    def _incident(self, exchange: Exchange, stage: str, failure: Failure) -> Reply:
        incident = uuid4().hex[:12]
        self.log.failure(
            "Stage {stage} failed on exchange {exchange_id}, incident {incident}",
            failure=failure,
            stage=stage,
            exchange_id=exchange.id,
            incident=incident,
        )
        return refuse(exchange, internal_error(incident))
