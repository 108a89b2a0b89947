"""Sends a write that may be sent, and reports to the rails how it ended.

A write whose caller leaves goes on if Instantly may have seen it. The rails then learn
first that its outcome is unknown, and its real ending when it has one.
"""

from __future__ import annotations

from attrs import define
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..._json_codec import Json
from ...access.act import Act, Ending, EndingKind
from ...access.grants import grant_to_write
from ...access.rails.passing import Rails
from ...protocol.calls.call import Call
from ..workspace.context import FeatureContext
from .endings import ending_of

log = Logger()


async def send_act(context: FeatureContext, act: Act, call: Call, rails: Rails) -> Json:
    """Send a write that has passed the rails; return the reply.

    :raises ApiError: when it fails.
    """
    sending = _Sending(context, act, rails, context.clock.seconds())
    grant = grant_to_write(act, call.credential, sending.ended_late)
    try:
        reply = await context.send(act.operation, act.arguments, grant, call)
    except BaseException as error:
        await rails.after(act, sending.failed(error, was_left=grant.was_left))
        raise
    await rails.after(act, sending.done())
    return reply


@define(eq=False)
class _Sending:
    """One write under way.

    :param started: in clock seconds.
    """

    context: FeatureContext
    act: Act
    rails: Rails
    started: float

    @property
    def seconds(self) -> float:
        """How long it took so far."""
        return self.context.clock.seconds() - self.started

    def done(self) -> Ending:
        return Ending(kind=EndingKind.DONE, seconds=self.seconds)

    def failed(self, error: BaseException, *, was_left: bool) -> Ending:
        return ending_of(error, self.seconds, was_left=was_left)

    def ended_late(self, result: Json | Failure) -> None:
        """Report the real ending of a write whose caller had left."""
        ending = self.done()
        if isinstance(result, Failure):
            error = result.value or RuntimeError("no exception")
            ending = self.failed(error, was_left=True)
        reporting = Deferred.fromCoroutine(self.rails.after(self.act, ending))
        reporting.addErrback(self._not_reported)

    def _not_reported(self, failure: Failure) -> None:
        log.failure("The ending of a write was not recorded", failure=failure)
