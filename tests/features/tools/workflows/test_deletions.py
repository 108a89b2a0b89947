"""Deletions: what goes with a thing is named before, and in the result."""

from __future__ import annotations

from typing import Any

from instantly_mcp.api.errors import Reason
from tests.features.cases import ToolTestCase
from tests.features.era_cases import ERAS, EraTestCase
from tests.support.instantly import api_error

TOOLS = {
    "delete_lead": ("lead_id", "deleteLead"),
    "delete_lead_list": ("list_id", "deleteLeadList"),
    "delete_campaign": ("campaign_id", "deleteCampaign"),
    "delete_account": ("email", "deleteAccount"),
}
THING = "00000000-0000-7000-8000-000000000001"
"""An id, which is not looked up as a name."""

ANN = "ann@example.com"


def named(tool: str) -> dict[str, str]:
    """Return the arguments that name the thing of a tool."""
    return {TOOLS[tool][0]: ANN if tool == "delete_account" else THING}


class DeletionTests(ToolTestCase):
    def dry_and_real(self, tool: str) -> Any:
        """Make a dry run, then delete; return the facts, which must be the same."""
        dry = self.value(tool, **named(tool), dry_run=True)
        self.assertEqual(self.instantly.calls(TOOLS[tool][1]), [])
        self.assertIn("Nothing was deleted", dry["next"])
        real = self.value(tool, **named(tool))
        self.assertEqual(len(self.instantly.calls(TOOLS[tool][1])), 1)
        self.assertEqual(self.instantly.ids[-1], TOOLS[tool][1])
        self.assertEqual(real["deleted"], dry["would_delete"])
        self.assertEqual(real["with_it"], dry["with_it"])
        self.assertEqual(real.get("warnings"), dry.get("warnings"))
        return real

    def test_lead(self) -> None:
        """A lead goes with its history and its variables."""
        self.instantly.answers(
            "getLead",
            {
                **{"id": THING, "email": ANN, "first_name": "Ann", "last_name": "Lee"},
                **{"campaign": "c1", "status": 3, "email_reply_count": 2},
                "payload": {"tier": "gold"},
            },
        )
        got = self.dry_and_real("delete_lead")
        self.assertEqual(got["deleted"]["name"], "Ann Lee")
        self.assertEqual(got["deleted"]["email"], ANN)
        self.assertEqual(got["deleted"]["status_label"], "completed")
        self.assertEqual(got["with_it"], {"replies": 2, "variables": 1})

    def test_list(self) -> None:
        """A list goes with its leads."""
        self.instantly.answers("getLeadList", {"id": THING, "name": "Partners"})
        self.instantly.answers("getVerificationStats", {"stats": {}, "total_leads": 50})
        got = self.dry_and_real("delete_lead_list")
        self.assertEqual(got["deleted"], {"id": THING, "name": "Partners"})
        self.assertEqual(got["with_it"], {"leads": 50})

    def test_campaign(self) -> None:
        """A campaign goes with its leads and statistics; an active one stops."""
        campaign = {"id": THING, "name": "Spring", "status": 1, "email_list": [ANN]}
        self.instantly.answers("getCampaign", campaign)
        self.instantly.answers(
            "getCampaignAnalytics", [{"leads_count": 9, "emails_sent_count": 20}]
        )
        got = self.dry_and_real("delete_campaign")
        self.assertEqual(got["with_it"], {"leads": 9, "emails_sent": 20, "senders": 1})
        self.assertIn("active", got["warnings"][0])

    def test_account(self) -> None:
        """An account is missed by its campaigns, most where it is the only sender."""
        self.instantly.answers("getAccount", {"email": ANN, "stat_warmup_score": 97})
        self.instantly.answers(
            "getAccountCampaignMapping",
            {
                "items": [
                    {"campaign_id": f"c{n}", "campaign_name": f"C{n}", "status": n % 2}
                    for n in range(14)
                ]
            },
        )
        self.instantly.answers(
            "getCampaign",
            {"id": "c1", "name": "C1", "email_list": [ANN.upper()]},
            {"id": "c3", "name": "C3", "email_list": [ANN, "bob@example.com"]},
            {"id": "c5", "name": "C5", "email_list": [ANN], "email_tag_list": ["t"]},
            api_error(Reason.TIMEOUT, "getCampaign"),
            {"id": "c9", "name": "C9", "email_list": None},
        )
        dry = self.value("delete_account", email=ANN, dry_run=True)
        self.assertEqual(dry["with_it"]["campaigns"], 14)
        self.assertEqual(dry["with_it"]["active_campaigns"], 7)
        self.assertEqual(len(dry["with_it"]["named_campaigns"]), 10)
        self.assertEqual(dry["with_it"]["warmup_score"], 97)
        (warning,) = dry["warnings"]
        self.assertIn("only sender of the active campaign C1", warning)
        self.assertEqual(dry["with_it"]["active_campaigns_not_read"], 2)
        self.assertEqual(list(dry["unknown"]), ["c7"])

    def test_an_account_of_many_campaigns(self) -> None:
        """Beyond a hundred campaigns are not counted, and the result says so."""
        self.instantly.answers("getAccount", {"email": ANN})
        mapping = {"campaign_id": "c", "campaign_name": "C", "status": 2}
        self.instantly.answers("getAccountCampaignMapping", {"items": [mapping] * 100})
        dry = self.value("delete_account", email=ANN, dry_run=True)
        self.assertEqual(dry["with_it"]["campaigns"], 100)
        self.assertTrue(dry["with_it"]["more_campaigns"])

    def test_not_found(self) -> None:
        """What does not exist is not deleted."""
        for tool, reads in (
            ("delete_lead", "getLead"),
            ("delete_lead_list", "getLeadList"),
            ("delete_campaign", "getCampaign"),
            ("delete_account", "getAccount"),
        ):
            missing = api_error(Reason.NOT_FOUND, reads, status=404)
            self.instantly.answers(reads, missing)
            error = self.failure(tool, **named(tool))
            self.assertEqual(error["code"], "not_found", tool)
            self.assertEqual(self.instantly.calls(TOOLS[tool][1]), [])

    def test_unknown_dependents(self) -> None:
        """What this key may not read is unknown, and named so."""
        refused = api_error(Reason.SCOPE_MISSING, "getLeadList", status=403)
        self.instantly.answers("getLeadList", refused)
        self.instantly.answers("getVerificationStats", refused)
        got = self.dry_and_real("delete_lead_list")
        self.assertEqual(got["deleted"], {"id": THING})
        self.assertEqual(set(got["unknown"]), {"list", "leads"})


class SandboxDeletionTests(EraTestCase):
    def ids(self, version: str, listing: str, key: str) -> list[Any]:
        """Return what a list tool shows."""
        return [each[key] for each in self.value(version, listing)["items"]]

    def test_every_deletion(self) -> None:
        """A dry run changes nothing; the deletion names the same, in every era."""
        lists = {
            "delete_campaign": "list_campaigns",
            "delete_account": "list_accounts",
            "delete_lead": "list_leads",
            "delete_lead_list": "list_lead_lists",
        }
        for version in ERAS:
            self.start_server()
            for tool, listing in lists.items():
                argument = TOOLS[tool][0]
                key = "email" if argument == "email" else "id"
                first = self.value(version, listing)["items"][0][key]
                given = {argument: first}
                dry = self.value(version, tool, **given, dry_run=True)
                self.assertNotIn("unknown", dry, tool)
                self.assertTrue(dry["with_it"], tool)
                self.assertIn(first, self.ids(version, listing, key), tool)
                real = self.value(version, tool, **given)
                self.assertEqual(real["deleted"], dry["would_delete"], tool)
                self.assertNotIn(first, self.ids(version, listing, key), tool)
