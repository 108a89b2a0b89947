"""Custom variables: the listed pairs of name and value, and an object."""

from __future__ import annotations

from typing import Any

from tests.features.cases import ToolTestCase

OBJECT = {"tier": "gold", "size": 3}
PAIRS = [{"name": "tier", "value": "gold"}, {"name": "size", "value": 3}]
TWICE = [{"name": "tier", "value": "gold"}, {"name": "tier", "value": "iron"}]


def calls(variables: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return a call of each tool that takes variables."""
    lead = {"email": "a@example.ch", "custom_variables": variables}
    return [
        ("create_lead", {"campaign": "c", **lead}),
        ("update_lead", {"lead_id": "l", "custom_variables": variables}),
        ("add_leads_to_campaign_or_list_bulk", {"list_id": "x", "leads": [lead]}),
    ]


class VariableTests(ToolTestCase):
    def test_both_forms(self) -> None:
        """Instantly gets an object, from each tool that takes variables."""
        self.instantly.answers("bulkAddLeads", {"total_sent": 1, "leads_uploaded": 1})
        self.instantly.answers("createLead", {"id": "l"})
        self.instantly.answers("getLead", {"id": "l", "payload": {}})
        self.instantly.answers("patchLead", {"id": "l"})
        for variables in (OBJECT, PAIRS):
            for name, arguments in calls(variables):
                self.value(name, **arguments)
                sent = self.instantly.executed[-1].arguments
                sent = sent.get("leads", [sent])[0]
                self.assertEqual(sent["custom_variables"], OBJECT, name)

    def test_one_name_twice(self) -> None:
        """Two values of one variable are refused before anything is sent."""
        for name, arguments in calls(TWICE):
            error = self.failure(name, **arguments)
            self.assertEqual(error["code"], "bad_argument")
            self.assertIn("given twice", error["message"])
        self.assertEqual(self.instantly.executed, [])
