"""update_campaign: what is given changes, and all else stays."""

from __future__ import annotations

from typing import Any

from hypothesis import given as generated
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.api.errors import Reason
from instantly_mcp.features.results import CallRefusedError
from instantly_mcp.features.workspace.campaigns.old_sequences import (
    OLD_ARGUMENTS,
    with_steps,
)
from tests.features.cases import ToolTestCase
from tests.features.workspace.test_preflight import campaign, lead, step
from tests.support.instantly import api_error

WINDOW = campaign()["campaign_schedule"]["schedules"][0]
"""Monday to Friday, 09:00 to 17:00 in Chicago."""

TEXTS = st.text(max_size=3)
WORKING_DAYS = {str(day): 0 < day < 6 for day in range(7)}


class UpdateCampaignCase(ToolTestCase):
    """Scripts the campaign that is changed."""

    def setUp(self) -> None:
        """Let reading and patching succeed."""
        super().setUp()
        self.exists()
        patched = {"id": "c1", "name": "Spring", "status": 1}
        self.instantly.answers("patchCampaign", patched)

    def exists(self, **changed: Any) -> None:
        """Script the campaign that is changed."""
        self.instantly.answers("getCampaign", campaign(**changed))

    def update(self, **given: Any) -> Any:
        """Change the campaign, and return the result."""
        return self.value("update_campaign", campaign_id="c1", **given)

    def failed(self, **given: Any) -> Any:
        """Return the error of a change."""
        return self.failure("update_campaign", campaign_id="c1", **given)

    def refused(self, **given: Any) -> Any:
        """Return the error of a change that must not have happened."""
        error = self.failed(**given)
        self.assertEqual(self.instantly.calls("patchCampaign"), [])
        return error

    def sent(self) -> Any:
        """Return what was sent last, without the id."""
        sent = dict(self.instantly.calls("patchCampaign")[-1])
        self.assertEqual(sent.pop("id"), "c1")
        return sent


