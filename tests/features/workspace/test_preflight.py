"""The checks before a launch, each with what makes it fail."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.api.errors import Reason
from instantly_mcp.features.workspace.campaigns.sending_windows import (
    SendingWindow,
    next_opening,
    windows_of,
)
from instantly_mcp.features.workspace.preflight.check import Check, verdict
from instantly_mcp.features.workspace.preflight.variables import variables_in
from tests.features.feature_cases import FeatureTestCase
from tests.support.instantly import api_error

BODY = "Hi {{firstName}}, a question. Tell me if you want to unsubscribe."


def step(subject: str = "Hi", body: str = BODY) -> JsonObject:
    """Return a step with one variant."""
    return {"delay": 2, "variants": [{"subject": subject, "body": body}]}


def campaign(**changed: Any) -> JsonObject:
    """Return a campaign that is ready."""
    window = {
        "name": "W",
        "timing": {"from": "09:00", "to": "17:00"},
        "days": {str(day): True for day in range(1, 6)},
        "timezone": "America/Chicago",
    }
    ready = {
        "id": "c1",
        "name": "Spring",
        "status": 0,
        "email_list": ["a@example.com"],
        "daily_limit": 30,
        "open_tracking": False,
        "link_tracking": False,
        "stop_on_reply": True,
        "campaign_schedule": {"schedules": [window]},
        "sequences": [{"steps": [step(), step("", "Again?")]}],
    }
    return {**ready, **changed}


def account(email: str = "a@example.com", **changed: Any) -> JsonObject:
    """Return an account that can send well."""
    able = {"email": email, "status": 1, "daily_limit": 40, "stat_warmup_score": 95}
    return {**able, **changed}


def lead(**changed: Any) -> JsonObject:
    """Return a verified lead."""
    return {
        "email": "x@example.org",
        "first_name": "X",
        "verification_status": 1,
        **changed,
    }


class PreflightTests(FeatureTestCase):
    def setUp(self) -> None:
        """Let everything be ready."""
        super().setUp()
        self.ready()

    def ready(self, **changed: Any) -> None:
        """Script a campaign that is ready but for the changes."""
        self.instantly.answers("getCampaign", campaign(**changed))
        self.accounts(account())
        self.leads(lead())
        self.instantly.answers("getCampaignAnalytics", [{"leads_count": 250}])
        diagnosis = {"diagnostics": {"status": "campaign_draft"}}
        self.instantly.answers("getCampaignSendingStatus", diagnosis)

    def accounts(self, *accounts: JsonObject) -> None:
        """Script the workspace's accounts."""
        self.instantly.answers("listAccount", {"items": list(accounts)})

    def leads(self, *leads: JsonObject) -> None:
        """Script the campaign's leads."""
        self.instantly.answers("listLeads", {"items": list(leads)})

    def report(self) -> Any:
        """Return the preflight of the campaign."""
        return self.read("instantly://campaigns/c1/preflight")

    def found(self, name: str) -> Any:
        """Return one check."""
        checks = {each["check"]: each for each in self.report()["checks"]}
        return checks[name]

    def outcome(self, name: str) -> str:
        """Return the outcome of one check."""
        outcome: str = self.found(name)["outcome"]
        return outcome

    def test_ready(self) -> None:
        """When all checks pass the verdict is ready, after five calls."""
        got = self.report()
        self.assertEqual(got["verdict"], "ready", got["checks"])
        self.assertEqual(got["campaign"]["status"], "draft")
        self.assertEqual(
            sorted(self.instantly.ids),
            [
                "getCampaign",
                "getCampaignAnalytics",
                "getCampaignSendingStatus",
                "listAccount",
                "listLeads",
            ],
        )
        self.assertIn("clear yes", got["next"])

    def test_status(self) -> None:
        """A campaign that is running, completed or stopped is distinguished."""
        outcomes = {}
        for code in (0, 2, 1, 4, 3, -1, -99, 77):
            self.ready(status=code)
            outcomes[code] = self.outcome("status")
        self.assertEqual(
            outcomes,
            {
                0: "ok",
                2: "ok",
                1: "warn",
                4: "warn",
                3: "warn",
                -1: "warn",
                -99: "fail",
                77: "unknown",
            },
        )

    def test_no_senders(self) -> None:
        """Without senders nothing can be sent."""
        self.ready(email_list=[])
        self.assertEqual(self.outcome("senders"), "fail")
        self.assertEqual(self.report()["verdict"], "blocked")

    def test_senders_by_tag(self) -> None:
        """Senders that are chosen by tag are found by tag."""
        self.ready(email_list=[], email_tag_list=["t1", "t2"])
        self.assertEqual(self.outcome("senders"), "ok")
        asked = self.instantly.calls("listAccount")[-1]
        self.assertEqual(asked, {"tag_ids": "t1,t2", "limit": 100})

    def test_senders_by_address_and_tag(self) -> None:
        """Senders that are chosen in both ways are found, each once."""
        self.ready(email_list=["a@example.com"], email_tag_list=["t1"])
        named, tagged = account("a@example.com"), account("b@example.com")
        self.instantly.answers(
            "listAccount",
            lambda asked: {"items": [named, tagged] if "tag_ids" in asked else [named]},
        )
        self.assertIn("All 2 can send.", self.found("senders")["says"])

    def test_senders_that_cannot(self) -> None:
        """Broken and unknown senders are named; if none is able it is a failure."""
        self.ready(email_list=["A@example.com", "b@example.com", "c@example.com"])
        self.accounts(account(), account("b@example.com", status=-1))
        check = self.found("senders")
        self.assertEqual(check["outcome"], "warn")
        obstacles = check["facts"]["obstacles"]
        self.assertEqual(set(obstacles), {"b@example.com", "c@example.com"})
        self.accounts(account(status=2))
        self.assertEqual(self.outcome("senders"), "fail")

    def test_sender_health(self) -> None:
        """A low score and no score both need attention."""
        self.accounts(account(stat_warmup_score=79))
        facts = self.found("sender health")["facts"]
        self.assertEqual(facts, {"below_80": {"a@example.com": 79}})
        self.accounts(account(stat_warmup_score=None))
        self.assertEqual(self.outcome("sender health"), "warn")

    def test_tracking_domain(self) -> None:
        """Senders that track need a tracking domain."""
        self.ready(open_tracking=True)
        self.assertEqual(self.outcome("tracking domain"), "warn")
        self.accounts(account(tracking_domain_name="t.example.com"))
        self.assertEqual(self.outcome("tracking domain"), "ok")

    def test_volume(self) -> None:
        """The lower limit counts, and the number of days is computed."""
        facts = self.found("volume")["facts"]
        self.assertEqual(facts["mails_a_day"], 30)
        self.assertEqual(facts["days_for_first_mails"], 9)
        self.accounts(account(daily_limit=51))
        self.assertEqual(self.outcome("volume"), "warn")
        self.ready(daily_limit=0)
        self.assertEqual(self.outcome("volume"), "fail")
        self.ready(daily_limit=None)
        self.accounts(account(daily_limit=None))
        self.assertEqual(self.outcome("volume"), "unknown")

    def test_leads(self) -> None:
        """There must be leads, with addresses; a hundred are checked."""
        self.assertEqual(self.found("leads")["facts"]["leads"], 250)
        self.instantly.answers("getCampaignAnalytics", [])
        self.assertEqual(self.found("leads")["facts"]["leads"], 1)
        self.leads(lead(email=None))
        self.assertEqual(self.outcome("leads"), "warn")
        self.leads()
        self.assertEqual(self.outcome("leads"), "fail")
        more = {"items": [lead()] * 100, "next_starting_after": "x"}
        self.instantly.answers("listLeads", more)
        self.assertIn("More than 100", self.found("leads")["says"])

    def test_verification(self) -> None:
        """Invalid, risky and unverified leads need attention."""
        says = {-1: "invalid", -3: "risky", 11: "not verified", None: "not verified"}
        for status, word in says.items():
            self.leads(*[lead()] * 3, lead(verification_status=status))
            check = self.found("verification")
            self.assertEqual(check["outcome"], "warn", status)
            self.assertIn(word, check["says"])

    def test_variables(self) -> None:
        """A variable that no lead fills blocks, a gap warns, a fallback helps."""

        def copied(body: str) -> None:
            self.ready(sequences=[{"steps": [step("Hi", body)]}])

        copied("{{city}} {{accountSignature}} {{RANDOM | a | b}}")
        self.assertEqual(self.found("variables")["says"], "No lead has city.")
        self.leads(lead(payload={"city": "Rome"}), lead(payload={"city": " "}))
        self.assertEqual(self.found("variables")["facts"]["filled"]["city"], "1/2")
        self.assertEqual(self.outcome("variables"), "warn")
        copied("{{city|your town}}")
        self.assertEqual(self.outcome("variables"), "ok")
        copied("{{firstName}} {{companyName}}")
        self.assertEqual(self.outcome("variables"), "fail")

    def test_copy(self) -> None:
        """Missing copy blocks; what reads like spam needs attention."""
        missing: list[Any] = [[], [{"variants": []}], [step("Hi", " ")], [step("")]]
        for steps in missing:
            self.ready(sequences=[{"steps": steps}])
            self.assertEqual(self.outcome("copy"), "fail", steps)
        for odd in (
            step("A FREE GIFT"),
            step("x" * 61),
            step("Hi", "word " * 151),
            step("Hi", 'see <a href="https://example.com">this</a>'),
            step("Hi", '<img src="x">'),
            step("Hi", "Act now, it is risk-free"),
            step("Hi!", "Great! Really!"),
            step("Hi", "Dear {{firstName}, hello"),
        ):
            self.ready(sequences=[{"steps": [odd]}])
            check = self.found("copy")
            self.assertEqual(check["outcome"], "warn", odd)
            self.assertTrue(check["facts"]["findings"][0].startswith("step 1A: "))
        self.ready(sequences=[{"steps": [step(), step("New subject", "x")]}])
        self.assertIn("new thread", self.found("copy")["facts"]["findings"][0])

    def test_opting_out(self) -> None:
        """A header or a sentence is enough; with neither it needs attention."""
        self.assertEqual(self.outcome("opting out"), "ok")
        self.ready(sequences=[{"steps": [step("Hi", "Body")]}])
        self.assertEqual(self.outcome("opting out"), "warn")
        self.ready(
            sequences=[{"steps": [step("Hi", "Body")]}], insert_unsubscribe_header=True
        )
        self.assertEqual(self.outcome("opting out"), "ok")

    def test_schedule(self) -> None:
        """The next window is shown; a schedule in the past or without days blocks."""
        opening = self.found("schedule")["facts"]["next_window"]
        self.assertEqual(opening["utc"], "Thu 2026-01-15 15:00")
        self.assertEqual(opening["there"], "Thu 2026-01-15 09:00 (America/Chicago)")
        schedule = campaign()["campaign_schedule"]
        past: list[JsonObject] = [
            {},
            {"schedules": []},
            {"schedules": [{**schedule["schedules"][0], "days": {}}]},
            {**schedule, "end_date": "2026-01-14"},
            {**schedule, "start_date": "2026-01-17", "end_date": "2026-01-18"},
        ]
        for changed in past:
            self.ready(campaign_schedule=changed)
            self.assertEqual(self.outcome("schedule"), "fail", changed)
        for changed in ({"timezone": "Mars/Olympus"}, {"timing": {"from": "dawn"}}):
            odd = [{**schedule["schedules"][0], **changed}]
            self.ready(campaign_schedule={"schedules": odd})
            self.assertEqual(self.outcome("schedule"), "unknown")

    def test_last_day_in_the_zone_of_the_campaign(self) -> None:
        """While it is still the last day there, its last window counts."""
        schedule = campaign()["campaign_schedule"]
        late = {**schedule["schedules"][0], "timing": {"from": "09:00", "to": "23:00"}}
        self.ready(campaign_schedule={"schedules": [late], "end_date": "2026-01-15"})
        self.clock.advance(14 * 3600)
        self.assertEqual(self.outcome("schedule"), "ok")
        self.clock.advance(4 * 3600)
        self.assertEqual(self.outcome("schedule"), "fail")

    def test_replies(self) -> None:
        """Mailing people who replied needs attention."""
        self.ready(stop_on_reply=False)
        self.assertEqual(self.outcome("stop on reply"), "warn")

    def test_diagnosis(self) -> None:
        """Instantly's own diagnosis is shown if it asks for a repair, or is new."""
        for status in ("all_accounts_unhealthy", "something_new"):
            diagnosis = {"diagnostics": None, "summary": {"status": status}}
            self.instantly.answers("getCampaignSendingStatus", diagnosis)
            check = self.found("diagnosis")
            self.assertEqual(check["outcome"], "warn")
            self.assertEqual(check["facts"], {"status": status})
        for status in ("out_of_schedule", "daily_limit_met", "healthy"):
            diagnosis = {"diagnostics": {"status": status}, "summary": None}
            self.instantly.answers("getCampaignSendingStatus", diagnosis)
            names = [each["check"] for each in self.report()["checks"]]
            self.assertNotIn("diagnosis", names)

    def test_parts_that_fail(self) -> None:
        """What cannot be read is unknown, never ok."""
        for id in ("listAccount", "listLeads", "getCampaignSendingStatus"):
            self.instantly.answers(id, api_error(Reason.TIMEOUT, id))
        got = self.report()
        outcomes = {each["check"]: each["outcome"] for each in got["checks"]}
        for name in ("senders", "leads", "diagnosis"):
            self.assertEqual(outcomes[name], "unknown")
        self.assertEqual(set(got["unknown"]), {"senders", "leads", "sending"})
        self.assertEqual(got["verdict"], "needs attention")


