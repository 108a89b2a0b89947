"""Campaigns of the sandbox: status changes, sending, sending status."""

from __future__ import annotations

from typing import Any

from .calls import LEAST_CAMPAIGN, SandboxTestCase


def schedule(**changes: Any) -> Any:
    """The smallest schedule, with changes to its only window."""
    window = LEAST_CAMPAIGN["campaign_schedule"]["schedules"][0]  # type: ignore[index]
    return {"schedules": [{**window, **changes}]}


class CampaignTests(SandboxTestCase):
    def test_seeded_states(self) -> None:
        """There is a draft, an active, a paused and a completed campaign."""
        items = self.ok("GET", "/campaigns")["items"]
        self.assertEqual(sorted(each["status"] for each in items), [0, 1, 2, 3])
        self.assertTrue(all(each["sequences"][0]["steps"] for each in items))

    def test_pages_by_id(self) -> None:
        """The cursor is an id; a full last page is followed by an empty one."""
        pages = self.pages("GET", "/campaigns", limit=2)
        self.assertEqual([len(page) for page in pages], [2, 2])
        last = pages[-1][-1]["id"]
        empty = self.ok("GET", "/campaigns", limit=2, starting_after=last)
        self.assertEqual(empty, {"items": []})

    def test_cursor_survives_deletion(self) -> None:
        """A page follows its cursor even if that campaign was deleted."""
        ids = [each["id"] for each in self.ok("GET", "/campaigns")["items"]]
        self.ok("DELETE", f"/campaigns/{ids[1]}")
        rest = self.ok("GET", "/campaigns", starting_after=ids[1])["items"]
        self.assertEqual([each["id"] for each in rest], ids[2:])

    def test_cursor_must_be_an_id(self) -> None:
        """An e-mail address is not accepted as a cursor."""
        self.refused(400, "GET", "/campaigns", starting_after="a@example.com")

    def test_filters(self) -> None:
        """Name, status and excluded status narrow the list."""
        for query, count in (
            ({"search": "FINTECH"}, 1),
            ({"status": 1}, 1),
            ({"exclude_status": 1}, 3),
            ({"status": -99}, 0),
            ({"ai_sales_agent_id": "x"}, 0),
            ({"tag_ids": "x"}, 0),
        ):
            found = self.ok("GET", "/campaigns", **query)["items"]
            self.assertEqual(len(found), count, query)

    def test_create_is_a_draft(self) -> None:
        """A campaign is created as a draft with what was given."""
        made = self.ok("POST", "/campaigns", {**LEAST_CAMPAIGN, "stop_on_reply": True})
        self.assertEqual((made["status"], made["stop_on_reply"]), (0, True))
        self.assertEqual(self.ok("GET", f"/campaigns/{made['id']}"), made)

    def test_create_refusals(self) -> None:
        """The body is closed and typed; time zones are a closed list."""
        changes: tuple[dict[str, Any], ...] = (
            {"unknown_field": 1},
            {"name": 5},
            {"campaign_schedule": {"schedules": []}},
            {"campaign_schedule": schedule(timezone="America/New_York")},
            {"campaign_schedule": schedule(timing={"from": "9:00", "to": "17:00"})},
            {"campaign_schedule": schedule(days={})},
            {"daily_max_leads": -1},
            {"email_list": ["unknown@example.com"]},
            {"sequences": [{"steps": [{"type": "sms", "delay": 1, "variants": []}]}]},
        )
        for change in changes:
            self.refused(400, "POST", "/campaigns", {**LEAST_CAMPAIGN, **change})
        self.assertEqual(
            self.refused(400, "POST", "/campaigns", {**LEAST_CAMPAIGN, "extra": 1}),
            "body must NOT have additional properties",
        )

    def test_patch(self) -> None:
        """PATCH replaces what it names; an empty one and unknown fields are refused."""
        id = self.campaign()["id"]
        changed = self.ok("PATCH", f"/campaigns/{id}", {"name": "Other", "pl_value": 9})
        self.assertEqual((changed["name"], changed["pl_value"]), ("Other", 9))
        self.refused(400, "PATCH", f"/campaigns/{id}", {})
        self.refused(400, "PATCH", f"/campaigns/{id}", {"status": 1})
        self.refused(404, "PATCH", "/campaigns/none", {"name": "x"})

    def test_delete(self) -> None:
        """A deleted campaign is returned once, and its leads are gone with it."""
        id = self.campaign()["id"]
        lead = self.lead_in(id, "quiet.one@example.org")
        self.assertEqual(self.ok("DELETE", f"/campaigns/{id}")["id"], id)
        self.refused(404, "DELETE", f"/campaigns/{id}")
        self.refused(404, "GET", f"/leads/{lead['id']}")

    def test_search_by_contact(self) -> None:
        """The campaigns of a contact are found by address, without a cursor."""
        id = self.campaign()["id"]
        self.lead_in(id, "quiet.me@example.org")
        other = self.campaign(name="Another")["id"]
        self.lead_in(other, "quiet.me@example.org")
        path = "/campaigns/search-by-contact"
        found = self.ok("GET", path, search="Quiet.me@example.org")
        self.assertEqual([each["id"] for each in found["items"]], [id, other])
        found = self.ok("GET", path, search="quiet.me@example.org", sort_order="desc")
        self.assertEqual([each["id"] for each in found["items"]], [other, id])
        self.assertEqual(self.ok("GET", path, contact_email="x")["items"], [])

    def test_activate_refusals(self) -> None:
        """A campaign without steps or a connected account is not activated."""
        bare = self.campaign(sequences=[])["id"]
        self.refused(400, "POST", f"/campaigns/{bare}/activate")
        mute = self.campaign(email_list=["luis@reach.example.com"])["id"]
        self.refused(400, "POST", f"/campaigns/{mute}/activate")
        self.refused(404, "POST", "/campaigns/none/activate")


