"""Results warn about consequences that a caller may not expect."""

from __future__ import annotations

from typing import Any

from instantly_mcp.api.errors import Reason
from tests.features.cases import ToolTestCase
from tests.support.instantly import api_error

ADD = "add_leads_to_campaign_or_list_bulk"
MOVE = "move_leads_to_campaign_or_list"
JOB = {"id": "j1", "status": "pending", "progress": 0}
ACTIVE = {"id": "c1", "name": "Spring", "status": 1}
DRAFT = {"id": "c1", "name": "Spring", "status": 0}


class ActiveCampaignTests(ToolTestCase):
    """An active campaign mails leads that join it: the result says so."""

    CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
        ("create_lead", {"campaign": "c1", "email": "a@example.org"}),
        (ADD, {"campaign_id": "c1", "leads": [{"email": "a@example.org"}]}),
        (MOVE, {"to_campaign_id": "c1", "search": "x", "wait_seconds": 0}),
    )

    def setUp(self) -> None:
        """Let everything succeed."""
        super().setUp()
        self.instantly.answers("createLead", {"id": "l1", "status": 1})
        self.instantly.answers("bulkAddLeads", {"total_sent": 1, "leads_uploaded": 1})
        self.instantly.answers("moveLeads", JOB)

    def test_active(self) -> None:
        """The warning names the campaign and how to stop it."""
        for name, given in self.CALLS:
            self.instantly.answers("getCampaign", ACTIVE)
            (warning,) = self.value(name, **given)["warnings"]
            self.assertIn("Spring", warning)
            self.assertIn("pause_campaign", warning)

    def test_draft(self) -> None:
        """A draft sends nothing, so there is nothing to warn of."""
        for name, given in self.CALLS:
            self.instantly.answers("getCampaign", DRAFT)
            self.assertNotIn("warnings", self.value(name, **given))

    def test_lists_need_no_check(self) -> None:
        """A list sends nothing; no campaign is read."""
        self.value("create_lead", list_id="x", email="a@example.org")
        self.value(ADD, list_id="x", leads=[{"email": "a@example.org"}])
        self.value(MOVE, to_list_id="x", search="y", wait_seconds=0)
        self.assertEqual(self.instantly.calls("getCampaign"), [])

    def test_a_key_that_may_not_read_campaigns(self) -> None:
        """Leads are added even if the campaign cannot be read, with a warning."""
        for name, given in self.CALLS:
            self.instantly.answers(
                "getCampaign", api_error(Reason.SCOPE_MISSING, "getCampaign")
            )
            (warning,) = self.value(name, **given)["warnings"]
            self.assertIn("whether the campaign is active", warning)

    def test_a_campaign_that_is_not_there(self) -> None:
        """An unknown campaign is reported at once, and nothing is written."""
        for name, given in self.CALLS:
            self.instantly.answers(
                "getCampaign", api_error(Reason.NOT_FOUND, "getCampaign")
            )
            self.assertEqual(self.failure(name, **given)["code"], "not_found")
        for operation in ("createLead", "bulkAddLeads", "moveLeads"):
            self.assertEqual(self.instantly.calls(operation), [])

    def test_a_running_campaign_that_changes(self) -> None:
        """A change of a running campaign says that it takes effect at once."""
        self.instantly.answers("patchCampaign", ACTIVE)
        got = self.value("update_campaign", campaign_id="c1", daily_limit=5)
        self.assertIn("at once", got["warnings"][0])
        self.instantly.answers("patchCampaign", DRAFT)
        got = self.value("update_campaign", campaign_id="c1", daily_limit=5)
        self.assertNotIn("warnings", got)


class PartialTests(ToolTestCase):
    """Work that was done in part is never reported as done."""

    def test_leads_that_were_not_added(self) -> None:
        """The counters of leads that were not added become a sentence."""
        self.instantly.answers(
            "bulkAddLeads",
            {
                "total_sent": 4,
                "leads_uploaded": 1,
                "invalid_email_count": 2,
                "skipped_count": 1,
            },
        )
        leads = [{"email": f"p{n}@example.org"} for n in range(4)]
        (warning,) = self.value(ADD, list_id="x", leads=leads)["warnings"]
        self.assertIn("3 of 4 leads were not added", warning)
        self.assertIn("2 with an invalid address", warning)
        self.assertIn("1 skipped", warning)

    def test_a_job_that_failed_for_all(self) -> None:
        """A job that ended well but did nothing is a failure."""
        done = {**JOB, "status": "success"}
        data = {"total_to_process": 1, "success_count": 0, "failed_count": 1}
        self.instantly.answers("enableWarmupForAccounts", {**done, "data": data})
        failure = self.failure("enable_warmup", email="a@example.com")
        self.assertEqual(failure["code"], "job_failed")
        self.assertIn("1 of 1", failure["message"])

    def test_a_job_that_failed_for_some(self) -> None:
        """A job that did part of its work says which part failed."""
        done = {**JOB, "status": "success"}
        data = {"total_to_process": 3, "success_count": 2, "failed_count": 1}
        self.instantly.answers("enableWarmupForAccounts", {**done, "data": data})
        got = self.value("enable_warmup", email="a@example.com")
        self.assertIn("1 of 3", got["warnings"][0])

    def test_campaigns_without_numbers(self) -> None:
        """Ids for which there is no row are named."""
        self.instantly.answers("getCampaignAnalytics", [{"campaign_id": "a"}])
        got = self.value("get_campaign_analytics", campaign_ids=["a", "b"])
        self.assertEqual(got["without_data"], ["b"])
        got = self.value("get_campaign_analytics", campaign_id="a")
        self.assertNotIn("without_data", got)
