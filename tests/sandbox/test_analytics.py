"""The sandbox's numbers add up: with each other, the mails and the leads."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.sandbox.analytics import TimeRange, campaign_totals, daily_numbers
from instantly_mcp.sandbox.campaign_status import activate, draft, pause, start_leads
from instantly_mcp.sandbox.lead_factory import make_lead
from instantly_mcp.sandbox.records import Account, Campaign
from instantly_mcp.sandbox.workspaces import Sandbox
from instantly_mcp.sandbox.world import World

from .calls import LEAST_CAMPAIGN, SandboxTestCase

ALWAYS = TimeRange(start=None, end=None)
_DAILY = {
    "sent": "emails_sent_count",
    "new_leads_contacted": "new_leads_contacted_count",
    "opened": "open_count",
    "unique_opened": "open_count_unique",
    "clicks": "link_click_count",
    "unique_clicks": "link_click_count_unique",
    "replies": "reply_count",
    "unique_replies": "reply_count_unique",
    "replies_automatic": "reply_count_automatic",
    "unique_replies_automatic": "reply_count_automatic_unique",
    "opportunities": "total_opportunities",
}

acts = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(1, 200)),
        st.tuples(st.just("leads"), st.integers(1, 15)),
        st.tuples(st.just("pause"), st.just(0)),
        st.tuples(st.just("activate"), st.just(0)),
    ),
    max_size=12,
)


def sums_hold(test: SynchronousTestCase, world: World, campaign: Campaign) -> None:
    """Assert that the numbers of a campaign add up."""
    total = campaign_totals(world, campaign, ALWAYS, leads=True)
    by_day = daily_numbers([campaign], ALWAYS)
    for daily, name in _DAILY.items():
        test.assertEqual(sum(day[daily] for day in by_day), total[name], daily)
    mails = [m for m in world.emails.values() if m["campaign_id"] == campaign.id]
    kinds = Counter(mail["ue_type"] for mail in mails)
    test.assertEqual(total["emails_sent_count"], kinds[1])
    test.assertEqual(total["reply_count"], kinds[2])
    automatic = sum(mail["is_auto_reply"] for mail in mails)
    test.assertEqual(total["reply_count_automatic"], automatic)
    contacted = {mail["lead_id"] for mail in mails if mail["ue_type"] == 1}
    test.assertEqual(total["contacted_count"], len(contacted))
    leads = [lead.shown for lead in world.members(campaign.id).values()]
    for counter, name in (
        ("email_open_count", "open_count"),
        ("email_click_count", "link_click_count"),
        ("email_reply_count", "reply_count"),
    ):
        test.assertEqual(sum(lead[counter] for lead in leads), total[name])
    states = Counter(lead["status"] for lead in leads)
    test.assertEqual(total["leads_count"], sum(states.values()))
    test.assertEqual(total["bounced_count"], states[-1])


class SumTests(SynchronousTestCase):
    def test_seeded_world(self) -> None:
        """The numbers of the seeded campaigns are those of their mails and leads."""
        world = Sandbox(Clock()).workspace("sandbox").current_world()
        for campaign in world.campaigns.values():
            sums_hold(self, world, campaign)

    @settings(max_examples=40, deadline=None)
    @given(script=acts, seed=st.integers(0, 1000))
    def test_any_history(self, script: list[tuple[str, int]], seed: int) -> None:
        """Whatever a campaign goes through, its numbers add up."""
        world = World(seed=str(seed), now=1_793_610_000.0)
        shown: Any = {"email": "a@example.com", "first_name": "A", "status": 1}
        world.accounts["a@example.com"] = Account(shown)
        campaign = self.two_steps(world)
        number = 0
        for act, amount in script:
            if act == "pass":
                world.advance(world.now + amount * 3600)
            elif act == "leads":
                numbers = range(number, number + amount)
                number += amount
                emails = [f"p{each}@example.org" for each in numbers]
                leads = [
                    make_lead(world, {"email": email}, campaign=campaign)
                    for email in emails
                ]
                for lead in leads:
                    world.add_lead(lead)
                start_leads(world, campaign, leads)
            else:
                {"pause": pause, "activate": activate}[act](world, campaign)
            sums_hold(self, world, campaign)

    def two_steps(self, world: World) -> Campaign:
        """Draft a campaign that tracks everything and sends fast."""
        step = {"type": "email", "delay": 1, "variants": [{"subject": "", "body": ""}]}
        given = {
            **LEAST_CAMPAIGN,
            "sequences": [{"steps": [step, step]}],
            "email_list": ["a@example.com"],
            "email_gap": 5,
            "open_tracking": True,
            "link_tracking": True,
            "stop_on_reply": True,
        }
        return draft(world, given)


class AnalyticsTests(SandboxTestCase):
    def test_selection(self) -> None:
        """One id, several ids, none for all; unknown ids are left out."""
        path = "/campaigns/analytics"
        every = self.ok("GET", path)
        self.assertEqual(len(every), 4)
        ids = [each["campaign_id"] for each in every]
        self.assertEqual(self.ok("GET", path, id=ids[1]), [every[1]])
        self.assertEqual(self.ok("GET", path, ids=ids[:2]), every[:2])
        self.assertEqual(self.ok("GET", path, ids=["none"]), [])
        bare = self.ok("GET", path, exclude_total_leads_count="true")
        self.assertEqual({each["leads_count"] for each in bare}, {0})

    def test_ranges_split(self) -> None:
        """Two adjacent ranges sum to the whole."""
        whole = self.ok("GET", "/campaigns/analytics")
        before = self.ok(
            "GET", "/campaigns/analytics", end_date="2026-10-20T23:59:59.999Z"
        )
        after = self.ok("GET", "/campaigns/analytics", start_date="2026-10-21")
        for one, two, both in zip(before, after, whole, strict=True):
            for name in ("emails_sent_count", "open_count", "reply_count"):
                self.assertEqual(one[name] + two[name], both[name])
        self.assertGreater(before[0]["emails_sent_count"], 0)
        self.assertGreater(after[2]["emails_sent_count"], 0)

    def test_a_date_is_midnight(self) -> None:
        """A date alone is midnight UTC, so an end date leaves out its own day."""
        path = "/campaigns/analytics/daily"
        day = self.ok("GET", path)[-1]["date"]
        self.assertEqual(self.ok("GET", path, start_date=day, end_date=day), [])
        same = self.ok("GET", path, start_date=day, end_date=f"{day}T23:59:59Z")
        self.assertEqual([each["date"] for each in same], [day])

    def test_daily_selection(self) -> None:
        """Days of one campaign or of those in a status; the days of all are sums."""
        path = "/campaigns/analytics/daily"
        every = self.ok("GET", path)
        parts = [self.ok("GET", path, campaign_status=code) for code in (0, 1, 2, 3)]
        self.assertEqual(parts[0], [])
        self.assertEqual(
            sum(day["sent"] for day in every),
            sum(day["sent"] for part in parts for day in part),
        )
        active = self.ok("GET", "/campaigns", status=1)["items"][0]["id"]
        self.assertEqual(self.ok("GET", path, campaign_id=active), parts[1])
        dates = [day["date"] for day in every]
        self.assertEqual(dates, sorted(set(dates)))

    def test_refusals(self) -> None:
        """A text that is not a date is refused."""
        for path in ("/campaigns/analytics", "/campaigns/analytics/daily"):
            self.refused(400, "GET", path, start_date="last week")