class UpdateCampaignTests(UpdateCampaignCase):
    def test_only_what_is_given_is_sent(self) -> None:
        """A patch has its settings and nothing else, and only the guard reads it."""
        made = self.update(daily_limit=5, name="New", track_opens=True)
        self.assertEqual(
            self.sent(), {"daily_limit": 5, "name": "New", "open_tracking": True}
        )
        self.assertEqual(made["changed"], ["daily_limit", "name", "track_opens"])
        self.assertEqual(made["campaign"]["status_label"], "active")
        self.assertEqual(self.instantly.ids, ["getCampaign", "patchCampaign"])

    def test_one_time_alone(self) -> None:
        """A new beginning keeps end, days, zone, name and dates of the schedule."""
        dates = {"start_date": "2026-02-01", "end_date": "2026-03-01"}
        self.exists(campaign_schedule={"schedules": [WINDOW], **dates})
        made = self.update(timing_from="10:00")
        self.assertEqual(
            self.sent(),
            {
                "campaign_schedule": {
                    **dates,
                    "schedules": [
                        {
                            "name": "W",
                            "timing": {"from": "10:00", "to": "17:00"},
                            "days": WORKING_DAYS,
                            "timezone": "America/Chicago",
                        }
                    ],
                }
            },
        )
        self.assertIn("America/Chicago", made["remarks"][0])
        self.assertEqual(made["changed"], ["timing_from"])

    def test_a_zone_that_the_api_lacks(self) -> None:
        """Hours in Los Angeles are placed in a zone that keeps them all year."""
        made = self.update(
            timing_from="10:00", timing_to="16:00", timezone="America/Los_Angeles"
        )
        window = self.sent()["campaign_schedule"]["schedules"][0]
        self.assertEqual(window["timezone"], "America/Boise")
        self.assertEqual(window["timing"], {"from": "11:00", "to": "17:00"})
        self.assertEqual(window["days"], WORKING_DAYS)
        self.assertEqual(
            made["timezone"],
            {
                "asked": "America/Los_Angeles",
                "used": "America/Boise",
                "shifted_minutes": 60,
                "window_in_used_zone": "11:00-17:00",
            },
        )
        self.assertNotIn("remarks", made)

    def test_the_zone_that_was_asked_for_stays(self) -> None:
        """A later time alone is in that zone, although another one is stored."""
        self.update(
            timing_from="10:00", timing_to="16:00", timezone="America/Los_Angeles"
        )
        stored = self.sent()["campaign_schedule"]
        # The window had a name of its own, which is kept.
        self.assertEqual(stored["schedules"][0]["name"], "W")
        ours = {**WINDOW, "name": "Sending window"}
        self.exists(campaign_schedule={"schedules": [ours]})
        self.update(timezone="America/Los_Angeles")
        stored = self.sent()["campaign_schedule"]
        (window,) = stored["schedules"]
        self.assertEqual(window["name"], "Sending window (America/Los_Angeles)")
        self.exists(campaign_schedule=stored)
        made = self.update(timing_to="12:00")
        (window,) = self.sent()["campaign_schedule"]["schedules"]
        self.assertEqual(window["timezone"], "America/Boise")
        self.assertEqual(window["timing"], {"from": "10:00", "to": "13:00"})
        self.assertIn("America/Los_Angeles", made["remarks"][0])
        self.update(timezone="America/Chicago")
        (window,) = self.sent()["campaign_schedule"]["schedules"]
        self.assertEqual(window["name"], "Sending window")
        self.assertEqual(window["timing"], {"from": "09:00", "to": "17:00"})

    def test_a_name_that_ends_like_a_zone(self) -> None:
        """A zone with another clock, or none at all, is not taken for the one asked."""
        for name in (
            "Sending window (Asia/Tokyo)",
            "Sending window (Mars/Base)",
            "W (x)",
        ):
            self.exists(campaign_schedule={"schedules": [{**WINDOW, "name": name}]})
            made = self.update(timing_to="12:00")
            (window,) = self.sent()["campaign_schedule"]["schedules"]
            self.assertEqual(window["timezone"], "America/Chicago", name)
            self.assertEqual(window["timing"], {"from": "09:00", "to": "12:00"})
            self.assertIn("America/Chicago", made["remarks"][0])

    def test_days_and_dates(self) -> None:
        """Days replace days; a date leaves the windows as they are."""
        self.update(days=["saturday", "sunday"])
        window = self.sent()["campaign_schedule"]["schedules"][0]
        self.assertEqual([day for day in "0123456" if window["days"][day]], ["0", "6"])
        self.assertEqual(window["timing"], WINDOW["timing"])
        self.update(days=["Sun", "sat"])
        window = self.sent()["campaign_schedule"]["schedules"][0]
        self.assertEqual([day for day in "0123456" if window["days"][day]], ["0", "6"])
        self.update(days={"saturday": True, "monday": False})
        window = self.sent()["campaign_schedule"]["schedules"][0]
        self.assertEqual([day for day in "0123456" if window["days"][day]], ["6"])
        two = {"schedules": [WINDOW, {**WINDOW, "name": "V"}]}
        self.exists(campaign_schedule=two)
        self.update(end_date="2026-05-01")
        self.assertEqual(
            self.sent()["campaign_schedule"], {**two, "end_date": "2026-05-01"}
        )

    def test_no_day(self) -> None:
        """Days of which none is chosen would never send."""
        error = self.refused(days={"monday": False})
        self.assertIn("days", error["message"])

    def test_resetting_dates(self) -> None:
        """A date is removed by its name; the windows and the other date stay."""
        dates = {"start_date": "2026-02-01", "end_date": "2026-03-01"}
        self.exists(campaign_schedule={"schedules": [WINDOW], **dates})
        made = self.update(reset=["end_date", "daily_limit"])
        self.assertEqual(
            self.sent(),
            {
                "daily_limit": None,
                "campaign_schedule": {**dates, "schedules": [WINDOW], "end_date": None},
            },
        )
        self.assertEqual(made["changed"], ["daily_limit", "end_date"])

    def test_dates_out_of_order(self) -> None:
        """A new last day is compared with the first day that the campaign has."""
        self.exists(
            campaign_schedule={"schedules": [WINDOW], "start_date": "2026-06-01"}
        )
        error = self.refused(end_date="2026-05-01")
        self.assertIn("before start_date 2026-06-01", error["message"])

    def test_several_windows(self) -> None:
        """With several windows a time could mean any of them: refused, all named."""
        late = {**WINDOW, "timing": {"from": "18:00", "to": "20:00"}}
        self.exists(campaign_schedule={"schedules": [WINDOW, late]})
        error = self.refused(timing_from="10:00")
        self.assertEqual(error["code"], "several_windows")
        for said in ("09:00-17:00", "18:00-20:00", "timing_from"):
            self.assertIn(said, error["message"])
        self.assertIn("campaign_schedule", error["hint"])

    def test_a_campaign_without_schedule(self) -> None:
        """What is not given is as in create_campaign."""
        odd: list[Any] = [None, {}, {"schedules": []}, {"schedules": [None]}]
        for schedule in odd:
            self.exists(campaign_schedule=schedule)
            self.update(timing_to="12:00")
            window = self.sent()["campaign_schedule"]["schedules"][0]
            self.assertEqual(window["timing"], {"from": "09:00", "to": "12:00"})
            self.assertEqual(window["timezone"], "America/Chicago")

    def test_members_that_the_api_only_shows(self) -> None:
        """A member that the API shows but does not take is not sent back."""
        shown = {"schedules": [{**WINDOW, "id": "w1"}], "owner": "x"}
        steps = [{"type": "email", "id": "s1", **step(), "delay": 2}]
        self.exists(campaign_schedule=shown, sequences=[{"steps": steps}])
        self.update(timing_from="10:00", subject="New")
        schedule, (sequence,) = (
            self.sent()["campaign_schedule"],
            self.sent()["sequences"],
        )
        self.assertEqual(set(schedule), {"schedules"})
        self.assertNotIn("id", schedule["schedules"][0])
        self.assertNotIn("id", sequence["steps"][0])

    def test_first_mail(self) -> None:
        """A subject or body alone changes the first mail; its follow-ups stay."""
        made = self.update(body="a\n\nb")
        (sequence,) = self.sent()["sequences"]
        first, second = sequence["steps"]
        self.assertEqual(
            first["variants"], [{"subject": "Hi", "body": "<p>a</p><p>b</p>"}]
        )
        self.assertEqual(first["delay"], 2)
        self.assertEqual(second, {"type": "email", **step("", "Again?")})
        self.assertIn("1 step after it", made["remarks"][0])
        self.update(subject=" New\nsubject ")
        variant = self.sent()["sequences"][0]["steps"][0]["variants"][0]
        self.assertEqual(variant["subject"], "New subject")
        self.assertTrue(variant["body"].startswith("Hi {{firstName}}"))

    def test_first_mail_with_variants(self) -> None:
        """With several variants it could mean any; a disabled one does not count."""
        other = {"subject": "B", "body": "b"}
        variants = [*step()["variants"], other]
        self.exists(sequences=[{"steps": [{"delay": 0, "variants": variants}]}])
        error = self.refused(subject="New")
        self.assertEqual(error["code"], "several_variants")
        self.assertIn("2 variants", error["message"])
        self.assertIn("steps", error["hint"])
        variants = [*step()["variants"], {**other, "v_disabled": True}]
        self.exists(sequences=[{"steps": [{"delay": 0, "variants": variants}]}])
        self.update(subject="New")
        sent = self.sent()["sequences"][0]["steps"][0]["variants"]
        self.assertEqual([each["subject"] for each in sent], ["New", "B"])
        variants.reverse()
        self.exists(sequences=[{"steps": [{"delay": 0, "variants": variants}]}])
        self.update(subject="New")
        sent = self.sent()["sequences"][0]["steps"][0]["variants"]
        self.assertEqual([each["subject"] for each in sent], ["B", "New"])

    def test_first_mail_of_a_campaign_without_copy(self) -> None:
        """It needs both subject and body."""
        self.exists(sequences=[])
        self.assertEqual(self.refused(subject="s")["code"], "missing_copy")
        self.update(subject="s", body="b")
        (only,) = self.sent()["sequences"][0]["steps"]
        self.assertEqual(only["variants"], [{"subject": "s", "body": "<p>b</p>"}])

    def test_empty_copy(self) -> None:
        """A body or subject of spaces is refused."""
        for given in ({"body": " "}, {"subject": " \n"}):
            self.assertEqual(self.refused(**given)["code"], "missing_copy")

    def test_steps(self) -> None:
        """Steps replace the whole sequence, and the result says so."""
        made = self.update(
            steps=[{"subject": "One", "body": "A"}, {"body": "B", "wait": 2}]
        )
        steps = self.sent()["sequences"][0]["steps"]
        self.assertEqual([each["delay"] for each in steps], [2, 0])
        self.assertEqual(steps[0]["variants"], [{"subject": "One", "body": "<p>A</p>"}])
        self.assertEqual(
            made["remarks"], ["The whole sequence was replaced: it now has 2 steps."]
        )
        self.assertEqual(self.instantly.ids, [*["getCampaign"] * 2, "patchCampaign"])

    def test_the_form_of_the_api(self) -> None:
        """Schedules and sequences are taken in that form, too, placed and as HTML."""
        window = {**WINDOW, "timezone": "America/Los_Angeles"}
        raw = {"type": "email", "delay": 0, **step("s", "a\n\nb")}
        made = self.update(
            campaign_schedule={"schedules": [window, WINDOW]},
            sequences=[{"steps": [raw]}],
        )
        sent = self.sent()
        first, second = sent["campaign_schedule"]["schedules"]
        self.assertEqual(first["timezone"], "America/Boise")
        self.assertEqual(first["timing"], {"from": "10:00", "to": "18:00"})
        self.assertEqual(second, WINDOW)
        self.assertEqual(made["timezones"][0]["asked"], "America/Los_Angeles")
        variant = sent["sequences"][0]["steps"][0]["variants"][0]
        self.assertEqual(variant["body"], "<p>a</p><p>b</p>")
        self.assertEqual(self.instantly.ids, [*["getCampaign"] * 2, "patchCampaign"])

    def test_a_schedule_of_another_shape(self) -> None:
        """An invalid schedule is refused, with the outline of a valid one."""
        wrong: tuple[dict[str, Any], ...]
        wrong = ({"x": 1}, {"schedules": [{}]}, {"schedules": 5})
        for schedule in wrong:
            error = self.refused(campaign_schedule=schedule)
            self.assertEqual(error["code"], "bad_argument")
        self.assertEqual(self.instantly.executed, [])

    def test_both_forms(self) -> None:
        """The same thing in both forms is refused, with the names that clash."""
        schedule = {"schedules": [WINDOW]}
        raw = [{"steps": [{"type": "email", "delay": 0, **step()}]}]
        for given, clash in (
            ({"campaign_schedule": schedule, "days": ["monday"]}, "days"),
            ({"campaign_schedule": schedule, "start_date": "2026-01-01"}, "start_date"),
            ({"sequences": raw, "body": "b"}, "body"),
            ({"sequences": raw, "steps": [{"subject": "s", "body": "b"}]}, "steps"),
            ({"steps": [{"subject": "s", "body": "b"}], "body": "b"}, "subject/body"),
        ):
            error = self.refused(**given)
            self.assertEqual(error["code"], "bad_argument", given)
            self.assertIn(clash, error["message"])
        self.assertEqual(self.instantly.executed, [])

    def test_copies_are_addresses(self) -> None:
        """A cc or bcc that is not one plain address is refused before anything."""
        for name in ("cc_list", "bcc_list"):
            error = self.refused(**{name: ["a@example.com\r\nBcc: b@example.net"]})
            self.assertIn(name, error["message"])
        self.update(cc_list=["a@example.com"])
        self.assertEqual(self.sent(), {"cc_list": ["a@example.com"]})