class VerdictTests(SynchronousTestCase):
    def test_worst_wins(self) -> None:
        """One failure blocks, one warning needs attention."""
        ok, warn = Check("a", "ok", "s"), Check("b", "warn", "s")
        unknown, fail = Check("c", "unknown", "s"), Check("d", "fail", "s")
        self.assertEqual(verdict([ok, ok]), "ready")
        self.assertEqual(verdict([ok, warn]), "needs attention")
        self.assertEqual(verdict([ok, unknown]), "needs attention")
        self.assertEqual(verdict([warn, fail, ok]), "blocked")


class VariableTests(SynchronousTestCase):
    def test_found(self) -> None:
        """Names, fallbacks and spintax are distinguished."""
        copy = "{{ firstName }} {{city|there}} {{x|}} {{random|a|b}} {y} {{}} {{ }}"
        self.assertEqual(
            list(variables_in(copy)),
            [("firstName", False), ("city", True), ("x", False)],
        )

    def test_liquid(self) -> None:
        """What a tag assigns or tests needs no value; filters and literals neither."""
        for copy, expected in (
            ("{% if city %}in {{city}}{% endif %}", [("city", True)]),
            ("{% assign x = 'a' %}{{x}} {{y}}", [("x", True), ("y", False)]),
            ("{%- unless plan == 'a' -%}{{ plan }}{%- endunless -%}", [("plan", True)]),
            ("{{ city | upcase }}", [("city", True)]),
            ("{{ 'now' | date: '%A' }} {{ \"a\" }} {{ 5 }}", []),
            ("{% if %} {{city}}", [("city", False)]),
        ):
            self.assertEqual(list(variables_in(copy)), expected, copy)

    @given(st.text(alphabet="{}| aB%", max_size=60))
    def test_any_braces(self, copy: str) -> None:
        """No number of braces makes a name that contains braces."""
        for name, _ in variables_in(copy):
            self.assertEqual(name, name.strip(" {}|"))


