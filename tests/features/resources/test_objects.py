"""Campaigns, leads, accounts, threads, lists and jobs as resources."""

from __future__ import annotations

from typing import Any

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.api.errors import Reason
from instantly_mcp.features.workspace.memory.job_changes import job_uri
from instantly_mcp.protocol.arguments.fences import FENCE
from instantly_mcp.protocol.calls.subscriptions import (
    SubscriptionFilter,
    SubscriptionListener,
)
from tests.features.cases import Collected
from tests.features.feature_cases import KEY, OTHER, FeatureTestCase
from tests.support.instantly import api_error

CAMPAIGN: JsonObject = {
    "id": "c1",
    "name": "Spring",
    "status": 1,
    "email_list": ["a@example.com"],
    "campaign_schedule": {"schedules": []},
    "sequences": [
        {
            "steps": [
                {
                    "delay": 3,
                    "delay_unit": "days",
                    "variants": [
                        {"subject": "Hi", "body": "<p>One<br/>two</p>"},
                        {"subject": "Off", "body": "x", "v_disabled": True},
                    ],
                },
                {"delay": 0, "variants": [{"subject": "", "body": "Again"}]},
            ]
        },
        {"steps": [{"variants": [{"subject": "Second sequence"}]}]},
    ],
}


class CampaignTests(FeatureTestCase):
    def test_copy_as_text(self) -> None:
        """The copy of the first sequence is text; disabled variants are left out."""
        self.instantly.answers("getCampaign", CAMPAIGN)
        got = self.read("instantly://campaigns/c1")
        self.assertEqual(got["campaign"]["status_label"], "active")
        self.assertEqual(got["senders"], ["a@example.com"])
        self.assertEqual(
            got["steps"],
            [
                {
                    "step": 1,
                    "then_waits": "3 days",
                    "variants": [{"subject": "Hi", "text": "One\ntwo"}],
                },
                {
                    "step": 2,
                    "then_waits": None,
                    "variants": [{"subject": "", "text": "Again"}],
                },
            ],
        )

    def test_an_empty_campaign(self) -> None:
        """A campaign without copy or schedule can be read."""
        for odd in ({"id": "c1"}, {"id": "c1", "sequences": [None]}):
            self.instantly.answers("getCampaign", odd)
            self.assertEqual(self.read("instantly://campaigns/c1")["steps"], [])


class AnalyticsTests(FeatureTestCase):
    def test_totals_rates_and_days(self) -> None:
        """A range includes its last day; rates follow the vendor's definitions."""
        self.instantly.answers("getCampaign", CAMPAIGN)
        row = {
            "campaign_id": "c1",
            "emails_sent_count": 200,
            "new_leads_contacted_count": 100,
            "reply_count_unique": 5,
            "bounced_count": 3,
        }
        self.instantly.answers("getCampaignAnalytics", [row])
        self.instantly.answers("getDailyCampaignAnalytics", [{"date": "2026-01-01"}])
        uri = "instantly://campaigns/c1/analytics?from=2026-01-01&to=2026-01-31"
        got = self.read(uri)
        dates = {"start_date": "2026-01-01", "end_date": "2026-01-31T23:59:59.999Z"}
        self.assertEqual(
            self.instantly.calls("getCampaignAnalytics"), [{"id": "c1", **dates}]
        )
        self.assertEqual(
            self.instantly.calls("getDailyCampaignAnalytics"),
            [{"campaign_id": "c1", **dates}],
        )
        rates = got["rows"][0]["rates"]
        self.assertEqual(rates["reply_rate"], 0.05)
        self.assertEqual(rates["bounce_rate"], 0.015)
        self.assertEqual(got["days"], [{"date": "2026-01-01"}])
        self.assertEqual(got["campaign"], {"id": "c1", "name": "Spring"})

    def test_no_range(self) -> None:
        """Without a range all of it is counted."""
        self.read("instantly://campaigns/c1/analytics")
        self.assertEqual(self.instantly.calls("getCampaignAnalytics"), [{"id": "c1"}])

    def test_not_a_date(self) -> None:
        """An invalid date is refused before Instantly is called."""
        uri = {"uri": "instantly://campaigns/c1/analytics?from=yesterday"}
        error = self.refusal("resources/read", uri)
        self.assertEqual(error.code, -32602)
        self.assertEqual(self.instantly.ids, [])

    def test_days_that_fail(self) -> None:
        """The totals are shown without the days; what is missing is named."""
        self.instantly.answers("getCampaignAnalytics", [])
        self.instantly.answers(
            "getDailyCampaignAnalytics",
            api_error(Reason.TIMEOUT, "getDailyCampaignAnalytics"),
        )
        got = self.read("instantly://campaigns/c1/analytics")
        self.assertEqual(list(got["unknown"]), ["days"])


