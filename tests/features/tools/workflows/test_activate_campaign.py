"""activate_campaign: what prevents a start, and what is only said."""

from __future__ import annotations

from typing import Any

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.api.errors import Reason
from instantly_mcp.features.tools.workflows.preflight_guard import CHECKING_SECONDS
from tests.features.cases import ToolTestCase
from tests.features.workspace.test_preflight import account, campaign, lead, step
from tests.support.instantly import api_error


def with_copy(body: str) -> JsonObject:
    """Return the changed member of a campaign whose only mail says so."""
    return {"sequences": [{"steps": [step("Hi", body)]}]}


class ActivateCase(ToolTestCase):
    """Scripts a campaign that is ready."""

    def setUp(self) -> None:
        """Let everything be ready."""
        super().setUp()
        self.ready()
        self.instantly.answers(
            "activateCampaign", {"id": "c1", "name": "Spring", "status": 1}
        )

    def ready(self, **changed: Any) -> None:
        """Script a campaign that is ready but for the changes."""
        self.instantly.answers("getCampaign", campaign(**changed))
        self.instantly.answers("listAccount", {"items": [account()]})
        self.instantly.answers("listLeads", {"items": [lead()]})
        self.instantly.answers("getCampaignAnalytics", [{"leads_count": 250}])

    def refused(self, **arguments: Any) -> Any:
        """Return the error of a start that must not have happened."""
        error = self.failure("activate_campaign", campaign_id="c1", **arguments)
        self.assertEqual(self.instantly.calls("activateCampaign"), [])
        return error

    def causes(self) -> list[str]:
        """Return the names of the failed checks of a refused start."""
        error = self.refused()
        self.assertEqual(error["code"], "preflight_failed")
        self.assertTrue(all(each["fix"] for each in error["failed"]), error)
        self.assertTrue(error["hint"])
        return [each["check"] for each in error["failed"]]


