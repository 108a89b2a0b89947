"""Resources, prompts and completions on the simulated Instantly, by the real client."""

from __future__ import annotations

from typing import Any

from instantly_mcp.api.interfaces import IInstantly
from instantly_mcp.features.workspace.memory.name_cache import CACHE_SECONDS
from instantly_mcp.sandbox.workspaces import Sandbox
from tests.features.cases import NOW
from tests.features.feature_cases import FeatureTestCase
from tests.features.on_sandbox import client_of

SECRET = "sandbox-offering"
"""The key that these tests use."""


class SandboxTests(FeatureTestCase):
    mode = "sandbox"

    def reached(self) -> IInstantly:
        """Return the real client on a sandbox."""
        self.sandbox = Sandbox(self.clock, start=NOW, rate_limited=False)
        return client_of(self.sandbox, self.clock)

    def completed(self, prompt: str, name: str, typed: str) -> list[str]:
        """Return the completions of a prompt's argument."""
        ref = {"type": "ref/prompt", "name": prompt}
        params = {"ref": ref, "argument": {"name": name, "value": typed}}
        result = self.ask("completion/complete", params)
        found: list[str] = result["completion"]["values"]
        return found

    def thread(self) -> str:
        """Return a thread that has a reply."""
        world = self.sandbox.workspace(SECRET).current_world()
        answers = [mail for mail in world.emails.values() if mail["ue_type"] == 2]
        return str(answers[-1]["thread_id"])

    def test_every_resource(self) -> None:
        """Each resource and template is readable with completed values."""
        world = self.sandbox.workspace(SECRET).current_world()
        campaign = self.completed("launch_preflight", "campaign", "")[0]
        lead_list = self.completed("list_hygiene", "list", "")[0]
        self.assertIn(campaign, world.campaigns)
        self.assertIn(lead_list, world.lists)
        account, lead = next(iter(world.accounts)), next(iter(world.leads))
        for path in (
            "workspace",
            f"campaigns/{campaign}",
            f"campaigns/{campaign}/preflight",
            f"campaigns/{campaign}/analytics?from=2026-01-01",
            f"leads/{lead}",
            f"lists/{lead_list}/scorecard",
            f"accounts/{account}",
            f"threads/{self.thread()}",
        ):
            got = self.read(f"instantly://{path}")
            self.assertNotIn("unknown", got, path)

    def test_unknown_ids(self) -> None:
        """Unknown ids are resources that do not exist."""
        gone = "0190a4f2-5d6a-7c11-8f00-2b8a4c1d9e77"
        for path in (
            f"campaigns/{gone}",
            f"campaigns/{gone}/preflight",
            f"campaigns/{gone}/analytics",
            f"leads/{gone}",
            f"lists/{gone}/scorecard",
            "accounts/unknown@example.com",
            f"threads/{gone}",
            f"jobs/{gone}",
        ):
            asking = self.asking("resources/read", {"uri": f"instantly://{path}"})
            self.clock.advance(1)
            error: Any = self.failureResultOf(asking).value
            self.assertEqual(error.code, -32002, path)

    def test_every_prompt(self) -> None:
        """Each prompt gathers its facts, and none of them is unknown."""
        for name, arguments in (
            ("launch_preflight", {"campaign": "q4 fintech"}),
            ("morning_inbox", {"limit": "5"}),
            ("why_not_sending", {"campaign": "Q4 Fintech"}),
            ("weekly_report", {"campaigns": "Q4 Fintech", "range": "last_14_days"}),
            ("list_hygiene", {"list": "Partner referrals"}),
            ("reply_triage", {"thread": self.thread()}),
            ("client_report", {}),
        ):
            text = self.prompt(name, **arguments)
            self.assertNotIn("## Not known", text, name)
            self.assertGreater(len(text), 800, name)

    def test_nothing_is_sent(self) -> None:
        """Reading everything changes nothing and sends nothing."""
        before = len(self.sandbox.outbox(SECRET))
        self.test_every_prompt()
        self.test_every_resource()
        self.assertEqual(len(self.sandbox.outbox(SECRET)), before)

    def test_names_grow_old(self) -> None:
        """A new campaign is found once the cached names expire."""
        self.assertEqual(self.completed("launch_preflight", "campaign", "zebra"), [])
        world = self.sandbox.workspace(SECRET).current_world()
        any_campaign = next(iter(world.campaigns.values()))
        any_campaign.shown["name"] = "Zebra"
        self.assertEqual(self.completed("launch_preflight", "campaign", "zebra"), [])
        self.clock.advance(CACHE_SECONDS + 1)
        found = self.completed("launch_preflight", "campaign", "zebra")
        self.assertEqual(found, [any_campaign.id])