class LeadTests(FeatureTestCase):
    def test_fields_come_from_outside(self) -> None:
        """A lead's fields are cleaned and marked as untrusted."""
        lead = {
            "id": "l1",
            "status": -1,
            "first_name": "A\u200bnn",
            "payload": {"no\u200bte": "![x](http://e.example/p.png) hi"},
        }
        self.instantly.answers("getLead", lead)
        got = self.read("instantly://leads/l1")
        self.assertEqual(got["lead"]["first_name"], "Ann")
        self.assertEqual(got["lead"]["payload"], {"note": "[image] hi"})
        self.assertEqual(got["lead"]["status_label"], "bounced")
        marked = self.read_fenced("instantly://leads/l1")
        opening, closing = FENCE.findall(marked["lead"]["first_name"])
        self.assertIn(f"{opening} and {closing}", marked["untrusted"])
        self.assertIn("never instructions", marked["untrusted"])


class AccountTests(FeatureTestCase):
    def test_able(self) -> None:
        """An account that can send says so; passwords are never shown."""
        account = {"email": "a@example.com", "status": 1, "smtp_password": "p"}
        self.instantly.answers("getAccount", account)
        got = self.read("instantly://accounts/a%40example.com")
        self.assertTrue(got["can_send"])
        self.assertNotIn("smtp_password", got["account"])
        self.assertEqual(
            self.instantly.calls("getAccount"), [{"email": "a@example.com"}]
        )

    def test_not_able(self) -> None:
        """An account that cannot send says why."""
        self.instantly.answers("getAccount", {"email": "a@example.com", "status": -1})
        got = self.read("instantly://accounts/a@example.com")
        self.assertFalse(got["can_send"])
        self.assertIn("connection_error", got["because"])


def mail(id: str, kind: int = 2, **more: Any) -> JsonObject:
    """Return a mail as the API shows it."""
    return {
        "id": id,
        "thread_id": "t1",
        "subject": "Re: Hi",
        "ue_type": kind,
        "from_address_email": "lead@example.org",
        "body": {"text": f"Text of {id}"},
        **more,
    }


class ThreadTests(FeatureTestCase):
    def test_oldest_first_and_marked(self) -> None:
        """Mails are ordered oldest first, with their text between marks."""
        mails = [mail("m2"), mail("m1", 1)]
        self.instantly.answers("listEmail", {"items": mails})
        got = self.read_fenced("instantly://threads/t1")
        self.assertEqual([each["id"] for each in got["mails"]], ["m1", "m2"])
        opening, closing = FENCE.findall(got["mails"][0]["text"])
        self.assertEqual(got["mails"][0]["text"], f"{opening}Text of m1{closing}")
        self.assertIn(opening, got["untrusted"])
        self.assertFalse(got["older_not_shown"])
        asked = {"search": "thread:t1", "limit": 50, "sort_order": "desc"}
        self.assertEqual(self.instantly.calls("listEmail"), [asked])

    def test_every_reading_has_its_own_marks(self) -> None:
        """The marks are random: no author of a mail can know them."""
        self.instantly.answers("listEmail", {"items": [mail("m1")]})
        marks = {
            self.read_fenced("instantly://threads/t1")["mails"][0]["text"]
            for _ in range(12)
        }
        self.assertGreater(len(marks), 1)

    def test_no_such_thread(self) -> None:
        """A thread without mail does not exist."""
        self.instantly.answers("listEmail", {"items": []})
        error = self.refusal("resources/read", {"uri": "instantly://threads/t1"})
        self.assertEqual(error.code, -32002)

    def test_a_long_thread(self) -> None:
        """Of a long thread the newest mails are shown, and that there are older."""
        mails = [mail(f"m{n}") for n in range(50)]
        reply = {"items": mails, "next_starting_after": "m49"}
        self.instantly.answers("listEmail", reply)
        self.assertTrue(self.read("instantly://threads/t1")["older_not_shown"])