class RunningCampaignTests(UpdateCampaignCase):
    """New copy of a campaign that sends is checked before it is sent."""

    def setUp(self) -> None:
        """Let the campaign run, with one lead."""
        super().setUp()
        self.exists(status=1)
        self.instantly.answers("listLeads", {"items": [lead()]})

    def test_misspelled_variable(self) -> None:
        """However the copy is given, a variable that no lead has is refused."""
        steps = [{"subject": "s", "body": "{{frist_name}}"}]
        raw = {"type": "email", "delay": 0, **step("s", "{{frist_name}}")}
        for given in (
            {"body": "Hi {{frist_name}}"},
            {"subject": "Hi {{frist_name}}"},
            {"steps": steps},
            {"sequences": [{"steps": [raw]}]},
        ):
            error = self.refused(**given)
            self.assertEqual(error["code"], "preflight_failed")
            self.assertIn("nothing was changed", error["message"])
            self.assertIn("Did you mean firstName?", error["message"])

    def test_right_copy(self) -> None:
        """Copy that the leads fill is changed, after its reads and the guard's."""
        made = self.update(body="Hi {{firstName}}")
        ids = ["getCampaign", "listLeads", "getCampaign", "patchCampaign"]
        self.assertEqual(self.instantly.ids, ids)
        self.assertEqual(len(made["warnings"]), 1)

    def test_gaps(self) -> None:
        """A variable that some leads lack is a warning."""
        self.instantly.answers("listLeads", {"items": [lead(), lead(first_name="")]})
        made = self.update(body="Hi {{firstName}}")
        self.assertIn("variables: Some leads lack firstName.", made["warnings"])

    def test_leads_that_cannot_be_read(self) -> None:
        """A failure that passes refuses the change; a missing scope is said."""
        for reason in (Reason.TIMEOUT, Reason.UNREACHABLE):
            self.instantly.answers("listLeads", api_error(reason, "listLeads"))
            error = self.refused(body="b")
            self.assertEqual(error["code"], "preflight_incomplete")
        error = api_error(Reason.SCOPE_MISSING, "listLeads")
        self.instantly.answers("listLeads", error)
        made = self.update(body="b")
        self.assertIn("leads not checked: It did not work.", made["warnings"])

    def test_campaign_that_cannot_be_read(self) -> None:
        """Whole copy needs no reading: with a missing scope it is only not checked."""
        steps = [{"subject": "s", "body": "b"}]
        error = api_error(Reason.SCOPE_MISSING, "getCampaign")
        self.instantly.answers("getCampaign", error)
        made = self.update(steps=steps)
        self.assertIn("not checked", made["warnings"][-1])
        self.assertEqual(self.failed(body="b")["code"], "scope_missing")
        error = api_error(Reason.TIMEOUT, "getCampaign")
        self.instantly.answers("getCampaign", error)
        self.assertEqual(self.failed(steps=steps)["code"], "timeout")

    def test_other_changes(self) -> None:
        """What is not copy needs no lead, and a campaign that is paused none at all."""
        self.update(timing_from="10:00", daily_limit=5)
        self.exists(status=2)
        self.update(body="Hi {{frist_name}}")
        self.assertEqual(self.instantly.calls("listLeads"), [])


