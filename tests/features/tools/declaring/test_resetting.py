"""Null changes nothing; a setting is reset by its name."""

from __future__ import annotations

from instantly_mcp._json_codec import Json, dumps
from instantly_mcp.features.tools.declaring.declaration import ToolDeclaration
from instantly_mcp.features.tools.registry import DECLARATIONS
from tests.features.cases import ToolTestCase

UPDATES = [each for each in DECLARATIONS if each.changes]


class ResetTests(ToolTestCase):
    def required(self, tool: ToolDeclaration) -> dict[str, str]:
        """Return the arguments that the tool requires."""
        names = [each.name for each in tool.arguments if each.required]
        return {name: "x@y.co" if name == "email" else "c" for name in names}

    def test_null_changes_nothing(self) -> None:
        """Nulls in an update are refused as no change."""
        for tool in UPDATES:
            settings = [each.name for each in tool.arguments if not each.required]
            given = {**self.required(tool), **dict.fromkeys(settings), "reset": None}
            error = self.failure(tool.name, **given)
            self.assertEqual(error["message"], "No change was given.", tool.name)
            self.assertIn("reset", error["hint"])
        self.assertEqual(self.instantly.executed, [])

    def test_empty_values_change_nothing(self) -> None:
        """Neither do empty texts, lists and objects, each by itself."""
        for tool in UPDATES:
            for each in tool.arguments:
                nothing: Json
                for nothing in ("", [], {}):
                    if not each.required:
                        given = {**self.required(tool), each.name: nothing}
                        error = self.failure(tool.name, **given)
                        self.assertEqual(error["code"], "bad_argument")
        self.assertEqual(self.instantly.executed, [])

    def test_each_setting(self) -> None:
        """Each setting that Instantly can reset is sent as null, and nothing else.

        The interest of a lead has an operation of its own, which `test_leads` tests;
        the dates of a campaign are a part of its schedule: `test_update_campaign`.
        """
        for tool in UPDATES:
            sent_as = {each.name: each.to for each in tool.arguments}
            for name, value in tool.resettable().values.items():
                if name in ("lt_interest_status", "start_date", "end_date"):
                    continue
                self.instantly.executed.clear()
                self.value(tool.name, **self.required(tool), reset=[name])
                (sent,) = self.instantly.calls(str(tool.operation))
                self.assertEqual(len(sent), 2, sent)
                self.assertEqual(sent[sent_as[name]], value, tool.name)

    def test_listed(self) -> None:
        """The names are listed, but for flags, which have two values only."""
        for tool in UPDATES:
            listed, accepted = tool.input_schema(), tool.accepted_schema()
            items = listed["properties"]["reset"]["items"]
            self.assertEqual(items["type"], "string")
            for name in tool.resettable().values:
                kinds = dumps(accepted["properties"][name]["type"]).decode()
                if name in listed["properties"]:
                    flag = "boolean" in kinds
                    self.assertEqual(name not in items["enum"], flag, name)
                else:
                    self.assertNotIn(name, items["enum"])

    def test_only_updates(self) -> None:
        """No other tool has the argument."""
        for tool in DECLARATIONS:
            if not tool.changes:
                self.assertNotIn("reset", tool.accepted_schema()["properties"])

    def test_given_and_reset(self) -> None:
        """A setting cannot be given and reset at once."""
        error = self.failure(
            "update_account", email="x@y.co", daily_limit=5, reset=["daily_limit"]
        )
        self.assertIn("daily_limit", error["message"])
        self.assertEqual(self.instantly.executed, [])

    def test_not_resettable(self) -> None:
        """A setting without a default cannot be reset; the error lists the others."""
        error = self.failure("update_lead_list", list_id="l", reset=["name"])
        self.assertIn("owned_by", error["message"])

    def test_reset_as_text(self) -> None:
        """The names are read like any other argument."""
        self.value("update_lead_list", list_id="l", reset='["ownedBy"]')
        (sent,) = self.instantly.calls("patchLeadList")
        self.assertEqual(sent, {"id": "l", "owned_by": None})
