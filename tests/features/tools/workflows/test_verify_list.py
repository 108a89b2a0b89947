"""A whole list is verified as one job, once its price was agreed to."""

from __future__ import annotations

from typing import Any

from instantly_mcp.api.errors import Reason
from tests.features.cases import ToolTestCase
from tests.features.era_cases import ERAS, EraTestCase
from tests.support.instantly import api_error

LIST = "00000000-0000-7000-8000-000000000001"
START = "createSuperSearchEnrichment"
STATUS = "getEnrichmentForResource"


def stats(total: int, **counts: int) -> dict[str, Any]:
    """Return the counts of a list; ``pending`` is short for the user's job."""
    if "pending" in counts:
        counts["verification_job_pending_user"] = counts.pop("pending")
    return {"stats": counts, "total_leads": total}


def job(in_progress: bool, **payload: bool) -> dict[str, Any]:
    """Return the status of a list's enrichment."""
    payload = payload or {"email_verification": True}
    return {
        "resource_id": LIST,
        "in_progress": in_progress,
        "enrichment_payload": payload,
    }


class VerifyListTests(ToolTestCase):
    def setUp(self) -> None:
        """Describe a list of 40 leads, 30 of them not verified, and 100 credits."""
        super().setUp()
        self.instantly.answers("getLeadList", {"id": LIST, "name": "Partners"})
        self.instantly.answers("getVerificationStats", stats(40, verified=8, invalid=2))
        self.instantly.answers(STATUS, api_error(Reason.NOT_FOUND, STATUS, status=404))
        self.credits(100)
        self.instantly.answers(START, {"id": "e"})

    def credits(self, left: int) -> None:
        """Set the credits that are left."""
        credits = {"available_credits": left}
        self.instantly.answers(
            "getWorkspacePlanDetails", {"subscriptions": {"credits": credits}}
        )

    @property
    def started(self) -> list[Any]:
        """What was started, which costs credits."""
        return self.instantly.calls(START) + self.instantly.calls(
            "createEmailVerification"
        )

    def test_the_price_first(self) -> None:
        """The first call says what the rest of the list costs, and starts nothing."""
        got = self.value("verify_email", list_id=LIST)
        self.assertEqual(got["list"], {"id": LIST, "name": "Partners"})
        self.assertEqual((got["not_verified"], got["credits_at_most"]), (30, 30))
        self.assertEqual(got["credits_left"], 100)
        self.assertEqual(got["results"], {"verified": 8, "invalid": 2})
        self.assertIn("agreed_credits 30", got["next"])
        self.assertEqual(self.started, [])

    def test_only_the_agreed_price(self) -> None:
        """Another price, or too few credits, starts nothing."""
        error = self.failure("verify_email", list_id=LIST, agreed_credits=29)
        self.assertEqual(error["code"], "price_changed")
        self.assertEqual(error["credits_at_most"], 30)
        self.credits(29)
        error = self.failure("verify_email", list_id=LIST, agreed_credits=30)
        self.assertEqual(
            (error["code"], error["credits_left"]), ("not_enough_credits", 29)
        )
        self.assertIn("too few", self.value("verify_email", list_id=LIST)["next"])
        self.assertEqual(self.started, [])

    def test_not_known_whether_one_runs(self) -> None:
        """Nothing is started while it is not known whether a verification runs."""
        self.instantly.answers(STATUS, api_error(Reason.TIMEOUT, STATUS))
        for agreed in ({}, {"agreed_credits": 30}):
            self.failure("verify_email", list_id=LIST, **agreed)
        self.instantly.answers(STATUS, api_error(Reason.SCOPE_MISSING, STATUS))
        self.failure("verify_email", list_id=LIST, agreed_credits=30)
        got = self.value("verify_email", list_id=LIST)
        self.assertEqual(got["credits_at_most"], 30)
        self.assertEqual(self.started, [])

    def test_runs_and_is_followed(self) -> None:
        """The price limits the job; the counts are read until none is pending."""
        self.instantly.answers(
            "getVerificationStats",
            stats(40, verified=8, invalid=2),
            stats(40, verified=8, invalid=2, pending=30),
            api_error(Reason.TIMEOUT, "getVerificationStats"),
            stats(40, verified=30, invalid=8, risky=2),
        )
        running = self.starting("verify_email", list_id=LIST, agreed_credits=30)
        self.clock.pump([2, 3])
        self.assertNoResult(running)
        self.clock.advance(5)
        got = self.successResultOf(running).structured
        self.assertTrue(got["finished"] and got["started"])
        self.assertEqual(got["results"], {"verified": 30, "invalid": 8, "risky": 2})
        self.assertEqual(
            self.started,
            [{"resource_id": LIST, "type": "email_verification", "limit": 30}],
        )
        values = self.progress()
        self.assertEqual(values, sorted(set(values)))
        self.assertNotIn("last_look_failed", got)

    def test_not_ended_in_time(self) -> None:
        """After 45 seconds the result says how to see the progress for free."""
        self.instantly.answers("getVerificationStats", stats(40), stats(40, pending=40))
        running = self.starting("verify_email", list_id=LIST, agreed_credits=40)
        self.clock.pump([1] * 45)
        got = self.successResultOf(running).structured
        self.assertFalse(got["finished"])
        self.assertEqual(got["pending"], 40)
        self.assertIn("costs nothing", got["next"])
        again = self.value("verify_email", list_id=LIST, agreed_credits=40)
        self.assertIn("costs nothing", again["next"])
        self.assertEqual(len(self.started), 1)

    def test_never_paid_for_twice(self) -> None:
        """While a verification runs, or may run, no other is started."""
        self.instantly.answers(STATUS, job(True))
        got = self.value("verify_email", list_id=LIST, agreed_credits=30)
        self.assertFalse(got["finished"])
        self.assertEqual(self.started, [])
        self.instantly.answers(STATUS, job(True, technologies=True))
        self.instantly.answers(START, api_error(Reason.OUTCOME_UNKNOWN, START))
        error = self.failure("verify_email", list_id=LIST, agreed_credits=30)
        self.assertIn("may have started", error["hint"])
        self.assertNotIn("call again", error["hint"].lower())
        self.assertEqual(len(self.started), 1)

    def test_two_calls_at_once(self) -> None:
        """A second start within a minute is refused, even if no job is visible yet."""
        running = self.starting("verify_email", list_id=LIST, agreed_credits=30)
        got = self.value("verify_email", list_id=LIST, agreed_credits=30)
        self.assertFalse(got["finished"])
        self.assertEqual(len(self.started), 1)
        running.cancel()
        self.failureResultOf(running)
        self.clock.advance(60)
        again = self.starting("verify_email", list_id=LIST, agreed_credits=30)
        self.assertEqual(len(self.started), 2)
        again.cancel()
        self.failureResultOf(again)

    def test_a_start_that_was_refused(self) -> None:
        """A start without effect can be repeated."""
        self.instantly.answers(
            START, api_error(Reason.PLAN_REQUIRED, START, status=402), {"id": "e"}
        )
        error = self.failure("verify_email", list_id=LIST, agreed_credits=30)
        self.assertEqual(error["code"], "plan_required")
        again = self.starting("verify_email", list_id=LIST, agreed_credits=30)
        self.assertEqual(len(self.started), 2)
        again.cancel()
        self.failureResultOf(again)

    def test_a_job_that_shows_late(self) -> None:
        """The counts of the first minute do not mean that the job has ended."""
        before, after = stats(40, verified=10), stats(40, verified=40)
        self.instantly.answers("getVerificationStats", *[before] * 4, after)
        running = self.starting("verify_email", list_id=LIST, agreed_credits=30)
        self.clock.pump([2, 3, 5])
        self.assertNoResult(running)
        self.clock.advance(8)
        self.assertTrue(self.successResultOf(running).structured["finished"])

    def test_a_very_long_list(self) -> None:
        """One job verifies at most 50,000 addresses, and costs no more."""
        self.credits(90_000)
        self.instantly.answers("getVerificationStats", stats(80_000))
        got = self.value("verify_email", list_id=LIST)
        self.assertEqual(
            (got["not_verified"], got["credits_at_most"]), (80_000, 50_000)
        )

    def test_all_verified(self) -> None:
        """A list without unverified leads costs nothing."""
        self.instantly.answers("getVerificationStats", stats(3, verified=3))
        got = self.value("verify_email", list_id=LIST, agreed_credits=3)
        self.assertTrue(got["finished"])
        self.assertEqual(self.started, [])

    def test_unknown_credits(self) -> None:
        """Without the scope for billing the price is said without what is left."""
        refused = api_error(Reason.SCOPE_MISSING, "getWorkspacePlanDetails", status=403)
        self.instantly.answers("getWorkspacePlanDetails", refused)
        got = self.value("verify_email", list_id=LIST)
        self.assertNotIn("credits_left", got)
        self.assertEqual(got["credits_at_most"], 30)

    def test_unreadable_counts(self) -> None:
        """Without the counts there is no price, so nothing can be agreed to."""
        failed = api_error(Reason.TIMEOUT, "getVerificationStats")
        self.instantly.answers("getVerificationStats", failed)
        error = self.failure("verify_email", list_id=LIST, agreed_credits=30)
        self.assertEqual(error["code"], "timeout")
        self.assertEqual(self.started, [])

    def test_one_or_the_other(self) -> None:
        """An address or a list; only a list has a price; check_only starts nothing."""
        for given in (
            {},
            {"email": "a@example.com", "list_id": LIST},
            {"email": "a@example.com", "agreed_credits": 1},
            {"email": "mailto:a@example.com"},
        ):
            self.failure("verify_email", **given)
        self.value("verify_email", list_id=LIST, agreed_credits=30, check_only=True)
        self.assertEqual(self.started, [])


class SandboxListTests(EraTestCase):
    def test_price_then_job(self) -> None:
        """The list of a bulk add is verified for the price that was named, once."""
        for version in ERAS:
            self.start_server()
            list_id = self.value(version, "create_lead_list", name="New")["id"]
            leads = [{"email": f"p{n}@example.com"} for n in range(30)]
            self.value(
                version,
                "add_leads_to_campaign_or_list_bulk",
                list_id=list_id,
                leads=[*leads, {"first_name": "No address"}],
            )
            quote = self.value(version, "verify_email", list_id="new")
            self.assertEqual(quote["credits_at_most"], 31)
            before = quote["credits_left"]
            given = {"list_id": list_id, "agreed_credits": 31}
            done = self.value(version, "verify_email", **given)
            self.assertTrue(done["finished"], done)
            self.assertEqual(sum(done["results"].values()), 30)
            again = self.value(version, "verify_email", list_id=list_id)
            self.assertEqual(before - again["credits_left"], 30)
            self.assertEqual(again["not_verified"], 1)
