"""No attack in a workspace reaches an output uncleaned or unmarked, by any tool."""

from __future__ import annotations

from typing import Any

from instantly_mcp.sandbox.hostile import MARKER, add_attacks
from instantly_mcp.sandbox.workspaces import Sandbox
from tests.features.cases import NOW
from tests.features.era_cases import ERAS, KEY, EraTestCase
from tests.support.untrusted import leaks_of_tool

MORE: dict[str, dict[str, Any]] = {
    "list_leads": {"limit": 50},
    "list_emails": {"preview_only": False, "email_type": "all"},
    "get_email": {"include_html": True},
    "create_campaign": {
        "email_list": ["nora@hale.example.com"],
        "subject": "Hi",
        "body": "Hello",
    },
    "get_warmup_analytics": {"emails": ["nora@hale.example.com"]},
    "verify_email": {"email": "nora@hale.example.com"},
    "update_campaign": {"daily_limit": 5},
    "update_account": {"daily_limit": 5},
    "update_lead": {"job_title": "A title"},
    "update_lead_list": {"name": "A name"},
    "create_lead": {"email": "new@example.org"},
    "get_campaign_analytics": {},
}
"""Arguments that a tool does not need, but that show or change more."""

NAMES = (
    ("get_campaign", {"campaign_id": "Q4 Fintec"}),
    ("list_leads", {"campaign": "Q4 Fintech"}),
    ("list_leads", {"list_id": "Partner"}),
    ("get_campaign_analytics", {"id": "Healthcare pilot"}),
)
"""Names of no object, which are answered with the names of similar ones."""


UNKNOWN = "0190a4f2-5d6a-7c11-8f00-2b8a4c1d9e77"


NOT_WALKED = {
    "add_leads_to_campaign_or_list_bulk",
    "create_account",
    "get_background_job",
}
"""Tools for whose arguments the workspace has nothing."""


class HostileToolTests(EraTestCase):
    def new_sandbox(self) -> Sandbox:
        """Return a sandbox with hostile content."""
        return Sandbox(
            self.clock,
            start=NOW,
            rate_limited=False,
            prepare=lambda _, world: add_attacks(world),
        )

    def given(self) -> dict[str, Any]:
        """Return a value for each argument that a tool needs."""
        world = self.sandbox.workspace(KEY).current_world()
        mail = [each for each in world.emails.values() if each["ue_type"] == 2][-1]
        campaign, lead = next(iter(world.campaigns)), next(iter(world.leads))
        account = next(iter(world.accounts))
        return {
            "campaign_id": campaign,
            "campaign_ids": [campaign],
            "lead_id": lead,
            "list_id": next(iter(world.lists)),
            "email_id": mail["id"],
            "reply_to_uuid": mail["id"],
            "thread_id": mail["thread_id"],
            "email": account,
            "emails": [account],
            "contact_email": world.leads[lead].shown["email"],
            "subject": "Re: x",
            "body": {"text": "hi"},
            "name": "A name",
        }

    def check(self, tool: str, arguments: dict[str, Any]) -> bool:
        """Check a call in three revisions; return whether it succeeded in the last."""
        for version in (ERAS[0], ERAS[-2], ERAS[-1]):
            result = self.result(version, tool, arguments)
            leaks = leaks_of_tool(result)
            self.assertEqual(leaks, [], "\n".join([f"{tool} {version}:", *leaks]))
        return not result.get("isError")

    def test_every_tool(self) -> None:
        """Every tool, with what it needs, and with ids that do not exist."""
        given, failed, skipped = self.given(), set(), set()
        for tool in self.server.features.tools.listed():
            needs = tool.input_schema.get("required", ())
            if not set(needs) <= set(given):
                skipped.add(tool.name)
                continue
            arguments = {name: given[name] for name in needs}
            arguments |= MORE.get(tool.name, {})
            if tool.name == "create_lead":
                arguments["list_id"] = given["list_id"]
            if tool.name == "move_leads_to_campaign_or_list":
                arguments |= {
                    "to_list_id": given["list_id"],
                    "ids": [given["lead_id"]],
                    "campaign": given["campaign_id"],
                }
            if "dry_run" in tool.input_schema["properties"]:
                arguments["dry_run"] = True
            if not self.check(tool.name, arguments):
                failed.add(tool.name)
            unknown = {name: UNKNOWN for name in needs if name.endswith("_id")}
            if unknown:
                self.check(tool.name, {**arguments, **unknown})
        self.assertEqual(skipped, NOT_WALKED)
        self.assertEqual(failed, set())

    def test_candidates(self) -> None:
        """The names of similar objects are untrusted in errors as well."""
        for tool, arguments in NAMES:
            self.assertFalse(self.check(tool, arguments), tool)
            result = self.result(ERAS[-1], tool, arguments)
            self.assertIn(MARKER, result["content"][0]["text"], tool)

    def test_attacks_are_shown(self) -> None:
        """The texts are not just left out: a model may read what people wrote."""
        for tool in ("list_leads", "list_emails", "list_campaigns", "list_lead_lists"):
            text = self.result(ERAS[-1], tool, {})["content"][0]["text"]
            self.assertGreater(text.count(MARKER), 1, tool)
