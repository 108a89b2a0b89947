"""The sandbox knows the workspace and its plan."""

from __future__ import annotations

from instantly_mcp.sandbox.world import CREDITS
from tests.sandbox.calls import SandboxTestCase


class WorkspaceTests(SandboxTestCase):
    def test_workspace(self) -> None:
        """The current workspace is the one that accounts and leads name."""
        got = self.ask("GET", "/workspaces/current").json
        account = self.ask("GET", "/accounts", limit=1).json["items"][0]
        self.assertEqual(got["id"], account["organization"])
        self.assertEqual(got["name"], "Sandbox")

    def test_plan_counts_leads(self) -> None:
        """The plan's lead count grows with every lead."""
        before = self.plan()["outreach"]["current_lead_count"]
        campaign = self.ask("GET", "/campaigns", limit=1).json["items"][0]["id"]
        lead = {"campaign": campaign, "email": "new.lead@example.org"}
        self.ask("POST", "/leads", lead)
        self.assertEqual(self.plan()["outreach"]["current_lead_count"], before + 1)

    def test_plan_counts_credits(self) -> None:
        """A verification takes a credit from those that are left."""
        self.assertEqual(self.plan()["credits"]["available_credits"], CREDITS)
        self.ask("POST", "/email-verification", {"email": "a@example.org"})
        self.assertEqual(self.plan()["credits"]["available_credits"], CREDITS - 1)

    def plan(self):
        """Return the subscriptions."""
        return self.ask("GET", "/workspace-billing/plan-details").json["subscriptions"]
