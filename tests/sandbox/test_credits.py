"""Verifying an address costs a credit, and is refused when no credit is left."""

from __future__ import annotations

from typing import Any

from instantly_mcp.catalog.index import BY_ID, OPERATIONS
from instantly_mcp.catalog.operation import Risk
from instantly_mcp.sandbox.world import INITIAL_CREDITS

from .calls import SandboxTestCase

NEW = {"email": "ada@example.org", "first_name": "Ada"}


class CreditsTests(SandboxTestCase):
    def setUp(self) -> None:
        """Create a list for new leads."""
        super().setUp()
        self.list_id = self.ok("POST", "/lead-lists", {"name": "New"})["id"]

    def left(self) -> int:
        """Return how many credits the workspace reports."""
        plan = self.ok("GET", "/workspace-billing/plan-details")["subscriptions"]
        credits: int = plan["credits"]["available_credits"]
        return credits

    def add(self, *leads: Any, **more: Any) -> Any:
        """Add leads to the list, to be verified."""
        body = {"list_id": self.list_id, "leads": list(leads), **more}
        return self.ok("POST", "/leads/add", {"verify_leads_on_import": True, **body})

    def test_bulk_add(self) -> None:
        """Adding many leads with verification costs a credit for each address."""
        people = [{"email": f"p{number}@example.org"} for number in range(7)]
        self.add(*people)
        self.assertEqual(self.left(), INITIAL_CREDITS - 7)
        self.add(*people, {"first_name": "No", "last_name": "Address"})
        self.assertEqual(
            self.left(), INITIAL_CREDITS - 7, "those that are there cost nothing"
        )
        self.add({"email": "x@example.org"}, verify_leads_on_import=False)
        self.assertEqual(self.left(), INITIAL_CREDITS - 7)

    def test_one_lead(self) -> None:
        """One new lead costs one credit with either of the two flags, or both."""
        flags = ("verify_leads_on_import", "verify_leads_for_lead_finder")
        for spent, chosen in enumerate((flags[:1], flags[1:], flags), start=1):
            lead = {**NEW, "email": f"l{spent}@example.org", "list_id": self.list_id}
            self.ok("POST", "/leads", {**lead, **dict.fromkeys(chosen, True)})
            self.assertEqual(self.left(), INITIAL_CREDITS - spent)

    def test_too_few(self) -> None:
        """A call that the credits do not suffice for is a 402 without effect."""
        self.world().credits = 2
        body = {
            "list_id": self.list_id,
            "verify_leads_on_import": True,
            "leads": [{"email": f"p{number}@example.org"} for number in range(3)],
        }
        before = len(self.world().leads)
        self.refused(402, "POST", "/leads/add", body)
        self.assertEqual((self.left(), len(self.world().leads)), (2, before))
        self.add({"email": "p0@example.org"}, {"email": "p1@example.org"})
        lead = {**NEW, "list_id": self.list_id, "verify_leads_on_import": True}
        self.refused(402, "POST", "/leads", lead)
        self.refused(402, "POST", "/email-verification", {"email": "a@example.org"})
        self.assertEqual((self.left(), len(self.world().leads)), (0, before + 2))

    def test_every_paid_action(self) -> None:
        """No other operation of the catalog spends credits."""
        paid = {
            operation.id
            for operation in OPERATIONS
            if Risk.SPENDS in operation.risks
            or any(name.startswith("verify_") for name in operation.by_name)
        }
        single = {"createEmailVerification", "createLead"}
        many = {"bulkAddLeads", "createSuperSearchEnrichment"}
        self.assertEqual(paid, single | many)
        for id in single | many:
            risky = {*BY_ID[id].risks, *BY_ID[id].risks_of.values()}
            self.assertIn(Risk.SPENDS, risky, id)


class EnrichmentTests(SandboxTestCase):
    path = "/supersearch-enrichment/"

    def test_verifies_a_list(self) -> None:
        """Unverified addresses are verified for a credit each, up to the limit."""
        id = self.ok("POST", "/lead-lists", {"name": "N"})["id"]
        leads = [{"email": f"p{n}@example.org"} for n in range(5)]
        self.ok("POST", "/leads/add", {"list_id": id, "leads": leads})
        self.refused(404, "GET", self.path + id)
        before = self.world().credits
        given = {"resource_id": id, "type": "email_verification", "limit": 3}
        self.ok("POST", self.path, given)
        self.assertTrue(self.ok("GET", self.path + id)["in_progress"])
        self.assertEqual(before - self.world().credits, 3)
        self.pass_time(seconds=30)
        self.assertFalse(self.ok("GET", self.path + id)["in_progress"])
        self.ok("POST", self.path, {**given, "limit": 50})
        self.assertEqual(before - self.world().credits, 5)

    def test_refusals(self) -> None:
        """Other types, unknown lists and too few credits change nothing."""
        id = self.ok("GET", "/lead-lists")["items"][0]["id"]
        self.refused(400, "POST", self.path, {"resource_id": id, "type": "news"})
        given = {"resource_id": "no", "type": "email_verification"}
        self.refused(404, "POST", self.path, given)
