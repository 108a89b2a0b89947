"""Sends a write that may be sent, and reports to the rails how it ended.

A write whose caller leaves goes on if Instantly may have seen it. The rails then learn
first that its outcome is unknown, and its real ending when it has one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..._json_codec import Json
from ..._noop import noop
from ...access.act import Act, Ending, EndingKind
from ...access.rails.passing import Rails
from ...api.grant import Grant
from ...protocol.calls.call import Call
from ..workspace.context import FeatureContext
from .endings import ending_of


@define(eq=False)
class ActSending:
    """One write under way, which has passed the rails.

    :param on_end: called with the reply, or ``None``, when nothing more of it can reach
        Instantly.
    :param started: in clock seconds.
    """

    log: ClassVar[Logger] = Logger()

    context: FeatureContext
    act: Act
    rails: Rails
    on_end: Callable[[Json], object] = noop
    started: float = field(init=False)

    @started.default
    def _now(self) -> float:
        return self.context.clock.seconds()

    async def send(self, grant: Grant, call: Call) -> Json:
        """Send the write; return the reply.

        :param grant: for this write, with `ended_late` as its `Grant.on_late_end`.
        :raises ApiError: when it fails.
        """
        act = self.act
        try:
            reply = await self.context.send(act.operation, act.arguments, grant, call)
        except BaseException as error:
            doubt = grant.may_have_acted
            ending = ending_of(error, self._seconds, may_have_acted=doubt)
            if not grant.goes_on:
                self.on_end(None)
            await self.rails.after(act, ending)
            raise
        self.on_end(reply)
        await self.rails.after(act, self._done())
        return reply

    def ended_late(self, result: Json | Failure) -> None:
        """Report the real ending of a write whose caller had left."""
        self.on_end(None if isinstance(result, Failure) else result)
        ending = self._done()
        if isinstance(result, Failure):
            error = result.value or RuntimeError("no exception")
            ending = ending_of(error, self._seconds, may_have_acted=True)
        reporting = Deferred.fromCoroutine(self.rails.after(self.act, ending))
        reporting.addErrback(self._not_reported)

    @property
    def _seconds(self) -> float:
        return self.context.clock.seconds() - self.started

    def _done(self) -> Ending:
        return Ending(kind=EndingKind.DONE, seconds=self._seconds)

    def _not_reported(self, failure: Failure) -> None:
        self.log.failure("The ending of a write was not recorded", failure=failure)
