"""Leads in bulk: adding, moving, copying; and the lists that hold them."""

from __future__ import annotations

from typing import Any

from .calls import SandboxTestCase


class BulkTests(SandboxTestCase):
    def test_every_lead_is_counted_once(self) -> None:
        """The summary's counters add up to what was sent."""
        id = self.campaign()["id"]
        self.lead_in(id, "quiet.old@example.org")
        known = self.ok("POST", "/leads/list", {"in_list": True, "limit": 1})["items"][
            0
        ]
        leads = [
            {"email": "quiet.a@example.org", "phone": "1", "lt_interest_status": 1},
            {"email": "QUIET.A@example.org"},
            {"email": "quiet.old@example.org"},
            {"email": known["email"]},
            {"email": "nonsense"},
            {"first_name": "Nameless"},
        ]
        body = {
            "campaign_id": id,
            "leads": leads,
            "skip_if_in_list": True,
            "assigned_to": "user-1",
        }
        found = self.ok("POST", "/leads/add", body)
        self.assertEqual(
            {name: found[name] for name in found if name != "created_leads"},
            {
                "status": "success",
                "total_sent": 6,
                "leads_uploaded": 1,
                "in_blocklist": 0,
                "blocklist_used": None,
                "duplicated_leads": 1,
                "skipped_count": 1,
                "invalid_email_count": 2,
                "incomplete_count": 0,
                "duplicate_email_count": 1,
                "remaining_in_plan": found["remaining_in_plan"],
            },
        )
        created = found["created_leads"]
        self.assertEqual((created[0]["index"], created[0]["phone"]), (0, "1"))
        lead = self.ok("GET", f"/leads/{created[0]['id']}")
        self.assertEqual(
            (lead["assigned_to"], lead["lt_interest_status"]), ("user-1", 1)
        )

    def test_list_accepts_names(self) -> None:
        """In a list a name suffices; a lead without any is incomplete."""
        list_id = self.ok("POST", "/lead-lists", {"name": "L"})["id"]
        leads = [{"first_name": "A"}, {"phone": "1"}]
        found = self.ok("POST", "/leads/add", {"list_id": list_id, "leads": leads})
        self.assertEqual((found["leads_uploaded"], found["incomplete_count"]), (1, 1))
        self.assertIsNone(found["remaining_in_plan"])

    def test_a_thousand_and_no_more(self) -> None:
        """One call adds 1 to 1,000 leads; more or none are refused."""
        id = self.campaign()["id"]
        leads = [{"email": f"quiet.{number}@example.org"} for number in range(1001)]
        body = {"campaign_id": id, "leads": leads[:1000]}
        self.assertEqual(self.ok("POST", "/leads/add", body)["leads_uploaded"], 1000)
        message = self.refused(400, "POST", "/leads/add", {**body, "leads": leads})
        self.assertEqual(message, "body/leads must NOT have more than 1000 items")
        self.refused(400, "POST", "/leads/add", {**body, "leads": []})

    def test_one_target(self) -> None:
        """Neither or both of campaign_id and list_id are refused."""
        leads = [{"email": "quiet.a@example.org"}]
        self.refused(400, "POST", "/leads/add", {"leads": leads})
        both = {"leads": leads, "campaign_id": "a", "list_id": "b"}
        self.refused(400, "POST", "/leads/add", both)
        self.refused(404, "POST", "/leads/add", {"leads": leads, "list_id": "b"})

    def test_unknown_field_of_a_lead(self) -> None:
        """The leads are closed objects; the message names the place, not the value."""
        body = {
            "campaign_id": self.campaign()["id"],
            "leads": [{"email": "quiet.a@example.org", "job": "canary"}],
        }
        message = self.refused(400, "POST", "/leads/add", body)
        self.assertEqual(message, "body/leads/0 must NOT have additional properties")

    def test_verification_on_import(self) -> None:
        """Verification starts a job, is pending first, and ends in a verdict."""
        list_id = self.ok("POST", "/lead-lists", {"name": "V"})["id"]
        wishes = ("quiet", "invalid", "catchall")
        leads = [{"email": f"{wish}.v@example.org"} for wish in wishes]
        body = {"list_id": list_id, "leads": leads, "verify_leads_on_import": True}
        self.ok("POST", "/leads/add", body)
        jobs = self.ok("GET", "/background-jobs", type="import-leads")["items"]
        self.assertEqual(jobs[0]["entity_id"], list_id)
        path = f"/lead-lists/{list_id}/verification-stats"
        before = self.ok("GET", path)["stats"]
        self.assertEqual(before["verification_job_pending_user"], 3)
        self.pass_time(seconds=60)
        after = self.ok("GET", path)
        self.assertEqual(after["total_leads"], 3)
        self.assertEqual(sum(after["stats"].values()), 3)
        self.assertGreaterEqual(after["stats"]["invalid"], 1)
        self.assertGreaterEqual(after["stats"]["catch_all"], 1)


