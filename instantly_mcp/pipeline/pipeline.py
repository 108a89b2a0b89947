"""Runs an exchange through the stages in order, until one of them replies.

An `Exchange` is one HTTP request on an MCP route, as a frozen value. A stage (`IStage`)
takes an exchange and returns one of two things: an exchange, perhaps with more facts in
it, for the next stage; or a reply (an `Answer` or an `EventStream`), which ends the
run. The order is Admission, HeaderRepair, Authentication, Decode, TransportDispatch,
DirectExecution. No stage imports another; ``daemon`` puts them together.

There is no special path for requests that no transport accepts. TransportDispatch
passes them on like any other stage does, and DirectExecution, the last stage, always
replies.

A refusal is a value: the stage returns it as an `Answer`. An exception is a bug: it is
logged once here and answered with -32603 and an incident id. Cancelling the run cancels
the stage that waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeAlias

from attrs import define
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from .._deferred import deferred
from .._noop import noop
from ..protocol.wire.incidents import report_bug
from .exchange import Exchange
from .interfaces import IStage
from .replies.reply import Reply, refuse

ObserveStage: TypeAlias = Callable[[str, str, float], None]
"""Called after each stage with its name, the kind of outcome, and the seconds it took.

The outcome is ``carried-on``, ``cancelled``, ``failed``, or the reply's class name.
"""


@define(eq=False)
class Pipeline:
    """The stages in order; the last one always replies."""

    log: ClassVar[Logger] = Logger()

    stages: Sequence[IStage]
    clock: IReactorTime
    observe: ObserveStage = noop

    def insert(self, stage: IStage, *, after: str) -> None:
        """Add a stage for exchanges that start from now on.

        :param after: the name of the stage that the new one follows.
        :raises ValueError: when no stage has that name.
        """
        place = 1 + [each.name for each in self.stages].index(after)
        self.stages = (*self.stages[:place], stage, *self.stages[place:])

    @deferred
    async def run(self, exchange: Exchange) -> Reply:
        """Return the reply to an exchange. The only failure is ``CancelledError``."""
        started = self.clock.seconds()
        for stage in self.stages:
            try:
                outcome = await stage.process(exchange)
            except CancelledError:
                self._report(stage, "cancelled", started)
                raise
            except Exception:
                self._report(stage, "failed", started)
                return self._incident(exchange, stage.name, Failure())
            if not isinstance(outcome, Exchange):
                self._report(stage, type(outcome).__name__, started)
                return outcome
            started = self._report(stage, "carried-on", started)
            exchange = outcome
        silent = RuntimeError("no stage replied")
        return self._incident(exchange, "none", Failure(silent))

    def _report(self, stage: IStage, outcome: str, started: float) -> float:
        """Report the stage to the observer; return the time at which it ended."""
        now = self.clock.seconds()
        self.observe(stage.name, outcome, now - started)
        return now

    def _incident(self, exchange: Exchange, stage: str, failure: Failure) -> Reply:
        error = report_bug(
            self.log,
            failure,
            "Stage {stage} failed on exchange {exchange_id}",
            stage=stage,
            exchange_id=exchange.id,
        )
        return refuse(exchange, error)
