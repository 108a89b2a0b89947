"""The reference resources, which hold facts and not workspace data."""

from __future__ import annotations

from instantly_mcp._rights import Level
from instantly_mcp.api.errors import Reason
from instantly_mcp.catalog.index import OPERATIONS
from instantly_mcp.catalog.operation import Risk
from instantly_mcp.catalog.schema import arguments_schema
from instantly_mcp.catalog.timezones import TIMEZONES
from instantly_mcp.protocol.wire.versions import V2026_07_28
from tests.features.feature_cases import FeatureTestCase
from tests.support.instantly import api_error
from tests.support.tool_counts import DEFAULT_TOOLS


class FactsTests(FeatureTestCase):
    def test_limits(self) -> None:
        """The limits name the workspace's, and each operation's own."""
        got = self.read("instantly://limits")
        self.assertEqual(got["workspace"]["operations"], {"listEmail": "20 in 60 s"})
        self.assertEqual(got["at_most"]["wait_seconds"], 45)

    def test_enums(self) -> None:
        """Codes come with their words, negative ones too."""
        got = self.read("instantly://enums")
        self.assertEqual(got["campaign_status"]["-2"], "bounce_protect")
        self.assertEqual(got["lead_interest"]["-4"], "no_show")
        self.assertIn("draining", got["job_status"])
        self.assertEqual(len(got["sending_status"]), 18)

    def test_timezones(self) -> None:
        """All 102 zones are listed, and well-known ones show how they are mapped."""
        got = self.read("instantly://timezones")
        self.assertEqual(got["offered_by_instantly"], list(TIMEZONES))
        placed = got["examples_for_09_to_17"]
        self.assertEqual(placed["America/New_York"]["used"], "America/Detroit")
        self.assertEqual(placed["America/Los_Angeles"]["shifted_minutes"], 60)

    def test_webhook_events(self) -> None:
        """Every type is named once, and the names that differ in events."""
        got = self.read("instantly://webhook-events")
        self.assertEqual(len(got["event_types"]), 19)
        self.assertEqual(len(set(got["event_types"])), 19)
        self.assertEqual(got["names_in_events"]["email_link_clicked"], "link_clicked")

    def test_checklist(self) -> None:
        """The checklist is Markdown that people can read."""
        uri = {"uri": "instantly://docs/deliverability-checklist"}
        contents = self.ask("resources/read", uri)["contents"][0]
        self.assertEqual(contents["mimeType"], "text/markdown")
        self.assertTrue(contents["text"].startswith("# Deliverability checklist\n"))

    def test_policy(self) -> None:
        """The policy says what is provided, and what needs whose consent."""
        got = self.read("instantly://policy")
        self.assertEqual(len(got["tools"]), DEFAULT_TOOLS)
        self.assertEqual(set(got["risks"]), {risk.value for risk in Risk})
        self.assertEqual(got["sending"], "on")
        rules = self.features.context.facts.rules(Level.FULL)
        self.assertEqual(got["changes"], rules["changes"])
        self.assertTrue(got["sends_real_mail"])

    def test_every_operation_has_a_schema(self) -> None:
        """Each operation of the catalog is described with its arguments."""
        for each in OPERATIONS:
            got = self.read(f"instantly://schema/{each.id}")
            self.assertEqual(got["arguments"], arguments_schema(each), each.id)
            self.assertEqual(got["risks"], sorted(r.value for r in each.risks))
        self.assertEqual(
            self.read("instantly://schema/listEmail")["limit"], "20 in 60 s"
        )

    def test_unknown_operation(self) -> None:
        """An operation that does not exist is a resource that does not."""
        uri = {"uri": "instantly://schema/nothing"}
        self.assertEqual(self.refusal("resources/read", uri).code, -32002)
        modern = self.refusal("resources/read", uri, revision=V2026_07_28)
        self.assertEqual(modern.code, -32602)


class SandboxPolicyTests(FeatureTestCase):
    mode = "sandbox"

    def test_sends_nothing(self) -> None:
        """A sandbox says that no real mail is sent."""
        self.assertFalse(self.read("instantly://policy")["sends_real_mail"])


class WorkspaceTests(FeatureTestCase):
    def test_workspace_and_plans(self) -> None:
        """The workspace comes with the plans that it has, without prices and ids."""
        self.instantly.answers("getWorkspace", {"id": "w", "name": "W", "owner": "u"})
        self.instantly.answers(
            "getWorkspacePlanDetails",
            {
                "subscriptions": {
                    "outreach": {
                        "plan_name": "Hypergrowth",
                        "total_lead_limit": 25000,
                        "price_in_dollars": 97,
                    },
                    "crm": {"plan_name": None},
                }
            },
        )
        got = self.read("instantly://workspace")
        self.assertEqual(got["workspace"], {"id": "w", "name": "W"})
        plan = {"plan_name": "Hypergrowth", "total_lead_limit": 25000}
        self.assertEqual(got["plans"], {"outreach": plan})
        self.assertNotIn("unknown", got)

    def test_a_key_that_may_not_see_plans(self) -> None:
        """Without the scope for billing the rest is returned, and what is missing."""
        self.instantly.answers("getWorkspace", {"id": "w", "name": "W"})
        self.instantly.answers(
            "getWorkspacePlanDetails",
            api_error(
                Reason.SCOPE_MISSING,
                "getWorkspacePlanDetails",
                scopes=("workspace_billing:read",),
            ),
        )
        got = self.read("instantly://workspace")
        self.assertNotIn("plans", got)
        self.assertEqual(got["unknown"]["plans"]["code"], "scope_missing")
