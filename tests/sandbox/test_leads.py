"""Leads of the sandbox, one by one: listing, creating, changing, deleting."""

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
        """Every address is under a reserved domain."""
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

    def test_limit_as_a_float(self) -> None:
        """A limit of 5.0 is one of 5, as JSON Schema has it."""
        found = self.ok("POST", "/leads/list", {"limit": 5.0})
        self.assertEqual(len(found["items"]), 5)

    def test_cursor_must_be_an_id(self) -> None:
        """Without distinct_contacts an e-mail address is not accepted as a cursor."""
        self.refused(400, "POST", "/leads/list", {"starting_after": "a@example.org"})

    def test_campaign_and_list(self) -> None:
        """A campaign or a list selects the leads that are in it."""
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
        """Each documented filter selects what its name says."""
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


class InterestTests(SandboxTestCase):
    path = "/leads/update-interest-status"

    def test_sets_and_resets(self) -> None:
        """The status of the lead of one campaign changes a little later."""
        a, b = self.campaign()["id"], self.campaign()["id"]
        here, there = (self.lead_in(each, "x@example.org")["id"] for each in (a, b))
        for value in (2, None):
            given = {
                "lead_email": " X@example.org",
                "interest_value": value,
                "campaign_id": a,
            }
            self.assertEqual(self.ask("POST", self.path, given).status, 202)
            self.pass_time(seconds=5)
            lead = self.ok("GET", f"/leads/{here}")
            self.assertEqual(lead.get("lt_interest_status"), value)
            other = self.ok("GET", f"/leads/{there}")
            self.assertNotIn("lt_interest_status", other)

    def test_needs_a_lead(self) -> None:
        """An address that the list does not have is not found."""
        given = {"lead_email": "no@example.org", "interest_value": None}
        self.refused(404, "POST", self.path, given)
