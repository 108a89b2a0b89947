"""Leads and lists of the sandbox, one by one and in bulk."""

from __future__ import annotations

from typing import Any

from .calls import SandboxTestCase


class LeadTests(SandboxTestCase):
    def test_all_leads_page_by_id(self) -> None:
        """Twelve full pages of a hundred in the order of the ids, then an empty one."""
        pages = self.pages("POST", "/leads/list", limit=100)
        self.assertEqual([len(page) for page in pages], [100] * 12)
        ids = [each["id"] for page in pages for each in page]
        self.assertEqual(ids, sorted(set(ids)))

    def test_addresses(self) -> None:
        """Every address is under a domain that nobody can own."""
        for page in self.pages("POST", "/leads/list", limit=100):
            for lead in page:
                self.assertTrue(lead["email"].endswith("example.org"), lead["email"])

    def test_distinct_contacts_page_by_email(self) -> None:
        """With distinct_contacts one contact is listed once, cursor an address."""
        a, b = self.campaign()["id"], self.campaign()["id"]
        for number in range(3):
            for campaign in (a, b):
                self.lead_in(campaign, f"quiet.{number}@example.org")
        contacts = [f"quiet.{number}@example.org" for number in range(3)]
        pages = self.pages(
            "POST", "/leads/list", limit=2, distinct_contacts=True, contacts=contacts
        )
        emails = [each["email"] for page in pages for each in page]
        self.assertEqual(emails, contacts)
        all_of_them = self.pages("POST", "/leads/list", limit=4, contacts=contacts)
        self.assertEqual([len(page) for page in all_of_them], [4, 2])

    def test_cursor_must_be_an_id(self) -> None:
        """An e-mail address is no cursor without distinct_contacts."""
        self.refused(400, "POST", "/leads/list", {"starting_after": "a@example.org"})

    def test_campaign_and_list(self) -> None:
        """A campaign's or a list's leads are those that are in it."""
        campaigns = {
            each["name"]: each for each in self.ok("GET", "/campaigns")["items"]
        }
        draft = campaigns["Healthcare pilots"]["id"]
        pages = self.pages("POST", "/leads/list", limit=100, campaign=draft)
        self.assertEqual(sum(len(page) for page in pages), 120)
        lists = {each["name"]: each for each in self.ok("GET", "/lead-lists")["items"]}
        partners = lists["Partner referrals"]["id"]
        found = self.ok("POST", "/leads/list", {"list_id": partners, "limit": 100})
        self.assertEqual(len(found["items"]), 50)
        self.assertEqual(self.count(in_list=True), 300)
        self.assertEqual(self.count(in_campaign=True), 900)
        self.assertEqual(self.count(in_campaign=True, list_id=partners), 0)

    def test_filters(self) -> None:
        """Each documented filter selects by what it is named after."""
        contacted = self.count(filter="FILTER_VAL_CONTACTED")
        self.assertEqual(
            contacted + self.count(filter="FILTER_VAL_NOT_CONTACTED"), 1200
        )
        self.assertEqual(self.count(filter="FILTER_VAL_REPLIED"), 40)
        interests = (
            "OUT_OF_OFFICE",
            "INTERESTED",
            "MEETING_BOOKED",
            "NOT_INTERESTED",
            "WRONG_PERSON",
        )
        counts = [self.count(filter=f"FILTER_LEAD_{name}") for name in interests]
        self.assertEqual(sum(counts), 40)
        self.assertTrue(all(counts))
        states = ("ACTIVE", "COMPLETED", "BOUNCED", "UNSUBSCRIBED", "SKIPPED")
        self.assertEqual(
            sum(self.count(filter=f"FILTER_VAL_{name}") for name in states), 1200
        )
        for name in (
            "RISKY",
            "INVALID",
            "VALID",
            "OPENED_NO_REPLY",
            "LINK_CLICKED",
            "COMPLETED_NO_REPLY",
            "NO_OPENS",
        ):
            self.assertGreater(self.count(filter=f"FILTER_VAL_{name}"), 0, name)
        for name in (
            "VAL_IN_SUBSEQUENCE",
            "LEAD_MEETING_COMPLETED",
            "LEAD_CLOSED",
            "LEAD_LOST",
            "LEAD_NO_SHOW",
            "LEAD_CUSTOM_LABEL_POSITIVE",
            "LEAD_CUSTOM_LABEL_NEGATIVE",
        ):
            self.assertEqual(self.count(filter=f"FILTER_{name}"), 0, name)
        self.refused(400, "POST", "/leads/list", {"filter": "FILTER_VAL_X"})

    def test_selectors(self) -> None:
        """Search, ids, excluded ids, contacts and codes select; unknown is ignored."""
        first = self.ok("POST", "/leads/list", {"limit": 3})["items"]
        ids = [each["id"] for each in first]
        name = f"{first[0]['first_name']} {first[0]['last_name']}"
        self.assertIn(first[0], self.found(search=name.upper()))
        self.assertEqual(self.found(search=first[1]["email"]), [first[1]])
        self.assertEqual(self.found(ids=ids[:2], excluded_ids=ids[:1]), [first[1]])
        self.assertEqual(self.found(contacts=[first[2]["email"].upper()]), [first[2]])
        self.assertEqual(self.found(ids=[]), [])
        self.assertEqual(self.count(esg_code="none"), 1200)
        self.assertEqual(self.count(esg_code="all"), 1200)
        self.assertEqual(self.count(esg_code="1"), 0)
        self.assertEqual(self.count(enrichment_status=1), 0)
        self.assertEqual(self.count(smart_view_id="x"), 0)
        self.assertEqual(self.count(organization_user_ids=["x"]), 0)
        self.assertEqual(self.count(status="1"), 1200)

    def test_smart_queries(self) -> None:
        """Smart view queries count actions within days, and match interest."""

        def query(kind: str, **values: Any) -> int:
            return self.count(queries=[{"actionType": kind, "values": values}])

        more = {"condition": "more", "count": 0}
        self.assertEqual(query("reply", **{"occurrence-count": more}), 40)
        old = {"occurrence-count": more, "occurrence-days": 1}
        self.assertLess(query("email-open", **old), query("email-open", **{}))
        self.assertEqual(
            query("last-contacted"), self.count(filter="FILTER_VAL_CONTACTED")
        )
        status = {"status": 1, "condition": "is"}
        interested = query("lead-status", **{"lead-status": status})
        self.assertEqual(interested, self.count(filter="FILTER_LEAD_INTERESTED"))
        status["condition"] = "is-not"
        self.assertEqual(
            query("lead-status", **{"lead-status": status}), 1200 - interested
        )

    def test_create_in_campaign(self) -> None:
        """A lead's fields and variables arrive; the campaign learns the variables."""
        id = self.campaign()["id"]
        lead = self.lead_in(
            id,
            "Quiet.New@Example.org",
            first_name="New",
            job_title="Boss",
            custom_variables={"city": "Rome", "size": 5},
        )
        self.assertEqual(lead["email"], "quiet.new@example.org")
        self.assertEqual(
            lead["payload"],
            {"firstName": "New", "jobTitle": "Boss", "city": "Rome", "size": 5},
        )
        self.assertEqual(self.ok("GET", f"/leads/{lead['id']}"), lead)
        campaign = self.ok("GET", f"/campaigns/{id}")
        self.assertEqual(sorted(campaign["custom_variables"]), ["city", "size"])

    def test_create_refusals(self) -> None:
        """A campaign needs an address, a list any name; nothing else is accepted."""
        campaign = self.campaign()["id"]
        list_id = self.ok("POST", "/lead-lists", {"name": "L"})["id"]
        self.ok("POST", "/leads", {"list_id": list_id, "first_name": "Only"})
        for body in (
            {"campaign": campaign, "first_name": "Only"},
            {"list_id": list_id, "phone": "1"},
            {"email": "quiet.x@example.org"},
            {"campaign": campaign, "email": "no address"},
            {"campaign": campaign, "email": "quiet.x@example.org", "typo": 1},
            {
                "campaign": campaign,
                "email": "quiet.x@example.org",
                "custom_variables": {"nested": {}},
            },
            {
                "campaign": campaign,
                "email": "quiet.x@example.org",
                "lt_interest_status": -5,
            },
        ):
            self.refused(400, "POST", "/leads", body)
        body = {"campaign": "none", "email": "quiet.x@example.org"}
        self.refused(404, "POST", "/leads", body)

    def test_duplicates_and_skips(self) -> None:
        """The same lead twice is one lead; skip flags mean any campaign or list."""
        a, b = self.campaign()["id"], self.campaign()["id"]
        email = "quiet.dup@example.org"
        first = self.lead_in(a, email)
        self.assertEqual(self.lead_in(a, email)["id"], first["id"])
        self.assertNotEqual(self.lead_in(b, email)["id"], first["id"])
        c = self.campaign()["id"]
        skipped = self.lead_in(c, email, skip_if_in_campaign=True)
        self.assertEqual(skipped["id"], first["id"])
        listed = self.ok("POST", "/leads/list", {"in_list": True, "limit": 1})["items"][
            0
        ]
        for flag in ("skip_if_in_list", "skip_if_in_workspace"):
            skipped = self.lead_in(c, listed["email"], **{flag: True})
            self.assertEqual(skipped["id"], listed["id"])

    def test_change_and_delete(self) -> None:
        """PATCH sets and clears fields and merges variables; DELETE returns it."""
        id = self.campaign(pl_value=500)["id"]
        lead = self.lead_in(id, "quiet.c@example.org", custom_variables={"a": 1})
        path = f"/leads/{lead['id']}"
        changed = self.ok(
            "PATCH",
            path,
            {
                "website": "w",
                "phone": None,
                "lt_interest_status": 2,
                "custom_variables": {"b": 2},
            },
        )
        self.assertEqual((changed["website"], changed["phone"]), ("w", None))
        self.assertEqual(changed["payload"], {"a": 1, "b": 2, "website": "w"})
        numbers = self.ok("GET", "/campaigns/analytics", id=id)[0]
        self.assertEqual(numbers["total_opportunities"], 1)
        self.assertEqual(numbers["total_opportunity_value"], 500)
        self.refused(400, "PATCH", path, {})
        self.refused(400, "PATCH", path, {"email": "x@example.org"})
        self.assertEqual(self.ok("DELETE", path)["id"], lead["id"])
        self.refused(404, "DELETE", path)
        self.refused(404, "PATCH", path, {"website": "w"})

    def count(self, **selection: Any) -> int:
        """How many leads a selection finds."""
        pages = self.pages("POST", "/leads/list", limit=100, **selection)
        return sum(len(page) for page in pages)

    def found(self, **selection: Any) -> Any:
        """The first page of a selection."""
        return self.ok("POST", "/leads/list", {"limit": 100, **selection})["items"]


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
        """A thousand leads are taken in one call; one more, or none, is refused."""
        id = self.campaign()["id"]
        leads = [{"email": f"quiet.{number}@example.org"} for number in range(1001)]
        body = {"campaign_id": id, "leads": leads[:1000]}
        self.assertEqual(self.ok("POST", "/leads/add", body)["leads_uploaded"], 1000)
        message = self.refused(400, "POST", "/leads/add", {**body, "leads": leads})
        self.assertEqual(message, "body/leads must NOT have more than 1000 items")
        self.refused(400, "POST", "/leads/add", {**body, "leads": []})

    def test_one_target(self) -> None:
        """Neither or both of campaign_id and list_id: refused."""
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
        """Leads are where they were until the job has succeeded."""
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
        """Copies leave the leads where they are and are leads of their own."""
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
        """Duplicates are left out on request, the limit holds, interest is reset."""
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

    def test_no_selector_moves_everything(self) -> None:
        """A target alone moves every lead of the workspace, as the API would."""
        job = self.move()
        self.assertEqual(self.finished(job)["data"]["moved_leads"], 1204)

    def test_moved_lead_begins_anew(self) -> None:
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
        """No target, two targets, ids without their source, unknown target."""
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
        """The cursor is a timestamp; lists made in one instant are not lost."""
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