class SendingTests(SandboxTestCase):
    def test_activation_sends(self) -> None:
        """Once active, the campaign sends as time passes, and completes."""
        id = self.campaign()["id"]
        for number in range(3):
            self.lead_in(id, f"quiet.{number}@example.org", first_name=f"N{number}")
        self.pass_time(hours=1)
        self.assertEqual(self.sandbox.outbox(), [])
        self.assertEqual(self.ok("POST", f"/campaigns/{id}/activate")["status"], 1)
        self.pass_time(hours=1)
        sent = [each for each in self.sandbox.outbox() if each["campaign_id"] == id]
        self.assertEqual(
            [each["subject"] for each in sent], ["Hi N0", "Hi N1", "Hi N2"]
        )
        self.assertEqual(sent[0]["body"], {"text": "One\ntwo", "html": "One<br/>two"})
        self.assertEqual(self.ok("GET", f"/campaigns/{id}")["status"], 3)

    def test_small_steps_and_one_leap_agree(self) -> None:
        """It does not matter in how many steps time passes."""
        worlds = []
        for leaps in (1, 96):
            self.sandbox.reset(self.key)
            for _ in range(leaps):
                self.pass_time(hours=96 / leaps)
            worlds.append(
                [mail["id"] + mail["subject"] for mail in self.world().emails.values()]
            )
        self.assertEqual(*worlds)
        self.assertGreater(len(worlds[0]), 900)

    def test_pause_stops(self) -> None:
        """A paused campaign sends nothing, and goes on when activated again."""
        id = self.campaign(email_gap=60)["id"]
        for number in range(5):
            self.lead_in(id, f"quiet.{number}@example.org")
        self.ok("POST", f"/campaigns/{id}/activate")
        self.pass_time(hours=1.5)
        self.assertEqual(self.ok("POST", f"/campaigns/{id}/pause")["status"], 2)
        self.assertEqual(self.sent(id), 2)
        self.pass_time(hours=5)
        self.assertEqual(self.sent(id), 2)
        self.ok("POST", f"/campaigns/{id}/activate")
        self.pass_time(hours=5)
        self.assertEqual(self.sent(id), 5)

    def test_follow_ups_thread(self) -> None:
        """A follow-up with an empty subject answers in the thread, after its delay."""
        steps = [
            {
                "type": "email",
                "delay": 2,
                "delay_unit": "hours",
                "variants": [{"subject": subject, "body": "b"}],
            }
            for subject in ("First", "")
        ]
        id = self.campaign(sequences=[{"steps": steps}])["id"]
        self.lead_in(id, "quiet.f@example.org")
        self.ok("POST", f"/campaigns/{id}/activate")
        self.pass_time(hours=1)
        self.assertEqual(self.sent(id), 1)
        self.pass_time(hours=2)
        mails = self.ok("GET", "/emails", campaign_id=id, sort_order="asc")["items"]
        self.assertEqual([mail["subject"] for mail in mails], ["First", "Re: First"])
        self.assertEqual(len({mail["thread_id"] for mail in mails}), 1)

    def test_disabled_variant(self) -> None:
        """A disabled variant is never sent."""
        variants = [
            {"subject": "on", "body": "b"},
            {"subject": "off", "body": "b", "v_disabled": True},
        ]
        step = {"type": "email", "delay": 1, "variants": variants}
        id = self.campaign(sequences=[{"steps": [step]}])["id"]
        for number in range(20):
            self.lead_in(id, f"quiet.{number}@example.org")
        self.ok("POST", f"/campaigns/{id}/activate")
        self.pass_time(hours=2)
        subjects = {each["subject"] for each in self.sandbox.outbox()}
        self.assertEqual(subjects, {"on"})

    def test_limits_of_the_day(self) -> None:
        """The campaign's and the new leads' daily limits hold until the next day."""
        for limit in ({"daily_limit": 2}, {"daily_max_leads": 2}):
            id = self.campaign(**limit)["id"]
            for number in range(5):
                self.lead_in(id, f"quiet.{number}@example.org")
            self.ok("POST", f"/campaigns/{id}/activate")
            self.pass_time(hours=6)
            self.assertEqual(self.sent(id), 2, limit)
            self.pass_time(hours=24)
            self.assertEqual(self.sent(id), 4, limit)

    def test_added_lead_wakes(self) -> None:
        """A lead added to an idle active campaign gets its first mail."""
        id = self.campaign(is_evergreen=True)["id"]
        self.ok("POST", f"/campaigns/{id}/activate")
        self.pass_time(hours=1)
        self.lead_in(id, "quiet.late@example.org")
        self.pass_time(seconds=1)
        self.assertEqual(self.sent(id), 1)

    def test_patch_of_a_live_campaign(self) -> None:
        """A schedule changed while the campaign is active applies at once."""
        id = self.campaign(campaign_schedule=schedule(days={"0": False}))["id"]
        self.lead_in(id, "quiet.p@example.org")
        self.ok("POST", f"/campaigns/{id}/activate")
        self.pass_time(days=8)
        self.assertEqual(self.sent(id), 0)
        self.ok("PATCH", f"/campaigns/{id}", {"campaign_schedule": schedule()})
        self.pass_time(seconds=1)
        self.assertEqual(self.sent(id), 1)

    def test_wishes(self) -> None:
        """The first word of an address chooses the lead's behavior."""
        id = self.campaign(stop_on_reply=True)["id"]
        wishes = {"bounce": -1, "reply": 3, "ooo": 3, "unsubscribe": -2, "decline": 3}
        leads = {
            wish: self.lead_in(id, f"{wish}.x@example.org")["id"] for wish in wishes
        }
        self.ok("POST", f"/campaigns/{id}/activate")
        self.pass_time(hours=3)
        found = {wish: self.ok("GET", f"/leads/{leads[wish]}") for wish in wishes}
        self.assertEqual({wish: found[wish]["status"] for wish in wishes}, wishes)
        self.assertEqual(found["reply"]["lt_interest_status"], 1)
        self.assertEqual(found["decline"]["lt_interest_status"], -1)
        self.assertEqual(found["ooo"]["lt_interest_status"], 0)
        self.assertEqual(found["reply"]["email_reply_count"], 1)

    def test_invalid_address_is_skipped(self) -> None:
        """A lead whose address is invalid is skipped and gets no mail."""
        id = self.campaign()["id"]
        lead = self.lead_in(id, "invalid.x@example.org", verify_leads_on_import=True)
        self.pass_time(seconds=30)
        self.ok("POST", f"/campaigns/{id}/activate")
        self.pass_time(hours=1)
        self.assertEqual(self.ok("GET", f"/leads/{lead['id']}")["status"], -3)
        self.assertEqual(self.sent(id), 0)

    def sent(self, campaign_id: str) -> int:
        """How many mails of a campaign are in the outbox."""
        outbox = self.sandbox.outbox(self.key)
        return sum(each["campaign_id"] == campaign_id for each in outbox)


