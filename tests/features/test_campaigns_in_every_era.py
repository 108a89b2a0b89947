"""Campaigns on the simulated Instantly, in every era: old arguments, preflight."""

from __future__ import annotations

from typing import Any

from tests.features.era_cases import ERAS, EraTestCase

LOS_ANGELES = {"asked": "America/Los_Angeles", "used": "America/Boise"}


class CampaignCase(EraTestCase):
    """Makes campaigns."""

    version = ERAS[0]

    def made(self, body: str = "Hi {{firstName}}", **given: Any) -> str:
        """Create a draft with one sender, and return its id."""
        copy = {"name": "Spring", "subject": "Hello", "body": body}
        choice = self.value(self.version, "create_campaign", **copy)
        sender = choice["eligible_accounts"][0]["email"]
        made = self.value(
            self.version, "create_campaign", **copy, email_list=[sender], **given
        )
        id: str = made["campaign"]["id"]
        return id

    def fill(self, id: str, **lead: Any) -> None:
        """Add a lead to the campaign."""
        self.value(
            self.version,
            "create_lead",
            campaign=id,
            email="ann@example.org",
            **{"first_name": "Ann", **lead},
        )

    def status(self, id: str) -> str:
        """Return the status of a campaign."""
        found = self.value(self.version, "get_campaign", campaign_id=id)
        word: str = found["status_label"]
        return word


class OldArgumentTests(CampaignCase):
    """Arguments of earlier servers, and of create_campaign in an update."""

    def test_steps_without_copy(self) -> None:
        """A number of steps without their copy is answered with how to write them."""
        for version in ERAS:
            error = self.failure(
                version,
                "create_campaign",
                name="n",
                subject="s",
                body="b",
                sequence_steps=3,
                step_delay_days=3,
            )
            self.assertEqual(error["code"], "bad_argument")
            self.assertIn("Give steps", error["hint"])

    def test_steps_with_copy(self) -> None:
        """With the copy of each mail they are taken."""
        for self.version in ERAS:
            id = self.made(
                body="A",
                sequence_bodies=["A", "B"],
                sequence_steps="2",
                step_delay_days=4,
                open_tracking=True,
            )
            found = self.value(self.version, "get_campaign", campaign_id=id)
            steps = found["sequences"][0]["steps"]
            self.assertEqual([step["delay"] for step in steps], [4, 0])
            self.assertEqual(steps[1]["variants"][0]["body"], "<p>B</p>")
            self.assertIs(found["open_tracking"], True)

    def test_other_names(self) -> None:
        """A name without a certain meaning is answered with the one to use."""
        for version in ERAS:
            for name, meant in (
                ("message", "body"),
                ("emails", "steps"),
                ("from_email", "email_list"),
            ):
                given = {"name": "n", "subject": "s", name: "x"}
                error = self.failure(version, "create_campaign", **given)
                self.assertIn(f"Did you mean {meant}?", error["message"])
                self.assertIn("email_list", error["hint"])
                self.assertNotIn("sequence_bodies", error["hint"])

    def test_hours_of_an_existing_campaign(self) -> None:
        """The hours change, the days stay, and the result says how they are placed."""
        for self.version in ERAS:
            id = self.made(days=["monday", "friday"], end_date="2027-01-01")
            made = self.value(
                self.version,
                "update_campaign",
                campaign_id=id,
                timing_from="10:00",
                timing_to="16:00",
                timezone="America/Los_Angeles",
            )
            self.assertLessEqual(LOS_ANGELES.items(), made["timezone"].items())
            found = self.value(self.version, "get_campaign", campaign_id=id)
            schedule = found["campaign_schedule"]
            (window,) = schedule["schedules"]
            self.assertEqual(window["timing"], {"from": "11:00", "to": "17:00"})
            days = [day for day, on in window["days"].items() if on]
            self.assertEqual(days, ["1", "5"])
            self.assertEqual(schedule["end_date"], "2027-01-01")

    def test_the_same_thing_twice(self) -> None:
        """A setting under its old and new name, with different values, is refused."""
        for self.version in ERAS:
            id = self.made()
            error = self.failure(
                self.version,
                "update_campaign",
                campaign_id=id,
                track_opens=True,
                open_tracking=False,
            )
            self.assertIn("open_tracking", error["message"])


class PreflightTests(CampaignCase):
    """The checks before a start."""

    def test_misspelled_variable(self) -> None:
        """The variable and those that the leads have are named; nothing starts."""
        for self.version in ERAS:
            id = self.made("Hi {{frist_name}}")
            self.fill(id, custom_variables={"city": "Bern"})
            error = self.failure(self.version, "activate_campaign", campaign_id=id)
            self.assertEqual(error["code"], "preflight_failed")
            self.assertIn("No lead has frist_name.", error["message"])
            self.assertIn("Did you mean firstName?", error["message"])
            self.assertIn("{{firstName|there}}", error["hint"])
            (failed,) = error["failed"]
            self.assertLessEqual(
                {"firstName", "city", "email"}, set(failed["facts"]["leads_have"])
            )
            self.assertEqual(self.status(id), "draft")

    def test_corrected(self) -> None:
        """Once the copy is corrected it starts, is stopped, and starts again."""
        for self.version in ERAS:
            self.start_server()
            id = self.made("Hi {{frist_name}}")
            self.fill(id)
            self.value(
                self.version, "update_campaign", campaign_id=id, body="Hi {{firstName}}"
            )
            for _ in range(2):
                self.value(self.version, "activate_campaign", campaign_id=id)
                self.assertEqual(self.status(id), "active")
                self.value(self.version, "pause_campaign", campaign_id=id)
            self.assertEqual(self.status(id), "paused")

    def test_no_leads(self) -> None:
        """A draft without leads does not start."""
        for self.version in ERAS:
            id = self.made()
            error = self.failure(self.version, "activate_campaign", campaign_id=id)
            self.assertEqual(error["code"], "preflight_failed")
            self.assertEqual([each["check"] for each in error["failed"]], ["leads"])
            self.assertIn("add_leads", error["hint"])

    def test_dry_run(self) -> None:
        """The report alone, whatever it says."""
        for self.version in ERAS:
            id = self.made()
            got = self.value(
                self.version, "activate_campaign", campaign_id=id, dry_run="true"
            )
            self.assertEqual(got["verdict"], "blocked")
            self.assertEqual(self.status(id), "draft")