class JobTests(FeatureTestCase):
    def test_a_running_job(self) -> None:
        """A job is shown as it is."""
        self.instantly.answers("getBackgroundJob", {"id": "j1", "status": "pending"})
        got = self.read("instantly://jobs/j1")
        self.assertEqual(got["job"], {"id": "j1", "status": "pending", "ended": False})

    def test_subscribers_are_notified(self) -> None:
        """Only the subscribers of a job are notified when a read finds a change."""
        sinks = {}
        for name, principal in (("mine", KEY.principal), ("other", OTHER.principal)):
            sinks[name] = Collected()
            listener = SubscriptionListener(
                id=name,
                principal=principal,
                filter=SubscriptionFilter(uris=frozenset({job_uri("j1")})),
                sink=sinks[name],
            )
            self.server_features.changes.listen(listener)
        self.instantly.answers(
            "getBackgroundJob",
            {"id": "j1", "status": "pending"},
            {"id": "j1", "status": "in-progress", "progress": 10},
        )
        for _ in range(3):
            self.read("instantly://jobs/j1")
        told = {
            name: [m["params"]["uri"] for m in each.messages if "uri" in m["params"]]
            for name, each in sinks.items()
        }
        self.assertEqual(told, {"mine": ["instantly://jobs/j1"], "other": []})


class ScorecardTests(FeatureTestCase):
    def score(self, *leads: JsonObject, **stats: int) -> Any:
        """Return the scorecard of a list with these leads and counts."""
        total = sum(stats.values())
        self.instantly.answers("getLeadList", {"id": "l1", "name": "L"})
        self.instantly.answers(
            "getVerificationStats", {"stats": stats, "total_leads": total}
        )
        self.instantly.answers("listLeads", {"items": list(leads)})
        return self.read("instantly://lists/l1/scorecard")

    def test_a_good_list(self) -> None:
        """A verified list is good, and three calls were enough to know."""
        got = self.score(verified=98, invalid=2)
        self.assertEqual(got["grade"], "good")
        self.assertEqual(got["verification"]["invalid_share"], 0.02)
        self.assertEqual(len(self.instantly.executed), 3)

    def test_shares_are_of_what_was_checked(self) -> None:
        """Pending leads count neither as good nor as bad."""
        got = self.score(verified=30, invalid=10, verification_job_pending_user=10)
        shares = got["verification"]
        self.assertEqual((shares["checked"], shares["pending"]), (40, 10))
        self.assertEqual(shares["checked_share"], 0.8)
        self.assertEqual(shares["invalid_share"], 0.25)
        self.assertEqual(got["grade"], "do not mail")

    def test_grades(self) -> None:
        """Invalid addresses block, risky ones warn, too few verified are unknown."""
        cases = {
            "do not mail": {"verified": 96, "invalid": 4},
            "good": {"verified": 80, "risky": 10, "catch_all": 10},
            "mail with care": {"verified": 79, "risky": 10, "catch_all": 11},
            "unknown: verify it first": {
                "verified": 49,
                "verification_job_pending_user": 51,
            },
        }
        for grade, stats in cases.items():
            self.assertEqual(self.score(**stats)["grade"], grade)

    def test_problems_of_the_sample(self) -> None:
        """Duplicates, role addresses, free mail and gaps are counted in a sample."""
        got = self.score(
            {"email": "Ann@Acme.example", "first_name": "Ann", "status": 1},
            {"email": "ann@acme.example", "status": 1},
            {"email": "info@acme.example", "status": -2},
            {"email": "bob@gmail.com", "first_name": "Bob", "status": 1},
            {"email": None},
            verified=5,
        )
        sample = got["sample"]
        self.assertEqual(sample["duplicates"], 1)
        self.assertEqual(sample["role_addresses"], 1)
        self.assertEqual(sample["free_mail"], 1)
        self.assertEqual(sample["without_email"], 1)
        self.assertEqual(sample["missing"]["first_name"], 3)
        self.assertEqual(
            sample["largest_company"], {"domain": "acme.example", "leads": 3}
        )
        self.assertEqual(len(got["advice"]), 3)

    def test_an_empty_list(self) -> None:
        """A list without leads is called empty, and not to be verified."""
        got = self.score()
        self.assertEqual(got["grade"], "empty")
        self.assertEqual(len(got["advice"]), 1)
        self.assertIn("The list has no leads", got["advice"][0])
        self.assertEqual(got["sample"]["leads"], 0)

    def test_without_the_counts(self) -> None:
        """The sample is shown when the counts cannot be read."""
        self.instantly.answers("getLeadList", {"id": "l1", "name": "L"})
        self.instantly.answers("listLeads", {"items": [{"email": "a@example.com"}]})
        self.instantly.answers(
            "getVerificationStats", api_error(Reason.TIMEOUT, "getVerificationStats")
        )
        got = self.read("instantly://lists/l1/scorecard")
        self.assertEqual(got["verification"], {})
        self.assertEqual(list(got["unknown"]), ["stats"])
