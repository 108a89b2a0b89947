"""A tool that writes several times asks once, and before it changes anything."""

from __future__ import annotations

from typing import Any

from instantly_mcp.access.campaign_limits import CampaignLimits
from instantly_mcp.access.decisions import Decision, Policy

from .test_token_confirmation import CAMPAIGN, ConfirmCase

LEADS = [{"email": f"lead{number}@example.com"} for number in range(2500)]
BULK = {"campaign_id": "c1", "leads": LEADS}
ADDED = {"total_sent": 1000, "leads_uploaded": 1000}
TOOL = "add_leads_to_campaign_or_list_bulk"


class ChunkTests(ConfirmCase):
    """2,500 leads are three calls of one operation."""

    def setUp(self) -> None:
        super().setUp()
        self.instantly.answers("bulkAddLeads", ADDED)

    def test_asked_once(self) -> None:
        """One consent covers all chunks, and shows the number of all leads."""
        error = self.required(TOOL, **BULK)
        self.assertIn("Leads: 2500", "\n".join(error["preview"]["shows"]))
        self.value(TOOL, **BULK, confirm_token=error["confirm_token"])
        self.assertEqual(len(self.instantly.calls("bulkAddLeads")), 3)

    def test_started_meanwhile(self) -> None:
        """If the campaign starts between two chunks, the rest is not sent.

        The result says what was done before.
        """
        draft = {**CAMPAIGN, "status": 0}
        self.instantly.answers("getCampaign", draft, draft, CAMPAIGN)
        error = self.failure(TOOL, **BULK)
        self.assertEqual(error["code"], "not_allowed")
        self.assertEqual(error["not_sent"], 1500)
        self.assertEqual(error["so_far"]["leads_uploaded"], 1000)
        self.assertEqual(len(self.instantly.calls("bulkAddLeads")), 1)


class TwoOperationsTests(ConfirmCase):
    """`update_lead` changes the lead, and resets its interest with another call."""

    arguments: dict[str, Any] = {
        "lead_id": "l1",
        "phone": "1",
        "reset": ["lt_interest_status"],
    }

    def setUp(self) -> None:
        super().setUp()
        lead = {"id": "l1", "email": "a@example.com", "campaign": "c1"}
        self.instantly.answers("getLead", lead)
        self.instantly.answers("patchLead", lead)

    def test_asked_once(self) -> None:
        """Both are sent after one consent."""
        token = self.token("update_lead", **self.arguments)
        self.assertEqual(self.instantly.calls("patchLead"), [])
        self.value("update_lead", **self.arguments, confirm_token=token)
        self.assertEqual(len(self.instantly.calls("updateLeadInterestStatus")), 1)

    def test_plain_writes(self) -> None:
        """Also where the operator wants every change to be confirmed."""
        self.asking.policy = Policy(writes=Decision.CONFIRM)
        lead = {"id": "l1", "email": "a@example.com", "list_id": "x"}
        self.instantly.answers("getLead", lead)
        self.instantly.answers("patchLead", lead)
        token = self.token("update_lead", **self.arguments)
        self.value("update_lead", **self.arguments, confirm_token=token)
        self.assertEqual(len(self.instantly.calls("updateLeadInterestStatus")), 1)


class NothingBeforeTests(ConfirmCase):
    """What a tool notes before it writes is not noted for a write that is refused."""

    def test_list_verification(self) -> None:
        """A verification that waits for a confirmation has not begun."""
        self.instantly.answers("getLeadList", {"id": "x", "name": "Fair"})
        self.instantly.answers("getVerificationStats", {"total_leads": 2, "stats": {}})
        self.instantly.answers("getEnrichmentForResource", {})
        id = "019b0821-ee00-7000-8002-33b55e5b2cc9"
        given = {"list_id": id, "agreed_credits": 2, "max_wait_seconds": 0}
        error = self.required("verify_email", **given)
        self.assertIn("2", "\n".join(error["preview"]["shows"]))
        token = error["confirm_token"]
        got = self.value("verify_email", **given, confirm_token=token)
        self.assertTrue(got["started"])
        self.assertEqual(len(self.instantly.calls("createSuperSearchEnrichment")), 1)


class OneReadTests(ConfirmCase):
    """What is read about a write is read once: to count, to check and to show it."""

    def test_selected_leads(self) -> None:
        """The leads that a move selects are counted and shown from one page."""
        self.asking.counts_selections = True
        self.instantly.answers("listLeads", {"items": [{"id": "l1"}, {"id": "l2"}]})
        given = {"list_id": "x", "to_campaign_id": "c1"}
        error = self.required("move_leads_to_campaign_or_list", **given)
        self.assertIn("Leads: 2", "\n".join(error["preview"]["shows"]))
        self.assertEqual(len(self.instantly.calls("listLeads")), 1)

    def test_campaign_of_the_operators_lists(self) -> None:
        """The name that the operator's lists are about costs no read of its own."""
        given = {"campaign": "c1", "email": "a@example.com"}
        self.required("create_lead", **given)
        reads = len(self.instantly.calls("getCampaign"))
        self.asking.campaigns = CampaignLimits(allow=frozenset({"Spring"}))
        self.required("create_lead", **given)
        self.assertEqual(len(self.instantly.calls("getCampaign")), 2 * reads)

    def test_renamed_meanwhile(self) -> None:
        """Each call reads again: a campaign that got another name is not changed."""
        self.asking.campaigns = CampaignLimits(allow=frozenset({"Spring"}))
        given = {"campaign": "c1", "email": "a@example.com"}
        token = self.token("create_lead", **given)
        self.instantly.answers("getCampaign", {**CAMPAIGN, "name": "Autumn"})
        error = self.failure("create_lead", **given, confirm_token=token)
        self.assertEqual(error["code"], "not_allowed")