class ActivateCampaignTests(ActivateCase):
    def test_ready(self) -> None:
        """A campaign that is ready starts after four reads; the result says so."""
        got = self.value("activate_campaign", campaign_id="c1")
        self.assertEqual(
            got,
            {
                "campaign": {
                    "id": "c1",
                    "name": "Spring",
                    "status": 1,
                    "status_label": "active",
                },
                "leads": 250,
                "senders": 1,
                "mails_a_day": 30,
                "sends_from": "Thu 2026-01-15 09:00 (America/Chicago)",
            },
        )
        reads = ["getCampaign", "listLeads", "getCampaignAnalytics", "listAccount"]
        self.assertEqual(self.instantly.ids, [*reads, "activateCampaign"])

    def test_misspelled_variable(self) -> None:
        """The copy's variable, the one that was meant and all others are named."""
        self.ready(**with_copy("Hi {{frist_name}}"))
        lead_with_city = lead(payload={"city": "Bern"}, company_name="X & Co")
        self.instantly.answers("listLeads", {"items": [lead_with_city]})
        error = self.refused()
        self.assertEqual(error["code"], "preflight_failed")
        self.assertIn("No lead has frist_name.", error["message"])
        self.assertIn("Did you mean firstName?", error["message"])
        self.assertIn("update_campaign", error["hint"])
        (failed,) = error["failed"]
        self.assertEqual(
            failed["facts"],
            {
                "filled": {"frist_name": "0/1"},
                "leads_have": {
                    "firstName": 1,
                    "companyName": 1,
                    "email": 1,
                    "city": 1,
                },
                "used_in_steps": {"frist_name": [1]},
            },
        )

    def test_case_of_a_variable(self) -> None:
        """Instantly compares names exactly, so another case is another variable."""
        self.ready(**with_copy("Hi {{FirstName}}"))
        self.assertIn("Did you mean firstName?", self.refused()["message"])

    def test_each_cause(self) -> None:
        """Leads, senders, window, copy, volume and a suspended account prevent it."""
        window = campaign()["campaign_schedule"]["schedules"][0]
        for changed, cause in (
            ({"email_list": []}, "senders"),
            ({"campaign_schedule": {"schedules": []}}, "schedule"),
            (
                {"campaign_schedule": {"schedules": [{**window, "days": {}}]}},
                "schedule",
            ),
            ({"sequences": []}, "copy"),
            (with_copy(" "), "copy"),
            ({"daily_limit": 0}, "volume"),
            ({"status": -99}, "status"),
        ):
            self.ready(**changed)
            self.assertEqual(self.causes(), [cause], changed)
        self.ready()
        self.instantly.answers("listLeads", {"items": []})
        self.instantly.answers("getCampaignAnalytics", [])
        self.assertEqual(self.causes(), ["leads"])
        self.ready()
        self.instantly.answers("listAccount", {"items": [account(status=-1)]})
        self.assertEqual(self.causes(), ["senders"])

    def test_several_causes(self) -> None:
        """All causes are named at once, each with its next step."""
        self.ready(email_list=[], **with_copy("{{x}}"))
        self.assertEqual(self.causes(), ["senders", "variables"])
        hint = self.refused()["hint"]
        self.assertIn("email_list", hint)
        self.assertIn("fallback", hint)

    def test_dry_run(self) -> None:
        """It reports all checks, passed or failed, and starts nothing."""
        for body, verdict in (("Hi {{x}}", "blocked"), ("Hi", "needs attention")):
            self.ready(**with_copy(body))
            got = self.value("activate_campaign", campaign_id="c1", dry_run=True)
            self.assertEqual(got["stage"], "dry_run")
            self.assertEqual(got["verdict"], verdict)
            checks = {each["check"] for each in got["checks"]}
            self.assertLessEqual({"senders", "leads", "copy", "schedule"}, checks)
        self.assertEqual(self.instantly.calls("activateCampaign"), [])

    def test_resuming(self) -> None:
        """Paused, completed, and stopped for bounces or bad accounts: all resume."""
        for code in (2, 3, -1, -2):
            self.ready(status=code)
            self.instantly.answers("listLeads", {"items": [lead(status=3)]})
            self.value("activate_campaign", campaign_id="c1")
        self.assertEqual(len(self.instantly.calls("activateCampaign")), 4)

    def test_warnings(self) -> None:
        """What needs attention starts, and is said."""
        self.ready(stop_on_reply=False)
        got = self.value("activate_campaign", campaign_id="c1")
        (warning,) = got["warnings"]
        self.assertTrue(warning.startswith("stop on reply: "), warning)

    def test_a_part_that_cannot_be_read_now(self) -> None:
        """A failure that passes prevents the start: call again in a minute."""
        for id, what in (("listLeads", "leads"), ("listAccount", "sending accounts")):
            for reason in (Reason.TIMEOUT, Reason.UPSTREAM_FAILED, Reason.RATE_LIMITED):
                self.ready()
                self.instantly.answers(id, api_error(reason, id))
                error = self.refused()
                self.assertEqual(error["code"], "preflight_incomplete")
                self.assertIn(what, error["message"])
                self.assertEqual(len(error["unknown"]), 1)

    def test_a_part_that_may_never_be_read(self) -> None:
        """A key without the scope can start; the result says what was not checked."""
        self.instantly.answers(
            "listLeads", api_error(Reason.SCOPE_MISSING, "listLeads", scopes=("x",))
        )
        got = self.value("activate_campaign", campaign_id="c1")
        self.assertEqual(got["campaign"]["status_label"], "active")
        self.assertIn("leads: The leads could not be read.", got["warnings"])
        self.assertIn("leads not checked: It did not work.", got["warnings"])
        self.ready(email_list=[])
        self.instantly.answers(
            "listLeads", api_error(Reason.SCOPE_MISSING, "listLeads", scopes=("x",))
        )
        error = self.failure("activate_campaign", campaign_id="c1")
        self.assertEqual(error["code"], "preflight_failed")

    def test_numbers_that_cannot_be_read(self) -> None:
        """The totals are not a check: without them it starts."""
        self.instantly.answers(
            "getCampaignAnalytics", api_error(Reason.TIMEOUT, "getCampaignAnalytics")
        )
        got = self.value("activate_campaign", campaign_id="c1")
        self.assertEqual(got["leads"], 1)

    def test_the_campaign_cannot_be_read(self) -> None:
        """Without the campaign nothing can be checked, so nothing starts."""
        for reason in (Reason.NOT_FOUND, Reason.SCOPE_MISSING, Reason.TIMEOUT):
            self.instantly.answers("getCampaign", api_error(reason, "getCampaign"))
            self.assertEqual(self.refused()["code"], reason.value)

    def test_time_remains_for_the_start(self) -> None:
        """The reads get a part of the call's time only."""
        self.assertLess(CHECKING_SECONDS, 50)
        self.value("activate_campaign", campaign_id="c1")
        *reads, start = [each.until for each in self.instantly.executed]
        self.assertEqual(set(reads), {self.clock.seconds() + CHECKING_SECONDS})
        assert start is not None
        self.assertGreater(start, self.clock.seconds() + CHECKING_SECONDS)

    def test_variables_beyond_the_sample(self) -> None:
        """A name that the campaign knows may be filled in leads beyond the sample."""
        more = {"items": [lead()] * 100, "next_starting_after": "x"}
        self.ready(custom_variables={"city": ""}, **with_copy("{{city}}"))
        self.instantly.answers("listLeads", more)
        got = self.value("activate_campaign", campaign_id="c1")
        self.assertIn("variables: Some leads lack city.", got["warnings"])
        self.ready(custom_variables={"city": ""}, **with_copy("{{ctiy}}"))
        self.instantly.answers("listLeads", more)
        error = self.failure("activate_campaign", campaign_id="c1")
        self.assertEqual(error["code"], "preflight_failed")

    def test_senders_beyond_the_accounts_read(self) -> None:
        """In a large workspace a sender that was not found is not called broken."""
        pages = [
            {"items": [account(f"{n}@example.com")], "next_starting_after": f"t{n}"}
            for n in range(11)
        ]
        self.instantly.answers("listAccount", *pages)
        got = self.value("activate_campaign", campaign_id="c1")
        self.assertEqual(len(self.instantly.calls("listAccount")), 10)
        self.assertTrue(got["warnings"][0].startswith("senders: "), got["warnings"])

    def test_reading_accounts_ends_with_the_last_sender(self) -> None:
        """No further page is read once all senders are found."""
        self.instantly.answers(
            "listAccount", {"items": [account()], "next_starting_after": "t"}
        )
        self.value("activate_campaign", campaign_id="c1")
        self.assertEqual(len(self.instantly.calls("listAccount")), 1)


class WarnOnlyTests(ActivateCase):
    """Checks that the operator has downgraded."""

    warn_only = ("variables", "leads")

    def test_only_these_warn(self) -> None:
        """A downgraded check that fails is a warning; the others prevent a start."""
        self.ready(**with_copy("{{x}}"))
        got = self.value("activate_campaign", campaign_id="c1")
        self.assertIn("variables: No lead has x.", got["warnings"])
        checked = self.value("activate_campaign", campaign_id="c1", dry_run=True)
        self.assertEqual(checked["verdict"], "needs attention")
        self.ready(email_list=[], **with_copy("{{x}}"))
        error = self.failure("activate_campaign", campaign_id="c1")
        self.assertEqual([each["check"] for each in error["failed"]], ["senders"])
