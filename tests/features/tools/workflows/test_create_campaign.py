"""create_campaign: copy, senders and schedule, then one draft."""

from __future__ import annotations

from typing import Any

from instantly_mcp._json_codec import dumps
from instantly_mcp.api.errors import Reason
from instantly_mcp.features.results import CallRefusedError
from instantly_mcp.features.workspace.campaigns.copy import formatted
from tests.features.cases import ToolTestCase
from tests.support.instantly import api_error

MADE = {"id": "c1", "name": "Spring", "status": 0, "sequences": [{"steps": []}]}


def account(email: str, **given: Any) -> dict[str, Any]:
    """Return a sending account that is able to send."""
    return {
        "email": email,
        "status": 1,
        "setup_pending": False,
        "warmup_status": 1,
        "stat_warmup_score": 90,
        "daily_limit": 30,
        "timestamp_created": "2026-01-01T00:00:00.000Z",
        **given,
    }


class CreateCampaignTests(ToolTestCase):
    def setUp(self) -> None:
        """Give the workspace one account that can send, and let creation succeed."""
        super().setUp()
        self.instantly.answers("listAccount", {"items": [account("ann@example.com")]})
        self.instantly.answers("createCampaign", MADE)

    def create(self, **given: Any) -> Any:
        """Create a campaign from the required arguments, and more."""
        least = {"name": "Spring", "subject": "Hello", "body": "Hi\n\nBye"}
        if "steps" in given:
            least = {"name": "Spring"}
        return self.value(
            "create_campaign", email_list=["ann@example.com"], **{**least, **given}
        )

    def sent(self) -> Any:
        """Return what was sent to create the campaign."""
        (arguments,) = self.instantly.calls("createCampaign")
        return arguments

    def test_the_shape_that_the_api_wants(self) -> None:
        """One schedule, one sequence, one step with one variant, and the settings."""
        self.create()
        self.assertEqual(
            self.sent(),
            {
                "name": "Spring",
                "campaign_schedule": {
                    "schedules": [
                        {
                            "name": "Sending window",
                            "timing": {"from": "09:00", "to": "17:00"},
                            "days": {
                                "0": False,
                                "1": True,
                                "2": True,
                                "3": True,
                                "4": True,
                                "5": True,
                                "6": False,
                            },
                            "timezone": "America/Chicago",
                        }
                    ]
                },
                "sequences": [
                    {
                        "steps": [
                            {
                                "type": "email",
                                "delay": 0,
                                "delay_unit": "days",
                                "variants": [
                                    {"subject": "Hello", "body": "<p>Hi</p><p>Bye</p>"}
                                ],
                            }
                        ]
                    }
                ],
                "email_list": ["ann@example.com"],
                "daily_limit": 30,
                "email_gap": 10,
                "open_tracking": False,
                "link_tracking": False,
                "stop_on_reply": True,
                "stop_on_auto_reply": True,
            },
        )

    def test_times_without_a_zero(self) -> None:
        """A time such as 9:00 is sent with two digits; others are refused."""
        self.create(timing_from="9:00", timing_to="17:30")
        (schedule,) = self.sent()["campaign_schedule"]["schedules"]
        self.assertEqual(schedule["timing"], {"from": "09:00", "to": "17:30"})
        for wrong in ("9", "9am", "24:00", "9:60", "009:00"):
            given = {"name": "Spring", "timing_from": wrong}
            self.assertFalse(self.allows("create_campaign", given), wrong)

    def test_the_result_says_what_was_assumed(self) -> None:
        """The defaults and the mapped time zone are in the result."""
        made = self.create(daily_limit=50, timezone="America/New_York")
        self.assertEqual(made["stage"], "created")
        self.assertEqual(
            made["campaign"],
            {"id": "c1", "name": "Spring", "status": 0, "status_label": "draft"},
        )
        self.assertEqual(made["timezone"]["used"], "America/Detroit")
        self.assertNotIn("daily_limit", made["defaults_applied"])
        self.assertNotIn("timezone", made["defaults_applied"])
        self.assertEqual(made["defaults_applied"]["track_opens"], False)
        self.assertIn("activate_campaign", made["next"])

    def test_tracking_and_other_settings(self) -> None:
        """What is given is sent under the API's names."""
        self.create(
            track_opens=True,
            track_clicks=True,
            text_only=True,
            email_gap=5,
            days=["saturday", "sunday"],
            start_date="2026-02-01",
            end_date="2026-03-01",
        )
        sent = self.sent()
        self.assertTrue(sent["open_tracking"])
        self.assertTrue(sent["link_tracking"])
        self.assertTrue(sent["text_only"])
        self.assertEqual(sent["email_gap"], 5)
        schedule = sent["campaign_schedule"]
        self.assertEqual(schedule["start_date"], "2026-02-01")
        self.assertEqual(schedule["end_date"], "2026-03-01")
        days = schedule["schedules"][0]["days"]
        self.assertEqual([day for day in days if days[day]], ["0", "6"])

    def test_steps_variants_and_waits(self) -> None:
        """Each step's wait becomes the delay of the step before it."""
        self.create(
            steps=[
                {
                    "subject": "One",
                    "body": "A",
                    "variants": [{"subject": "Uno", "body": "B"}],
                },
                {"body": "C", "wait": 2},
                {"subject": "", "body": "D", "wait": 4, "wait_unit": "hours"},
                {"body": "E"},
            ]
        )
        steps = self.sent()["sequences"][0]["steps"]
        self.assertEqual(
            [(step["delay"], step["delay_unit"]) for step in steps],
            [(2, "days"), (4, "hours"), (3, "days"), (0, "days")],
        )
        self.assertEqual(
            steps[0]["variants"],
            [
                {"subject": "One", "body": "<p>A</p>"},
                {"subject": "Uno", "body": "<p>B</p>"},
            ],
        )
        self.assertEqual(steps[1]["variants"], [{"subject": "", "body": "<p>C</p>"}])

    def test_copy_that_is_missing(self) -> None:
        """No copy, an empty step, or a first mail without subject: nothing happens."""
        for given in (
            {"name": "x"},
            {"name": "x", "subject": "s", "body": " \n"},
            {"name": "x", "subject": " ", "body": "b"},
            {"name": "x", "steps": [{"subject": "s", "body": "b"}, {"body": ""}]},
        ):
            error = self.failure("create_campaign", **given)
            self.assertEqual(error["code"], "missing_copy", given)
        self.assertEqual(self.instantly.executed, [])

    def test_copy_with_placeholders(self) -> None:
        """What stands for an image in a campaign that was read is never mailed."""
        for text in ("Hi [image]", "[hidden text removed]", "x… [12 characters cut]"):
            steps = [{"subject": "Hi", "body": "Hello"}, {"body": text}]
            error = self.failure("create_campaign", name="T", steps=steps)
            self.assertEqual(error["code"], "placeholder_in_copy")
            self.assertIn("Step 2", error["message"])
            error = self.failure("update_campaign", campaign_id="c", steps=steps)
            self.assertEqual(error["code"], "placeholder_in_copy")
            sequences = [{"steps": [{"variants": [{"subject": "", "body": text}]}]}]
            self.assertRaises(CallRefusedError, formatted, sequences)
        self.assertEqual(self.instantly.calls("createCampaign"), [])
        self.assertEqual(self.instantly.calls("patchCampaign"), [])

    def test_two_versions_of_the_copy(self) -> None:
        """Steps together with subject and body are refused."""
        error = self.failure(
            "create_campaign",
            name="x",
            subject="s",
            body="b",
            steps=[{"subject": "s", "body": "b"}],
        )
        self.assertEqual(error["code"], "bad_argument")

    def test_dry_run(self) -> None:
        """A preview shows what would be created, and creates nothing."""
        shown = self.create(dry_run=True)
        self.assertEqual(shown["stage"], "preview")
        self.assertEqual(shown["would_create"]["name"], "Spring")
        self.assertEqual(self.instantly.calls("createCampaign"), [])

    def test_dry_run_checks(self) -> None:
        """A preview has the checks of copy, senders and schedule, and the variables."""
        shown = self.create(dry_run=True, body="Hi {{firstName}} of {{city}}")
        found = {each["check"]: each["outcome"] for each in shown["checks"]}
        self.assertLessEqual({"senders", "copy", "schedule", "volume"}, set(found))
        self.assertEqual(found["senders"], "ok")
        self.assertEqual(shown["variables_in_steps"], {"firstName": [1], "city": [1]})
        self.assertEqual(shown["verdict"], "needs attention")
        over = self.create(dry_run=True, end_date="2026-01-14")
        self.assertEqual(over["verdict"], "blocked")
        self.assertIn("activate_campaign", over["note"])

    def test_senders_by_tag(self) -> None:
        """Tags choose the senders; at least one of theirs must be able to send."""
        given = {
            "name": "x",
            "subject": "s",
            "body": "b",
            "email_tag_list": ["t1", "t2"],
        }
        made = self.value("create_campaign", **given)
        self.assertEqual(made["senders"], 1)
        self.assertEqual(
            self.instantly.calls("listAccount"), [{"tag_ids": "t1,t2", "limit": 100}]
        )
        self.assertEqual(self.sent()["email_tag_list"], ["t1", "t2"])
        self.assertNotIn("email_list", self.sent())
        self.instantly.answers("listAccount", {"items": []})
        error = self.failure("create_campaign", **given)
        self.assertEqual(error["code"], "no_senders")

    def test_rare_settings(self) -> None:
        """What is not listed is taken as well, and sent as it is."""
        rare = {
            "daily_max_leads": 5,
            "stop_for_company": True,
            "cc_list": ["cc@example.com"],
            "bcc_list": ["bcc@example.com"],
            "pl_value": 100,
            "insert_unsubscribe_header": True,
        }
        self.create(**rare)
        self.assertLessEqual(rare.items(), self.sent().items())

    def test_copies_are_addresses(self) -> None:
        """A bcc that hides a second address is refused before anything is sent."""
        error = self.failure(
            "create_campaign",
            name="x",
            subject="s",
            body="b",
            bcc_list=["a@example.com, b@example.net"],
        )
        self.assertIn("bcc_list", error["message"])
        self.assertEqual(self.instantly.executed, [])

    def test_the_form_of_the_api(self) -> None:
        """Schedule and sequences of the API are taken in place of the arguments."""
        window = {
            "name": "w",
            "timing": {"from": "09:00", "to": "17:00"},
            "days": {"1": True},
            "timezone": "America/Los_Angeles",
        }
        step = {
            "type": "email",
            "delay": 0,
            "variants": [{"subject": "s", "body": "b"}],
        }
        made = self.value(
            "create_campaign",
            name="x",
            email_list=["ann@example.com"],
            campaign_schedule={"schedules": [window]},
            sequences=[{"steps": [step]}],
        )
        sent = self.sent()
        self.assertEqual(
            sent["campaign_schedule"]["schedules"][0]["timezone"], "America/Boise"
        )
        variant = sent["sequences"][0]["steps"][0]["variants"][0]
        self.assertEqual(variant["body"], "<p>b</p>")
        self.assertEqual(made["steps"], 1)
        self.assertNotIn("timing_from", made["defaults_applied"])

    def test_choosing_senders(self) -> None:
        """Without senders it returns those that can send, highest score first."""
        self.instantly.answers(
            "listAccount",
            {
                "items": [
                    account("low@example.com", stat_warmup_score=10),
                    account("top@example.com", stat_warmup_score=99),
                    account("off@example.com", status=2),
                ]
            },
        )
        choice = self.value("create_campaign", name="x", subject="s", body="b")
        self.assertEqual(choice["stage"], "account_selection_required")
        found = [each["email"] for each in choice["eligible_accounts"]]
        self.assertEqual(found, ["top@example.com", "low@example.com"])
        self.assertEqual(choice["other_accounts"], 1)
        self.assertEqual(self.instantly.calls("createCampaign"), [])

    def test_no_senders_at_all(self) -> None:
        """If no account can send, the error says why, for each account."""
        self.instantly.answers(
            "listAccount", {"items": [account("off@example.com", status=-1)]}
        )
        error = self.failure("create_campaign", name="x", subject="s", body="b")
        self.assertEqual(error["code"], "no_senders")
        self.assertEqual(
            error["obstacles"], {"off@example.com": "its status is connection_error"}
        )

    def test_senders_that_cannot_be_used(self) -> None:
        """Addresses that are not accounts, or cannot send, are listed."""
        self.instantly.answers(
            "listAccount",
            {
                "items": [
                    account("ann@example.com"),
                    account("new@example.com", setup_pending=True),
                ]
            },
        )
        given = {"name": "x", "subject": "s", "body": "b"}
        error = self.failure(
            "create_campaign", email_list=["ghost@example.com"], **given
        )
        self.assertEqual(error["code"], "unknown_sender")
        self.assertEqual(error["unknown"], ["ghost@example.com"])
        error = self.failure("create_campaign", email_list=["new@example.com"], **given)
        self.assertEqual(
            error["obstacles"], {"new@example.com": "its setup is not finished"}
        )

    def test_senders_are_spelled_as_the_workspace_does(self) -> None:
        """Case and repetition do not matter."""
        self.value(
            "create_campaign",
            name="x",
            subject="s",
            body="b",
            email_list=["ANN@example.com", "ann@Example.com"],
        )
        self.assertEqual(self.sent()["email_list"], ["ann@example.com"])

    def test_the_search_for_senders_stops_early(self) -> None:
        """No further page is read once all senders are found."""
        self.instantly.answers(
            "listAccount",
            {"items": [account("ann@example.com")], "next_starting_after": "t&ann"},
        )
        self.create()
        self.assertEqual(len(self.instantly.calls("listAccount")), 1)

    def test_a_list_that_repeats_its_cursor(self) -> None:
        """Reading stops when Instantly repeats a cursor."""
        self.instantly.answers(
            "listAccount",
            {"items": [account("ann@example.com")], "next_starting_after": "same"},
        )
        self.value("create_campaign", name="x", subject="s", body="b")
        self.assertEqual(len(self.instantly.calls("listAccount")), 2)

    def test_a_long_subject_is_only_remarked(self) -> None:
        """Long subjects are allowed, with a remark."""
        made = self.create(subject="s" * 60)
        self.assertEqual(len(made["remarks"]), 1)
        self.assertIn("60 characters", made["remarks"][0])

    def test_an_unknown_zone_stops_everything(self) -> None:
        """The schedule is checked before anything is read or written."""
        error = self.failure(
            "create_campaign", name="x", subject="s", body="b", timezone="Mars/Base"
        )
        self.assertEqual(error["code"], "unknown_timezone")
        self.assertEqual(self.instantly.executed, [])

    def test_creation_fails(self) -> None:
        """A refusal by the API is a failure of the tool."""
        self.instantly.answers(
            "createCampaign",
            api_error(Reason.INVALID_REQUEST, "createCampaign", status=400),
        )
        error = self.failure(
            "create_campaign",
            name="x",
            subject="s",
            body="b",
            email_list=["ann@example.com"],
        )
        self.assertEqual(error["code"], "invalid_request")


class CampaignReadingTests(ToolTestCase):
    def test_lists_leave_the_copy_out(self) -> None:
        """A list says how many steps and senders there are, not what they are."""
        self.instantly.answers(
            "listCampaign",
            {
                "items": [
                    {
                        **MADE,
                        "sequences": [{"steps": [{}, {}]}],
                        "email_list": ["a@example.com"],
                    }
                ],
                "next_starting_after": "c1",
            },
        )
        got = self.value("list_campaigns")
        (item,) = got["items"]
        self.assertEqual(item["steps"], 2)
        self.assertEqual(item["senders"], 1)
        self.assertNotIn("sequences", item)
        self.assertEqual(self.cursor(got), "c1")
        self.assertEqual(self.instantly.calls("listCampaign"), [{"limit": 25}])

    def test_pausing(self) -> None:
        """The result is the campaign's new state, in a few words."""
        self.instantly.answers("pauseCampaign", {**MADE, "status": 2})
        got = self.value("pause_campaign", campaign_id="c1")
        self.assertEqual(got["campaign"]["status_label"], "paused")
        self.assertLess(len(dumps(got)), 200)
