"""The tool registry: what is listed, what is only callable, what each tool states."""

from __future__ import annotations

from jsonschema_rs import Draft202012Validator
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp._json_codec import dumps
from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.catalog.operation import Risk
from instantly_mcp.features.build import build_features
from instantly_mcp.features.tools.declaring.declaration import ToolDeclaration
from instantly_mcp.features.tools.deprecated import REPLACED
from instantly_mcp.features.tools.registry import DECLARATIONS, SelectedTools
from instantly_mcp.features.toolsets import TOOLSETS, ToolSelection
from instantly_mcp.features.workspace.context import ServerFacts
from instantly_mcp.protocol.primitives.registries import IToolRegistry
from tests.features.cases import ToolTestCase
from tests.features.snapshot_files import every_tool, seen
from tests.support.access import permissive_guard
from tests.support.instantly import RecordingInstantly
from tests.support.seals import new_seal
from tests.support.tool_counts import DEFAULT_TOOLS

TYPESCRIPT = {
    "list_accounts",
    "get_account",
    "create_account",
    "pause_account",
    "resume_account",
    "enable_warmup",
    "disable_warmup",
    "test_account_vitals",
    "update_account",
    "delete_account",
    "create_campaign",
    "list_campaigns",
    "get_campaign",
    "update_campaign",
    "activate_campaign",
    "pause_campaign",
    "list_leads",
    "get_lead",
    "create_lead",
    "update_lead",
    "list_lead_lists",
    "create_lead_list",
    "update_lead_list",
    "get_verification_stats_for_lead_list",
    "add_leads_to_campaign_or_list_bulk",
    "delete_lead",
    "move_leads_to_campaign_or_list",
    "list_emails",
    "get_email",
    "reply_to_email",
    "count_unread_emails",
    "verify_email",
    "get_campaign_analytics",
    "get_daily_campaign_analytics",
    "get_warmup_analytics",
}
ADDED = {
    "get_background_job",
    "search_campaigns_by_contact",
    "mark_thread_as_read",
    "get_campaign_sending_status",
    "get_server_info",
}
EXTRA = {"delete_campaign", "delete_lead_list", "list_background_jobs"}
OLDER = {
    *("get_account_details", "get_account_info", "manage_account_state"),
    *("get_campaign_analytics_overview", "validate_campaign_accounts"),
}
DEPRECATED_TOOLS = [each.declaration for each in REPLACED]


def built(selection: str = "default", mode: str = "live") -> SelectedTools:
    """Build the registry of a selection."""
    facts = ServerFacts(name="instantly-mcp", version="1.2.3", mode=mode)
    chosen = ToolSelection.parse(selection)
    return build_features(
        RecordingInstantly(),
        Clock(),
        facts,
        chosen,
        guard=permissive_guard(),
        seal=new_seal(),
    ).tools


def names(selection: str = "default") -> list[str]:
    """Return the names that a selection lists."""
    return [tool.name for tool in built(selection).listed()]


class ListedTests(SynchronousTestCase):
    def test_provides_the_interface(self) -> None:
        """The registry provides the protocol's interface."""
        verifyObject(IToolRegistry, built())

    def test_default_tools(self) -> None:
        """The default list is the 35 kept names and the added ones."""
        self.assertEqual(len(TYPESCRIPT), 35)
        fix = "list a new tool in ADDED, and count it in tests/support/tool_counts.py"
        self.assertEqual(set(names()), {*TYPESCRIPT, *ADDED}, fix)
        self.assertEqual(len(names()), DEFAULT_TOOLS, fix)

    def test_all_lists_the_extra_tools(self) -> None:
        """``all`` lists the default tools and the extra ones."""
        fix = "list a new tool that only `all` lists in EXTRA"
        self.assertEqual(set(names("all")), {*TYPESCRIPT, *ADDED, *EXTRA}, fix)

    def test_extra_ones_are_not_callable_by_default(self) -> None:
        """What the operator did not choose does not exist."""
        for name in EXTRA:
            self.assertIsNone(built().find(name), name)
            self.assertIsNotNone(built("all").find(name), name)

    def test_older_names_are_callable_and_unlisted(self) -> None:
        """Aliases are found, never listed."""
        for name in OLDER:
            self.assertIsNotNone(built().find(name), name)
            self.assertNotIn(name, names("all"))

    def test_order_never_changes(self) -> None:
        """Two registries of one selection list byte-equal tools."""
        one = [seen(tool) for tool in built().listed()]
        two = [seen(tool) for tool in built().listed()]
        self.assertEqual(dumps(one), dumps(two))

    def test_listing_is_one_object(self) -> None:
        """Listing twice returns the same object, so that it is encoded once."""
        tools = built()
        self.assertIs(tools.listed(), tools.listed())

    def test_budget(self) -> None:
        """The default list costs a model at most 8,990 tokens (characters / 4)."""
        wire = dumps([seen(tool) for tool in built().listed()]).decode()
        fix = "shorten descriptions, or mark the new tool as extra"
        self.assertLessEqual(len(wire) / 4, 8_990, fix)


