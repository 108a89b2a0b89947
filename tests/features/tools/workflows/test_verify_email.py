"""verify_email: spend one credit, then poll."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from instantly_mcp.api.errors import Reason
from instantly_mcp.protocol.primitives.tool import ToolResult
from tests.features.cases import ToolTestCase
from tests.support.instantly import api_error

ADDRESS = "who@example.com"
PENDING = {"email": ADDRESS, "status": "success", "verification_status": "pending"}
VERIFIED = {
    "email": ADDRESS,
    "status": "success",
    "verification_status": "verified",
    "catch_all": False,
    "credits": 99,
    "credits_used": 1,
}


class VerifyEmailTests(ToolTestCase):
    def verify(self, **given: Any) -> Deferred[ToolResult]:
        """Start a verification."""
        return self.starting("verify_email", email=ADDRESS, **given)

    def test_at_once(self) -> None:
        """An answer in the first reply needs no polling."""
        self.instantly.answers("createEmailVerification", VERIFIED)
        got = self.value("verify_email", email=f" {ADDRESS} ")
        self.assertEqual(
            got,
            {
                "email": ADDRESS,
                "verification_status": "verified",
                "finished": True,
                "credit_spent_by_this_call": True,
                "status": "success",
                "catch_all": False,
                "credits": 99,
                "credits_used": 1,
            },
        )
        self.assertEqual(self.instantly.ids, ["createEmailVerification"])

    def test_backs_off(self) -> None:
        """The status is read after 2, 3, 5, 8, 8 … seconds; one credit is spent."""
        self.instantly.answers("createEmailVerification", PENDING)
        self.instantly.answers(
            "checkVerificationStatus", PENDING, PENDING, PENDING, PENDING, VERIFIED
        )
        running = self.verify()
        looks = []
        for _ in range(26):
            self.clock.advance(1)
            looks.append(len(self.instantly.calls("checkVerificationStatus")))
        changes = [
            second
            for second, before, after in zip(
                range(1, 27), [0, *looks], looks, strict=False
            )
            if after > before
        ]
        self.assertEqual(changes, [2, 5, 10, 18, 26])
        result = self.successResultOf(running)
        self.assertTrue(result.structured["finished"])
        self.assertEqual(len(self.instantly.calls("createEmailVerification")), 1)
        self.assertEqual(
            self.instantly.calls("checkVerificationStatus")[0], {"email": ADDRESS}
        )
        self.assertEqual(self.progress(), [2, 5, 10, 18, 26])

    def test_gives_up_within_45_seconds(self) -> None:
        """Still pending is a result, which says how to read it again for free."""
        self.instantly.answers("createEmailVerification", PENDING)
        self.instantly.answers("checkVerificationStatus", PENDING)
        running = self.verify()
        self.clock.pump([1] * 45)
        result = self.successResultOf(running)
        self.assertFalse(result.is_error)
        self.assertFalse(result.structured["finished"])
        self.assertIn("check_only", result.structured["next"])

    def test_no_waiting(self) -> None:
        """With no time to wait the first reply is the answer."""
        self.instantly.answers("createEmailVerification", PENDING)
        result = self.successResultOf(self.verify(max_wait_seconds=0))
        self.assertEqual(result.structured["verification_status"], "pending")

    def test_check_only(self) -> None:
        """check_only spends no credit."""
        self.instantly.answers("checkVerificationStatus", VERIFIED)
        got = self.value("verify_email", email=ADDRESS, check_only=True)
        self.assertEqual(self.instantly.ids, ["checkVerificationStatus"])
        self.assertFalse(got["credit_spent_by_this_call"])

    def test_a_read_that_fails_for_a_while(self) -> None:
        """A failed read does not end the wait for a verification."""
        self.instantly.answers("createEmailVerification", PENDING)
        self.instantly.answers(
            "checkVerificationStatus",
            api_error(Reason.NOT_FOUND, "checkVerificationStatus", status=404),
            api_error(Reason.UNREACHABLE, "checkVerificationStatus"),
            VERIFIED,
        )
        running = self.verify()
        self.clock.pump([2, 3, 5])
        got = self.successResultOf(running).structured
        self.assertEqual(got["verification_status"], "verified")
        self.assertNotIn("last_look_failed", got)

    def test_a_read_that_cannot_succeed(self) -> None:
        """A rejected key ends the polling; the result is pending and says why."""
        self.instantly.answers("createEmailVerification", PENDING)
        self.instantly.answers(
            "checkVerificationStatus",
            api_error(Reason.SCOPE_MISSING, "checkVerificationStatus", status=403),
        )
        running = self.verify()
        self.clock.advance(2)
        result = self.successResultOf(running)
        self.assertFalse(result.is_error)
        self.assertEqual(result.structured["last_look_failed"]["code"], "scope_missing")

    def test_an_unknown_outcome_is_not_paid_for_twice(self) -> None:
        """When a credit may have been spent, the hint is to check first."""
        start = "createEmailVerification"
        for failed in (
            api_error(Reason.OUTCOME_UNKNOWN, start),
            api_error(Reason.TIMEOUT, start),
            api_error(Reason.UNEXPECTED_REPLY, start),
            api_error(Reason.UPSTREAM_FAILED, start, status=502),
        ):
            self.instantly.answers(start, failed)
            error = self.failure("verify_email", email=ADDRESS)
            self.assertEqual(error["code"], failed.reason.value)
            self.assertIn("check_only", error["hint"])
            self.assertIn("may have been spent", error["hint"])

    def test_cancelling_stops_the_waiting(self) -> None:
        """A cancelled call leaves no timer behind."""
        self.instantly.answers("createEmailVerification", PENDING)
        running = self.verify()
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.assertEqual(self.clock.getDelayedCalls(), [])