class SendingStatusTests(SandboxTestCase):
    def status(self, id: str) -> str:
        """The status code, which is the same in both parts of the reply."""
        found = self.ok("GET", f"/campaigns/{id}/sending-status")
        self.assertEqual(found["diagnostics"]["status"], found["summary"]["status"])
        return str(found["summary"]["status"])

    def test_by_state(self) -> None:
        """Draft, paused and completed are reported; the active one is out of hours."""
        by_status = {
            each["status"]: each["id"] for each in self.ok("GET", "/campaigns")["items"]
        }
        self.assertEqual(self.status(by_status[0]), "campaign_draft")
        self.assertEqual(self.status(by_status[2]), "campaign_paused")
        self.assertEqual(self.status(by_status[3]), "campaign_completed")
        self.assertEqual(self.status(by_status[1]), "out_of_schedule")

    def test_limits_and_leads(self) -> None:
        """Each reason for not sending is named when it is the reason."""
        id = self.campaign(daily_limit=2, is_evergreen=True)["id"]
        self.ok("POST", f"/campaigns/{id}/activate")
        self.pass_time(seconds=1)
        self.assertEqual(self.status(id), "waiting_for_leads")
        for number in range(3):
            self.lead_in(id, f"quiet.{number}@example.org")
        self.assertEqual(self.status(id), "healthy")
        self.pass_time(seconds=90)
        self.assertEqual(self.status(id), "daily_limit_met")
        self.ok("PATCH", f"/campaigns/{id}", {"daily_limit": 9, "daily_max_leads": 1})
        self.assertEqual(self.status(id), "new_lead_limit_met")
        self.ok("POST", "/accounts/nora%40hale.example.com/pause")
        self.assertEqual(self.status(id), "all_accounts_unhealthy")
        self.ok("PATCH", f"/campaigns/{id}", {"email_list": []})
        self.assertEqual(self.status(id), "no_accounts_available")

    def test_follow_up_delay(self) -> None:
        """A campaign whose follow-ups wait says so, and for how long."""
        step = {
            "type": "email",
            "delay": 1,
            "variants": [{"subject": "s", "body": "b"}],
        }
        id = self.campaign(sequences=[{"steps": [step, step]}])["id"]
        self.lead_in(id, "quiet.w@example.org")
        self.ok("POST", f"/campaigns/{id}/activate")
        self.pass_time(hours=1)
        found = self.ok(
            "GET", f"/campaigns/{id}/sending-status", with_ai_summary="true"
        )
        self.assertEqual(found["summary"]["status"], "follow_up_delay_not_met")
        self.assertTrue(found["summary"]["ai_summary"])
        waiting = found["diagnostics"]["follow_ups_waiting"]
        self.assertEqual(waiting["count"], 1)
        self.assertEqual(waiting["earliest_wait_time_seconds"], 23 * 3600)
        self.refused(404, "GET", "/campaigns/none/sending-status")
