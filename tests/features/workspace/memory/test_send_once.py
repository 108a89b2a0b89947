"""Idempotent sending: equal requests for a reply send one mail."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred, succeed
from zope.interface import implementer

from instantly_mcp._credential import Credential, Secret
from instantly_mcp._json_codec import Json
from instantly_mcp.access.act import Act, Ending
from instantly_mcp.access.interfaces import IRail
from instantly_mcp.access.rails.passing import Rails
from instantly_mcp.api.errors import Reason
from instantly_mcp.protocol.calls.call import Call, Caller
from instantly_mcp.protocol.primitives.tool import ToolResult
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.features.cases import ToolTestCase
from tests.support.instantly import api_error

MAIL = {"id": "m", "eaccount": "ann@example.com", "from_address_email": "x@y.org"}
REPLY: dict[str, Any] = {
    "reply_to_uuid": "m",
    "subject": "Re: hello",
    "body": {"text": "Yes"},
}


@implementer(IRail)
class _Endless:
    """A rail that no act ever passes."""

    name = "endless"

    def before(self, act: Act) -> Deferred[None]:
        """Wait."""
        return Deferred()

    def after(self, act: Act, ending: Ending) -> Deferred[None]:
        """Note nothing."""
        return succeed(None)


class SendOnceTests(ToolTestCase):
    def setUp(self) -> None:
        """Let there be a mail, and let replying succeed."""
        super().setUp()
        self.instantly.answers("getEmail", MAIL)
        self.instantly.answers("replyToEmail", {"id": "sent-1"})

    def sent(self) -> int:
        """Return how many mails were sent."""
        return len(self.instantly.calls("replyToEmail"))

    def test_repeated_calls(self) -> None:
        """Twenty calls for the same reply send it once and return the same result."""
        got = [self.value("reply_to_email", **REPLY) for _ in range(20)]
        self.assertEqual(self.sent(), 1)
        self.assertEqual({each["id"] for each in got}, {"sent-1"})
        self.assertNotIn("note", got[0])
        self.assertIn("not sent again", got[1]["note"])

    def test_concurrent_calls(self) -> None:
        """Calls that arrive while the mail is being sent wait for its result."""
        pending: Deferred[Json] = Deferred()
        self.instantly.answers("replyToEmail", pending)
        calls = [self.starting("reply_to_email", **REPLY) for _ in range(5)]
        for each in calls:
            self.assertNoResult(each)
        pending.callback({"id": "sent-1"})
        for each in calls:
            self.assertFalse(self.successResultOf(each).is_error)
        self.assertEqual(self.sent(), 1)

    def test_outcome_unknown(self) -> None:
        """A mail that may have been sent is not sent again; the hint is to check."""
        unknown = api_error(Reason.OUTCOME_UNKNOWN, "replyToEmail")
        self.instantly.answers("replyToEmail", unknown, {"id": "sent-2"})
        for _ in range(3):
            error = self.failure("reply_to_email", **REPLY)
            self.assertEqual(error["code"], "outcome_unknown")
            self.assertIn("list_emails", error["hint"])
        self.assertEqual(self.sent(), 1)

    def test_caller_left(self) -> None:
        """After a caller left while its mail was being sent, no second one is sent."""
        self.instantly.answers("replyToEmail", Deferred(), {"id": "sent-2"})
        first = self.starting("reply_to_email", **REPLY)
        first.cancel()
        self.failureResultOf(first, CancelledError)
        error = self.failure("reply_to_email", **REPLY)
        self.assertEqual(error["code"], "outcome_unknown")
        self.assertEqual(self.sent(), 1)

    def test_caller_left_before(self) -> None:
        """A mail whose caller left while it passed the rails is sent later."""
        guard: Any = self.context.guard
        guard.rails = Rails([_Endless()])
        first = self.starting("reply_to_email", **REPLY)
        first.cancel()
        self.failureResultOf(first, CancelledError)
        guard.rails = Rails()
        self.assertEqual(self.sent(), 0)
        self.assertEqual(self.value("reply_to_email", **REPLY)["id"], "sent-1")
        self.assertEqual(self.sent(), 1)

    def test_what_was_refused_may_be_tried_again(self) -> None:
        """A call that certainly sent nothing can be repeated."""
        refused = api_error(Reason.RATE_LIMITED, "replyToEmail", status=429)
        resting = api_error(Reason.UPSTREAM_FAILED, "replyToEmail")
        self.instantly.answers("replyToEmail", refused, resting, {"id": "sent-2"})
        for code in ("rate_limited", "upstream_failed"):
            self.assertEqual(self.failure("reply_to_email", **REPLY)["code"], code)
        self.assertEqual(self.value("reply_to_email", **REPLY)["id"], "sent-2")

    def test_another_text_is_another_mail(self) -> None:
        """A reply with another text is sent."""
        self.value("reply_to_email", **REPLY)
        self.value("reply_to_email", **{**REPLY, "body": {"text": "Yes!"}})
        self.assertEqual(self.sent(), 2)

    def test_another_caller_is_another_mail(self) -> None:
        """A caller never gets the result of another caller's call."""
        self.value("reply_to_email", **REPLY)
        other = Credential(secret=Secret("another-key"), source="test")
        caller = Caller(revision=V2025_11_25, credential=other)
        running = self.tool("reply_to_email").run(REPLY, Call(caller=caller))
        result: ToolResult = self.successResultOf(running)
        self.assertFalse(result.is_error)
        self.assertEqual(self.sent(), 2)

    def test_after_a_while(self) -> None:
        """After ten minutes the same reply is sent again."""
        self.value("reply_to_email", **REPLY)
        self.clock.advance(601)
        self.value("reply_to_email", **REPLY)
        self.assertEqual(self.sent(), 2)
