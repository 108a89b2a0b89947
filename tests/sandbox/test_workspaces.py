"""The workspace and its plan, and the ids of different workspaces."""

from __future__ import annotations

from instantly_mcp.sandbox.seed import seeded_world
from instantly_mcp.sandbox.workspaces import DEFAULT_START
from instantly_mcp.sandbox.world import INITIAL_CREDITS
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
        self.assertEqual(self.plan()["credits"]["available_credits"], INITIAL_CREDITS)
        self.ask("POST", "/email-verification", {"email": "a@example.org"})
        self.assertEqual(
            self.plan()["credits"]["available_credits"], INITIAL_CREDITS - 1
        )

    def plan(self):
        """Return the subscriptions."""
        return self.ask("GET", "/workspace-billing/plan-details").json["subscriptions"]


class IdTests(SandboxTestCase):
    """Two keys never share an id."""

    def ids(self, key: str, **headers: str) -> set[str]:
        """Return every id in a key's workspace."""
        world = self.sandbox.workspace(key, headers.get("workspace")).current_world()
        found = {world.id, world.user_id, *world.campaigns, *world.lists, *world.leads}
        found |= {*world.emails, *world.threads, *world.jobs}
        return found | {
            tag["id"] for one in world.accounts.values() for tag in one.tags
        }

    def test_no_id_of_another_key(self) -> None:
        """Each key and each workspace has ids that are in no other."""
        worlds = [
            self.ids("sandbox"),
            self.ids("sandbox-a"),
            self.ids("sandbox-b"),
            self.ids("sandbox-a", workspace="sub"),
            self.ids("sandbox", workspace="other"),
        ]
        self.assertEqual(len(set.union(*worlds)), sum(map(len, worlds)))

    def test_one_key_keeps_its_ids(self) -> None:
        """The same key has the same ids again; those of ``sandbox`` never change."""
        first, plain = self.ids("sandbox-a"), self.ids("sandbox")
        self.sandbox.reset("sandbox-a")
        self.assertEqual(self.ids("sandbox-a"), first)
        self.assertTrue(
            plain >= set(seeded_world("42", DEFAULT_START.timestamp()).campaigns)
        )

    def test_same_people(self) -> None:
        """The people and the numbers are the same for each key."""
        names = []
        for self.key in ("sandbox", "sandbox-a"):
            body = {"limit": 100}
            leads = self.ok("POST", "/leads/list", body)["items"]
            names.append([lead["email"] for lead in leads])
        self.assertEqual(*names)
