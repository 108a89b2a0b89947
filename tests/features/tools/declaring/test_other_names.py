"""Old and guessed names of arguments, where their meaning is certain."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.features.tools.declaring.other_names import (
    OTHER_NAMES,
    OWN_FIELDS_HINT,
    SUGGESTIONS,
    with_other_names,
)
from instantly_mcp.features.tools.registry import DECLARATIONS
from instantly_mcp.protocol.arguments.reading import AcceptedArguments
from instantly_mcp.protocol.arguments.schema_annotations import folded
from tests.features.cases import ToolTestCase

TEXT = {"type": "string"}
DECLARED = {argument.name for tool in DECLARATIONS for argument in tool.arguments}


def schema_of(*names: str) -> JsonObject:
    """Return the accepted schema of a tool with these arguments."""
    members: dict[str, Any] = dict.fromkeys(names, TEXT)
    closed = {"type": "object", "properties": members, "additionalProperties": False}
    named: JsonObject = with_other_names(closed)
    return named


class TableTests(SynchronousTestCase):
    def test_each_stands_for_an_argument(self) -> None:
        """Each entry is about an argument that a tool has."""
        for name in (*OTHER_NAMES, *SUGGESTIONS):
            self.assertIn(name, DECLARED)

    def test_each_name_is_another_one(self) -> None:
        """No entry repeats a spelling that is accepted anyway."""
        for name, others in OTHER_NAMES.items():
            spelled = [folded(each) for each in (name, *others)]
            self.assertEqual(len(spelled), len(set(spelled)), name)

    def test_one_meaning_only(self) -> None:
        """A name that could mean two arguments of a tool means neither."""
        one = AcceptedArguments(schema_of("campaign_id"))
        self.assertEqual(one.read({"id": "x"}), {"campaign_id": "x"})
        two = schema_of("campaign_id", "list_id")["properties"]
        self.assertNotIn("id", two["campaign_id"]["x-also-named"])
        self.assertNotIn("id", two["list_id"]["x-also-named"])
        self.assertIn("list", two["list_id"]["x-also-named"])

    def test_declared_names_win(self) -> None:
        """A name that is an argument of the tool means that argument."""
        both = AcceptedArguments(schema_of("email", "email_address"))
        given = {"email": "a", "email_address": "b"}
        self.assertEqual(both.read(given), given)


class ToolTests(ToolTestCase):
    def read(self, tool: str, **given: Any) -> JsonObject:
        """Return the arguments as the tool gets them."""
        return self.accepted(tool).read(given)

    def message(self, tool: str, **given: Any) -> str:
        """Return why arguments are refused."""
        return str(self.failure(tool, **given)["message"])

    def test_names_of_ids(self) -> None:
        """``id`` and the thing's name stand for the only id of a tool."""
        for tool, given, name in (
            ("get_campaign", "id", "campaign_id"),
            ("get_campaign", "campaign", "campaign_id"),
            ("get_campaign_analytics", "id", "campaign_id"),
            ("list_leads", "campaignId", "campaign"),
            ("add_leads_to_campaign_or_list_bulk", "list", "list_id"),
            ("get_lead", "id", "lead_id"),
            ("get_email", "id", "email_id"),
            ("pause_account", "account", "email"),
            ("list_leads", "lead_ids", "ids"),
            ("list_leads", "cursor", "starting_after"),
        ):
            value: Any = ["x"] if name == "ids" else "x"
            wanted: dict[str, Any] = {}
            if tool.startswith("add_leads"):
                wanted = {"leads": [{"email": "a@b.co"}]}
            read = self.read(tool, **{given: value}, **wanted)
            self.assertEqual(read, {name: value, **wanted}, tool)

    def test_uncertain_ids(self) -> None:
        """``id`` is refused where it could be that of two things."""
        for tool in ("list_leads", "list_emails", "move_leads_to_campaign_or_list"):
            self.assertIn("Unknown argument id.", self.message(tool, id="x"))

    def test_fields_of_a_lead(self) -> None:
        """The fields of leads are found in other spellings, in bulk as well."""
        lead = {"firstName": "A", "Email": "a@b.co", "company": "C"}
        meant = {"first_name": "A", "email": "a@b.co", "company_name": "C"}
        read = self.read("add_leads_to_campaign_or_list_bulk", leads=[lead])
        self.assertEqual(read, {"leads": [meant]})
        self.assertEqual(self.read("create_lead", **lead), meant)

    def test_unknown_fields_of_a_lead(self) -> None:
        """An unknown field of a lead is one of the caller's own."""
        lead = {"email": "a@b.co", "city": "Bern"}
        bulk = self.message("add_leads_to_campaign_or_list_bulk", leads=[lead])
        self.assertIn("Unknown argument leads.0.city.", bulk)
        for said in (bulk, self.message("create_lead", **lead)):
            self.assertIn(OWN_FIELDS_HINT, said)
            self.assertNotIn("Bern", said)

    def test_own_fields_of_several_leads(self) -> None:
        """Where own fields belong is said once, and not of a misspelled name."""
        lead = {"email": "a@b.co", "city": "Bern", "age": 40}
        said = self.message("add_leads_to_campaign_or_list_bulk", leads=[lead] * 2)
        self.assertEqual(said.count(OWN_FIELDS_HINT), 1)
        said = self.message("create_lead", **{"email": "a@b.co", "frist name": "A"})
        self.assertEqual(said, "Unknown argument frist name. Did you mean first_name?")

    def test_form(self) -> None:
        """A value in a wrong form is refused in words, not with an expression."""
        said = self.message("update_campaign", campaign_id="x", timing_from="9am")
        self.assertIn("timing_from is not written in the form that is wanted.", said)

    def test_suggestions(self) -> None:
        """A name whose values may differ is refused with the one that exists."""
        self.assertIn("Did you mean filter?", self.message("list_leads", status="x"))
        said = self.message("list_emails", thread_id="x")
        self.assertIn("Did you mean search?", said)
        said = self.message("create_lead", email="a@b.co", title="CEO")
        self.assertIn("Did you mean job_title?", said)
        said = self.message("update_lead", lead_id="x", status="not_interested")
        self.assertIn("Did you mean lt_interest_status?", said)
        steps = [{"subject": "Hi", "body": "Hello"}, {"body": "Again", "delay": 3}]
        said = self.message("create_campaign", name="C", steps=steps)
        self.assertIn("Unknown argument steps.1.delay. Did you mean wait?", said)

    def test_clients_do_not_see_them(self) -> None:
        """Listed schemas have no annotations."""
        for tool in DECLARATIONS:
            self.assertNotIn("x-", str(tool.input_schema()))