class SelectionTests(SynchronousTestCase):
    def test_names_of_toolsets(self) -> None:
        """A list of toolsets lists their tools and the server's own."""
        listed = names("analytics, jobs")
        self.assertEqual(
            listed,
            [
                "get_campaign_analytics",
                "get_daily_campaign_analytics",
                "get_warmup_analytics",
                "get_background_job",
                "get_server_info",
            ],
        )

    def test_unselected_tools_are_not_callable(self) -> None:
        """Neither a tool of another toolset nor its older name is found."""
        tools = built("campaigns")
        for name in ("delete_account", *OLDER, "list_leads"):
            self.assertIsNone(tools.find(name), name)

    def test_unknown_names_are_refused(self) -> None:
        """The error lists what would have been valid."""
        with self.assertRaises(ValueError) as caught:
            ToolSelection.parse("campaigns,leeds")
        self.assertIn("leeds", str(caught.exception))
        for name in ("default", "all", *TOOLSETS):
            self.assertIn(name, str(caught.exception))

    def test_nothing_is_refused(self) -> None:
        """An empty selection is a mistake, not a server without tools."""
        for text in ("", " , "):
            with self.assertRaises(ValueError):
                ToolSelection.parse(text)

    def test_all_wins(self) -> None:
        """Everything together with a toolset is everything."""
        self.assertEqual(ToolSelection.parse("jobs,ALL"), ToolSelection.parse("all"))

    def test_toolsets_are_those_of_the_tools(self) -> None:
        """Each toolset has a tool, each tool a toolset that can be named."""
        fix = "add the toolset to TOOLSETS of features/toolsets.py"
        self.assertEqual({each.toolset for each in DECLARATIONS}, set(TOOLSETS), fix)


class StatementTests(SynchronousTestCase):
    def test_names_titles_and_descriptions(self) -> None:
        """Names are portable, titles exist, descriptions are short."""
        for tool in every_tool():
            self.assertRegex(tool.name, r"^[a-z0-9_]{1,64}$")
            title, description = len(tool.title), len(tool.description)
            self.assertTrue(4 <= title <= 40, f"{tool.name}: title of {title}")
            self.assertTrue(
                20 <= description <= 300,
                f"{tool.name}: description of {description}, not 20 to 300 characters",
            )

    def test_schemas_are_closed_and_flat(self) -> None:
        """Unknown arguments are refused; a schema holds no references."""
        for tool in every_tool():
            schema = tool.accepted_schema
            self.assertEqual(schema["type"], "object", tool.name)
            self.assertIs(schema["additionalProperties"], False)
            self.assertNotIn("additionalProperties", tool.input_schema)
            self.assertNotIn("$ref", dumps(schema).decode())
            check = Draft202012Validator(dict(schema))
            self.assertFalse(check.is_valid({"no_such_argument": 1}), tool.name)

    def test_output_schemas_leave_room(self) -> None:
        """An output schema is an object's, small, and allows more than it names."""
        for tool in every_tool():
            if tool.output_schema is None:
                continue
            self.assertEqual(tool.output_schema["type"], "object")
            self.assertNotIn("additionalProperties", tool.output_schema)
            self.assertLess(len(dumps(tool.output_schema)), 350, tool.name)

    def test_operations_exist(self) -> None:
        """Each tool names operations of the catalog, and each operation is used."""
        used = {"getWorkspace", "getWorkspacePlanDetails", "getLeadList"}
        # Those three are read by resources.
        for each in (*DECLARATIONS, *DEPRECATED_TOOLS):
            used.update(self.uses(each))
        fix = (
            "declare a tool for the operation; if a resource reads it, add it to `used`"
        )
        self.assertEqual(used, set(BY_ID), fix)

    def test_hints_agree_with_the_operations(self) -> None:
        """The hints of a tool are never weaker than those of its operations."""
        for each in (*DECLARATIONS, *DEPRECATED_TOOLS):
            operations = [BY_ID[id] for id in self.uses(each)]
            effects = [operation.effect for operation in operations]
            hints = each.hints
            self.assertEqual(
                hints.read_only, all(e.read_only for e in effects), each.name
            )
            if any(
                used.effect.destructive or Risk.SENDS in used.risks
                for used in operations
            ):
                self.assertTrue(hints.destructive, each.name)
            if not all(e.idempotent for e in effects):
                self.assertFalse(hints.idempotent, each.name)
            self.assertEqual(hints.open_world, bool(effects), each.name)

    def test_only_server_info_needs_no_key(self) -> None:
        """Every tool that calls Instantly declares that it needs a credential."""
        keyless = [tool.name for tool in every_tool() if not tool.needs_credential]
        self.assertEqual(keyless, ["get_server_info"])

    def test_every_argument_reaches_a_parameter(self) -> None:
        """An argument of a tool without a workflow is a parameter of its operation."""
        for each in DECLARATIONS:
            if each.work is not None or each.operation is None:
                continue
            known = BY_ID[each.operation].by_name
            for argument in each.arguments:
                self.assertIn(argument.to, known, f"{each.name}.{argument.name}")

    @staticmethod
    def uses(each: ToolDeclaration) -> tuple[str, ...]:
        """Return every operation that a tool may execute."""
        return (*filter(None, [each.operation]), *each.also)


