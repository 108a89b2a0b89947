"""The rails learn how each write ended, also when its caller had left."""

from __future__ import annotations

from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.python.failure import Failure
from zope.interface import implementer

from instantly_mcp._json_codec import Json
from instantly_mcp.access.act import Act, Ending, EndingKind
from instantly_mcp.access.grants import grant_to_write
from instantly_mcp.access.interfaces import IRail
from instantly_mcp.access.rails.passing import Rails
from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.api.grant import Grant
from instantly_mcp.features.consent.sending import ActSending
from instantly_mcp.protocol.calls.call import Call, Caller
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.access.acts import act
from tests.features.cases import KEY
from tests.support.cases import ClockedTestCase
from tests.support.instantly import api_error

MAIL = {"reply_to_uuid": "m1", "subject": "Re: hello", "body": {"text": "Yes"}}


@implementer(IRail)
@define
class Endings:
    """A rail that notes the endings."""

    seen: list[Ending] = field(factory=list)
    name: str = "endings"

    def before(self, act: Act) -> Deferred[None]:
        """Let everything pass."""
        return succeed(None)

    def after(self, act: Act, ending: Ending) -> Deferred[None]:
        """Note the ending."""
        self.seen.append(ending)
        return succeed(None)


class SendingTests(ClockedTestCase):
    """One write, and what becomes of it."""

    def setUp(self) -> None:
        """Let Instantly answer when the test says so."""
        super().setUp()
        self.rail = Endings()
        self.ended: list[Json] = []
        self.reply: Deferred[Json] = Deferred()
        self.grants: list[Grant] = []

    def send(self, operation: Any, arguments: Any, grant: Grant, call: Call) -> Any:
        """Be the context's way to Instantly."""
        self.grants.append(grant)
        return self.reply

    def start(self) -> Deferred[Json]:
        """Begin to send a mail."""
        call = Call(caller=Caller(revision=V2025_11_25, credential=KEY))
        context: Any = self
        mail = act("replyToEmail", arguments=MAIL)
        sending = ActSending(context, mail, Rails([self.rail]), self.ended.append)
        grant = grant_to_write(mail, KEY, sending.ended_late)
        return Deferred.fromCoroutine(sending.send(grant, call))

    def kinds(self) -> list[str]:
        """Return the endings that the rail has noted."""
        return [ending.kind.value for ending in self.rail.seen]

    def test_done(self) -> None:
        """A write that is answered is done; the rail learns how long it took."""
        running = self.start()
        self.clock.advance(2)
        self.reply.callback({"id": "sent"})
        self.assertEqual(self.successResultOf(running), {"id": "sent"})
        self.assertEqual(self.rail.seen, [Ending(kind=EndingKind.DONE, seconds=2)])

    def test_failures(self) -> None:
        """Each reason to fail says whether the write may have taken effect."""
        for reason, status, kind in (
            (Reason.OVERLOADED, None, "refused"),
            (Reason.TIMEOUT, None, "refused"),
            (Reason.UNREACHABLE, None, "refused"),
            (Reason.INVALID_REQUEST, 400, "failed"),
            (Reason.RATE_LIMITED, 429, "failed"),
            (Reason.UPSTREAM_FAILED, None, "refused"),
            (Reason.UPSTREAM_FAILED, 503, "ambiguous"),
            (Reason.TOO_LARGE, None, "ambiguous"),
            (Reason.OUTCOME_UNKNOWN, None, "ambiguous"),
            (Reason.STILL_RUNNING, None, "ambiguous"),
            (Reason.UNEXPECTED_REPLY, 200, "ambiguous"),
        ):
            self.rail.seen.clear()
            self.reply = fail(api_error(reason, "replyToEmail", status=status))
            self.failureResultOf(self.start(), ApiError)
            self.assertEqual(self.kinds(), [kind], reason)
            self.assertEqual(self.rail.seen[0].status, status)

    def test_doubtful(self) -> None:
        """What was surely not sent last is not refused if it may be done already."""
        for error in (
            api_error(Reason.SENDING_OFF, "replyToEmail"),
            api_error(Reason.TIMEOUT, "replyToEmail"),
            api_error(Reason.UNREACHABLE, "replyToEmail"),
            api_error(Reason.UPSTREAM_FAILED, "replyToEmail"),
            CancelledError(),
            ZeroDivisionError(),
        ):
            self.rail.seen.clear()
            self.reply = Deferred()
            self.start().addErrback(lambda failure: None)
            self.grants[-1].may_have_acted = True
            self.reply.errback(Failure(error))
            self.assertEqual(self.kinds(), ["ambiguous"], error)

    def test_left_in_time(self) -> None:
        """A write whose caller leaves before Instantly sees it was not sent."""
        running = self.start()
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.assertEqual(self.kinds(), ["refused"])

    def test_left_too_late(self) -> None:
        """After it the outcome is unknown, until the write has ended."""
        error = api_error(Reason.INVALID_REQUEST, "replyToEmail", status=400)
        for result, kind in (({"id": "sent"}, "done"), (Failure(error), "failed")):
            self.rail.seen.clear()
            self.reply = Deferred()
            running = self.start()
            grant = self.grants[-1]
            grant.may_have_acted = True
            running.cancel()
            self.failureResultOf(running, CancelledError)
            self.assertEqual(self.kinds(), ["ambiguous"])
            grant.on_late_end(result)
            self.assertEqual(self.kinds(), ["ambiguous", kind])

    def test_when_it_has_ended(self) -> None:
        """It has ended with its answer; one that its caller left ends later."""
        self.start()
        self.reply.callback({"id": "sent"})
        self.assertEqual(self.ended, [{"id": "sent"}])
        self.reply = Deferred()
        running = self.start()
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.assertEqual(self.ended[1:], [None])
        self.reply = Deferred()
        running = self.start()
        self.grants[-1].goes_on = True
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.assertEqual(self.ended[2:], [])
        self.grants[-1].on_late_end({"id": "sent"})
        self.assertEqual(self.ended[2:], [{"id": "sent"}])