class WindowTests(SynchronousTestCase):
    @given(
        st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
        st.sets(st.integers(0, 6), min_size=1),
        st.sampled_from(["America/Chicago", "Asia/Kolkata", "Pacific/Apia"]),
        st.integers(0, 22),
        st.integers(0, 20),
    )
    def test_opens(
        self, moment: datetime, days: set[int], zone: str, hour: int, ahead: int
    ) -> None:
        """It opens now or later, within its hours, on one of its days."""
        now = moment.replace(tzinfo=UTC)
        first = (now + timedelta(days=ahead - 10)).date()
        window = SendingWindow(
            name="W",
            zone=zone,
            start=time(hour),
            end=time(hour, 59),
            days=frozenset(days),
        )
        opening = window.opens_after(now, first)
        assert opening is not None
        self.assertGreaterEqual(opening, now)
        self.assertGreaterEqual(opening.date(), first)
        self.assertIn(opening.isoweekday() % 7, days)
        self.assertTrue(time(hour) <= opening.time() < time(hour, 59))

    def test_open_now(self) -> None:
        """A window that is open opens now."""
        now = datetime(2026, 1, 15, 12, tzinfo=UTC)
        window = SendingWindow(
            name="W", zone="UTC", start=time(9), end=time(17), days=frozenset({4})
        )
        self.assertEqual(window.opens_after(now, None), now.astimezone(ZoneInfo("UTC")))
        later = window.opens_after(now, date(2026, 1, 16))
        self.assertEqual(later, datetime(2026, 1, 22, 9, tzinfo=ZoneInfo("UTC")))

    def test_next_opening(self) -> None:
        """The first of all windows counts, between the first and the last day."""
        now = datetime(2026, 1, 15, 16, tzinfo=UTC)
        there = ZoneInfo("America/Chicago")
        self.assertEqual(next_opening(campaign(), now), now)
        self.assertEqual(
            next_opening(campaign(), now, another_day=True),
            datetime(2026, 1, 16, 9, tzinfo=there),
        )
        schedule = campaign()["campaign_schedule"]
        early = {**schedule["schedules"][0], "timezone": "Asia/Kolkata"}
        both = {"schedules": [schedule["schedules"][0], early]}
        self.assertEqual(
            next_opening(campaign(campaign_schedule=both), now, another_day=True),
            datetime(2026, 1, 16, 9, tzinfo=ZoneInfo("Asia/Kolkata")),
        )
        for dates, opening in (
            ({"start_date": "2026-01-20"}, datetime(2026, 1, 20, 9, tzinfo=there)),
            ({"end_date": "2026-01-14"}, None),
            ({"start_date": "9999-12-31"}, None),
        ):
            limited = campaign(campaign_schedule={**schedule, **dates})
            self.assertEqual(next_opening(limited, now), opening, dates)

    def test_shown_in_the_zone_that_was_asked_for(self) -> None:
        """The opening is shown in the zone that the window's name remembers."""
        window = {
            **campaign()["campaign_schedule"]["schedules"][0],
            "name": "Sending window (America/Los_Angeles)",
            "timezone": "America/Boise",
        }
        now = datetime(2026, 1, 15, 12, tzinfo=UTC)
        asked = campaign(campaign_schedule={"schedules": [window]})
        opening = next_opening(asked, now)
        assert opening is not None
        self.assertEqual(f"{opening:%H:%M %Z}", "08:00 PST")

    def test_odd_windows(self) -> None:
        """Malformed windows are left out."""
        odd = [
            None,
            {},
            {"timing": {"from": "9 o'clock", "to": "17:00"}, "days": {"1": True}},
            {"timing": {"from": "09:00"}, "days": {"1": True}},
            {"timing": {"from": "09:00", "to": "17:00"}, "days": {"Monday": True}},
        ]
        found = windows_of({"campaign_schedule": {"schedules": odd}})
        self.assertEqual(list(found), [])