class AliasTests(ToolTestCase):
    def test_account_synonyms(self) -> None:
        """The older names read the account and say what to use instead."""
        self.instantly.answers("getAccount", {"email": "a@example.com", "status": 1})
        for name in ("get_account_details", "get_account_info"):
            result = self.run_tool(name, email="a@example.com")
            self.assertEqual(result.structured["status_label"], "active")
            self.assertEqual(result.meta, {"deprecated": "use get_account"})

    def test_analytics_overview(self) -> None:
        """The totals of all campaigns are added up, and the rates are of the sums."""
        rows = [
            {
                "campaign_id": id,
                "campaign_status": status,
                "emails_sent_count": sent,
                "new_leads_contacted_count": sent,
                "reply_count_unique": replies,
            }
            for id, status, sent, replies in (("a", 1, 100, 1), ("b", 2, 300, 9))
        ]
        self.instantly.answers("getCampaignAnalytics", rows)
        name = "get_campaign_analytics_overview"
        result = self.run_tool(name, start_date="2026-01-01", end_date="2026-01-31")
        self.assertEqual(result.meta, {"deprecated": "use get_campaign_analytics"})
        got = result.structured
        self.assertEqual(got["campaigns"], 2)
        self.assertEqual(got["overview"]["emails_sent_count"], 400)
        self.assertEqual(got["overview"]["rates"]["reply_rate"], 0.025)
        self.assertIn("reply_rate", got["definitions"])
        dates = {"start_date": "2026-01-01", "end_date": "2026-01-31T23:59:59.999Z"}
        self.assertEqual(self.instantly.calls("getCampaignAnalytics"), [dates])
        got = self.value(name, campaign_status="paused")
        self.assertEqual(got["overview"]["emails_sent_count"], 300)

    def test_accounts_for_campaigns(self) -> None:
        """It says which accounts can send, and why the others cannot."""
        accounts = [
            {"email": "low@example.com", "status": 1, "stat_warmup_score": 10},
            {"email": "top@example.com", "status": 1, "stat_warmup_score": 99},
            {"email": "off@example.com", "status": -1},
        ]
        self.instantly.answers("listAccount", {"items": accounts})
        result = self.run_tool("validate_campaign_accounts")
        self.assertEqual(
            result.structured,
            {
                "eligible_count": 2,
                "eligible_accounts": ["top@example.com", "low@example.com"],
                "ineligible_count": 1,
                "obstacles": {"off@example.com": "its status is connection_error"},
                "not_found": [],
            },
        )
        assert result.meta is not None
        self.assertIn("list_accounts", result.meta["deprecated"])
        got = self.value(
            "validate_campaign_accounts",
            email_list=["LOW@example.com", "ghost@example.com"],
        )
        self.assertEqual(got["eligible_accounts"], ["low@example.com"])
        self.assertEqual(got["not_found"], ["ghost@example.com"])
        self.assertEqual(got["ineligible_count"], 0)

    def test_account_state(self) -> None:
        """The five actions go to the five operations."""
        for action, id, arguments in (
            ("pause", "pauseAccount", {"email": "a@example.com"}),
            ("resume", "resumeAccount", {"email": "a@example.com"}),
            ("enable_warmup", "enableWarmupForAccounts", {"emails": ["a@example.com"]}),
            (
                "disable_warmup",
                "disableWarmupForAccounts",
                {"emails": ["a@example.com"]},
            ),
            ("test_vitals", "testAccountVitals", {"accounts": ["a@example.com"]}),
        ):
            self.value("manage_account_state", email="a@example.com", action=action)
            last = self.instantly.executed[-1]
            self.assertEqual((last.id, last.arguments), (id, arguments))

    def test_account_state_refuses_other_actions(self) -> None:
        """An action that is not one of the five does not validate."""
        given = {"email": "a@example.com", "action": "delete"}
        self.assertFalse(self.allows("manage_account_state", given))


class SandboxModeTests(ToolTestCase):
    mode = "sandbox"

    def test_results_say_so(self) -> None:
        """In sandbox mode every result carries the mode in its _meta."""
        self.instantly.answers("listCampaign", {"items": []})
        self.assertEqual(self.run_tool("list_campaigns").meta, {"mode": "sandbox"})
        failed = self.run_tool("update_account", email="a@example.com")
        self.assertTrue(failed.is_error)
        self.assertEqual(failed.meta, {"mode": "sandbox"})

    def test_aliases_say_both(self) -> None:
        """An older name adds its note to the mode."""
        result = self.run_tool("get_account_info", email="a@example.com")
        self.assertEqual(
            result.meta, {"mode": "sandbox", "deprecated": "use get_account"}
        )