class OldArgumentTests(SynchronousTestCase):
    """The arguments with which earlier servers described a sequence."""

    def test_each_mail_with_its_copy(self) -> None:
        """Texts for all mails make steps, with a wait before each follow-up."""
        given = {
            "name": "n",
            "subject": "One",
            "body": "A",
            "sequence_steps": 3,
            "sequence_bodies": ["A", "B", "C"],
            "step_delay_days": 4,
        }
        self.assertEqual(
            with_steps(given),
            {
                "name": "n",
                "steps": [
                    {"subject": "One", "body": "A"},
                    {"subject": "", "body": "B", "wait": 4},
                    {"subject": "", "body": "C", "wait": 4},
                ],
            },
        )

    def test_subjects(self) -> None:
        """Subjects belong to the bodies in their order."""
        made = with_steps(
            {"sequence_bodies": ["A", "B"], "sequence_subjects": ["One", "Two"]}
        )
        self.assertEqual(
            made["steps"],
            [{"subject": "One", "body": "A"}, {"subject": "Two", "body": "B"}],
        )

    def test_a_single_mail(self) -> None:
        """One step needs no steps, and a wait has nothing to wait for."""
        mail = {"subject": "s", "body": "b"}
        old = {"sequence_steps": 1, "step_delay_days": 3}
        self.assertEqual(with_steps({**mail, **old}), mail)

    def test_a_wait_for_steps(self) -> None:
        """It applies to follow-ups that say none."""
        steps = [{"body": "A"}, {"body": "B"}, {"body": "C", "wait": 1}]
        made = with_steps({"steps": steps, "step_delay_days": 5})
        self.assertEqual([each.get("wait") for each in made["steps"]], [None, 5, 1])

    def test_no_certain_meaning(self) -> None:
        """Copy that is missing or contradicts itself is refused; the hint helps."""
        mail = {"subject": "s", "body": "b"}
        uncertain: list[JsonObject] = [
            {**mail, "sequence_steps": 3, "step_delay_days": 3},
            {**mail, "sequence_bodies": ["b", "c"], "sequence_steps": 3},
            {**mail, "sequence_bodies": ["other", "c"]},
            {**mail, "sequence_bodies": ["b", "c"], "sequence_subjects": ["s"]},
            {**mail, "sequence_bodies": ["b"], "sequence_subjects": ["other"]},
            {**mail, "sequence_subjects": ["s", "t"]},
            {"steps": [mail], "sequence_bodies": ["b"]},
            {"steps": [mail], "sequence_steps": 2},
        ]
        for given in uncertain:
            with self.assertRaises(CallRefusedError) as caught:
                with_steps(given)
            self.assertIn("Give steps instead", caught.exception.hint, given)

    def test_nothing_old(self) -> None:
        """Other arguments are returned as they are."""
        given = {"name": "n", "steps": []}
        self.assertIs(with_steps(given), given)

    @generated(
        st.fixed_dictionaries(
            {},
            optional={
                "subject": TEXTS,
                "body": TEXTS,
                "steps": st.lists(st.just({"body": "x"}), min_size=1, max_size=3),
                "sequence_steps": st.integers(1, 4),
                "sequence_bodies": st.lists(TEXTS, min_size=1, max_size=3),
                "sequence_subjects": st.lists(TEXTS, min_size=1),
                "step_delay_days": st.integers(1, 9),
            },
        )
    )
    def test_any(self, given: dict[str, Any]) -> None:
        """Nothing old remains, and no copy appears that was not given."""
        try:
            made = with_steps(given)
        except CallRefusedError:
            return
        self.assertFalse(set(made) & set(OLD_ARGUMENTS))
        bodies = [each["body"] for each in made.get("steps", ())]
        written = given.get("sequence_bodies") or [
            each["body"] for each in given.get("steps", ())
        ]
        self.assertEqual(bodies, written)