class MoveTests(SandboxTestCase):
    def setUp(self) -> None:
        """Make a campaign with four leads and a list with one of them."""
        super().setUp()
        self.source = self.campaign()["id"]
        self.leads = [
            self.lead_in(self.source, f"quiet.{number}@example.org")["id"]
            for number in range(4)
        ]
        self.target = self.ok("POST", "/lead-lists", {"name": "Target"})["id"]
        given = {"list_id": self.target, "email": "quiet.0@example.org"}
        self.ok("POST", "/leads", given)

    def test_move_is_a_job(self) -> None:
        """Leads stay where they are until the job has succeeded."""
        job = self.move(campaign=self.source, ids=self.leads[1:3])
        self.assertEqual((job["type"], job["entity_type"]), ("move-leads", "list"))
        self.assertEqual(self.size(campaign=self.source), 4)
        done = self.finished(job)
        self.assertEqual(done["data"]["moved_leads"], 2)
        self.assertEqual(
            done["data"]["moved_lead_emails"],
            ["quiet.1@example.org", "quiet.2@example.org"],
        )
        self.assertEqual(self.size(campaign=self.source), 2)
        self.assertEqual(self.size(list_id=self.target), 3)

    def test_copy(self) -> None:
        """Copying leaves the leads where they are and makes new leads."""
        self.ok("PATCH", f"/leads/{self.leads[1]}", {"lt_interest_status": 1})
        job = self.move(campaign=self.source, copy_leads=True, assigned_to="u")
        self.assertEqual(self.finished(job)["data"]["moved_leads"], 4)
        self.assertEqual(self.size(campaign=self.source), 4)
        self.assertEqual(self.size(list_id=self.target), 5)
        found = self.ok("POST", "/leads/list", {"list_id": self.target})["items"]
        copy = next(each for each in found if each["email"] == "quiet.1@example.org")
        self.assertNotIn(copy["id"], self.leads)
        self.assertEqual((copy["lt_interest_status"], copy["assigned_to"]), (1, "u"))

    def test_flags(self) -> None:
        """On request duplicates are skipped, a limit holds and interest is reset."""
        self.ok("PATCH", f"/leads/{self.leads[1]}", {"lt_interest_status": 1})
        job = self.move(
            campaign=self.source,
            check_duplicates=True,
            limit=2,
            reset_interest_status=True,
        )
        emails = self.finished(job)["data"]["moved_lead_emails"]
        self.assertEqual(emails, ["quiet.1@example.org", "quiet.2@example.org"])
        lead = self.ok("GET", f"/leads/{self.leads[1]}")
        self.assertNotIn("lt_interest_status", lead)
        job = self.move(campaign=self.source, check_duplicates_in_campaigns=True)
        self.assertEqual(self.finished(job)["data"]["moved_leads"], 0)

    def test_a_job_counts_what_it_may_move(self) -> None:
        """The count that a job announces keeps to the limit."""
        job = self.move(campaign=self.source, limit=2)
        self.assertEqual(job["data"]["total_to_process"], 2)

    def test_no_selector_moves_everything(self) -> None:
        """With a target alone, every lead of the workspace is moved, as in the API."""
        job = self.move()
        self.assertEqual(self.finished(job)["data"]["moved_leads"], 1204)

    def test_moved_lead_starts_at_the_first_step(self) -> None:
        """A lead moved into an active campaign gets that campaign's first mail."""
        self.ok("POST", f"/campaigns/{self.source}/activate")
        self.pass_time(hours=1)
        target = self.campaign(is_evergreen=True)["id"]
        self.ok("POST", f"/campaigns/{target}/activate")
        body = {"campaign": self.source, "to_campaign_id": target}
        self.finished(self.ok("POST", "/leads/move", body))
        self.pass_time(hours=1)
        sent = [e for e in self.sandbox.outbox() if e["campaign_id"] == target]
        self.assertEqual(len(sent), 4)

    def test_vanished_target(self) -> None:
        """A target deleted before the job ends moves nothing."""
        job = self.move(campaign=self.source)
        self.ok("DELETE", f"/lead-lists/{self.target}")
        self.assertEqual(self.finished(job)["data"]["moved_leads"], 0)

    def test_refusals(self) -> None:
        """No target, two targets, ids without a source, an unknown target: refused."""
        for body in (
            {"campaign": self.source},
            {"to_list_id": self.target, "to_campaign_id": self.source},
            {"to_list_id": self.target, "ids": self.leads},
            {"to_list_id": self.target, "esp_code": 4},
            {"to_list_id": self.target, "esg_code": 1},
        ):
            self.refused(400, "POST", "/leads/move", body)
        self.refused(404, "POST", "/leads/move", {"to_list_id": "none"})

    def move(self, **body: Any) -> Any:
        """Start a move to the target list."""
        return self.ok("POST", "/leads/move", {"to_list_id": self.target, **body})

    def finished(self, job: Any) -> Any:
        """Return the job after its end."""
        self.pass_time(seconds=30)
        done = self.ok("GET", f"/background-jobs/{job['id']}")
        self.assertEqual(done["status"], "success")
        return done

    def size(self, **place: Any) -> int:
        """How many leads a campaign or list has."""
        return len(self.ok("POST", "/leads/list", {"limit": 100, **place})["items"])


class ListTests(SandboxTestCase):
    def test_pages_by_timestamp(self) -> None:
        """The cursor is a timestamp; lists created at one moment are all listed."""
        for number in range(5):
            self.ok("POST", "/lead-lists", {"name": f"New {number}"})
        pages = self.pages("GET", "/lead-lists", limit=3)
        names = [each["name"] for page in pages for each in page]
        self.assertEqual(len(names), 8)
        self.assertEqual(names[:5], [f"New {number}" for number in (4, 3, 2, 1, 0)])
        self.refused(400, "GET", "/lead-lists", starting_after="an-id")

    def test_filters(self) -> None:
        """Name and enrichment narrow the list."""
        self.ok("POST", "/lead-lists", {"name": "Rich", "has_enrichment_task": True})
        for query, count in (
            ({"search": "inbound"}, 1),
            ({"has_enrichment_task": "true"}, 1),
            ({"has_enrichment_task": "false"}, 3),
        ):
            found = self.ok("GET", "/lead-lists", **query)["items"]
            self.assertEqual(len(found), count)

    def test_change_and_delete(self) -> None:
        """A list is renamed, and deleted with its leads."""
        id = self.ok("POST", "/lead-lists", {"name": "L"})["id"]
        lead = self.ok("POST", "/leads", {"list_id": id, "first_name": "A"})["id"]
        changed = self.ok("PATCH", f"/lead-lists/{id}", {"name": "M"})
        self.assertEqual(changed["name"], "M")
        self.refused(400, "PATCH", f"/lead-lists/{id}", {"leads": 1})
        self.assertEqual(self.ok("DELETE", f"/lead-lists/{id}")["name"], "M")
        self.refused(404, "GET", f"/leads/{lead}")
        self.refused(404, "GET", f"/lead-lists/{id}/verification-stats")
        self.refused(400, "POST", "/lead-lists", {})

    def test_verification_stats(self) -> None:
        """The counts of a seeded list are those of its leads."""
        each = self.ok("GET", "/lead-lists", search="Conference")["items"][0]
        found = self.ok("GET", f"/lead-lists/{each['id']}/verification-stats")
        self.assertEqual(found["total_leads"], 150)
        self.assertEqual(sum(found["stats"].values()), 150)
        self.assertTrue(found["stats"]["catch_all"])
