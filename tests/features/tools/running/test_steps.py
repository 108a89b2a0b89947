"""An error of a tool that makes several calls says at which step it came."""

from __future__ import annotations

from typing import Any

from instantly_mcp.api.errors import Reason
from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.features.tools.registry import DECLARATIONS
from instantly_mcp.features.tools.running.steps import with_steps_done
from tests.features.cases import ToolTestCase
from tests.features.test_odd_replies import arguments_of
from tests.features.workspace.memory.test_name_cache import ID
from tests.support.instantly import api_error

LEAD = {"id": "l1", "email": "a@example.com", "payload": {"a": 1}}


class StepTests(ToolTestCase):
    def test_every_operation_of_every_tool(self) -> None:
        """Whatever call of a tool fails after others, the error names it and those."""
        checked = set()
        for declared in DECLARATIONS:
            for operation in filter(None, (declared.operation, *declared.also)):
                for arguments in arguments_of(declared.name):
                    self.setUp()
                    self.instantly.answers(
                        operation,
                        api_error(Reason.UPSTREAM_FAILED, operation, status=500),
                    )
                    running = self.starting(declared.name, **arguments)
                    for _ in range(12):
                        self.clock.advance(10)
                    result = self.successResultOf(running)
                    self.clock.advance(600)
                    if result.is_error and self.named(result.structured, operation):
                        checked.add(operation)
        for operation in ("patchLead", "createLead", "bulkAddLeads"):
            self.assertIn(operation, checked)

    def named(self, structured: Any, operation: str) -> bool:
        """Check one error; return whether it came after other calls."""
        error = structured["error"]
        if error.get("operation") != operation or "done_before" not in error:
            return False
        self.assertIn(f"({operation})", error["step"])
        for before in error["done_before"]:
            self.assertNotIn(f"({operation})", before)
        return True

    def test_what_was_done(self) -> None:
        """The steps before are listed in order, each with its number."""
        self.instantly.answers("getLead", LEAD)
        self.instantly.answers("patchLead", api_error(Reason.NOT_FOUND, "patchLead"))
        error = self.failure("update_lead", lead_id="l1", custom_variables={"b": 2})
        self.assertEqual(
            error["done_before"], [f"{BY_ID['getLead'].summary} (getLead)"]
        )
        self.assertEqual(error["step"], f"{BY_ID['patchLead'].summary} (patchLead)")
        self.assertNotIn("untrusted", error)
        self.assertEqual(error["code"], "not_found")

    def test_several_times(self) -> None:
        """Chunks that were added before one failed are counted."""
        leads = [{"email": f"p{n}@example.com"} for n in range(2500)]
        added = {"total_sent": 1000, "leads_uploaded": 1000}
        failed = api_error(Reason.UPSTREAM_FAILED, "bulkAddLeads", status=500)
        self.instantly.answers("bulkAddLeads", added, added, failed)
        error = self.failure(
            "add_leads_to_campaign_or_list_bulk", list_id="l1", leads=leads
        )
        self.assertEqual(len(self.instantly.calls("bulkAddLeads")), 3)
        [before] = error["done_before"]
        self.assertTrue(before.endswith("(bulkAddLeads), 2 times"), before)
        self.assertIn("(bulkAddLeads)", error["step"])

    def test_the_first_call(self) -> None:
        """An error of the first call needs no step."""
        self.instantly.answers("getLead", api_error(Reason.NOT_FOUND, "getLead"))
        error = self.failure("update_lead", lead_id="l1", custom_variables={"b": 2})
        self.assertNotIn("step", error)
        self.assertNotIn("done_before", error)

    def test_names_are_not_steps(self) -> None:
        """Reading the names for an id or for candidates is not a step."""
        self.context.names.trusted = None
        name = {"items": [{"id": ID, "name": "Spring sale"}]}
        self.instantly.answers("listCampaign", name)
        failed = api_error(Reason.NOT_FOUND, "pauseCampaign")
        self.instantly.answers("pauseCampaign", failed)
        for given in ("Spring sale", ID):
            error = self.failure("pause_campaign", campaign_id=given)
            self.assertNotIn("done_before", error)

    def test_a_refusal_after_a_change(self) -> None:
        """A refusal says what was changed before it, and keeps quiet about reads."""
        refusal = {"code": "bad_argument", "message": "m", "hint": "h"}
        self.assertEqual(with_steps_done(refusal, ["getLead"]), refusal)
        told = with_steps_done(refusal, ["getLead", "patchLead"])
        self.assertEqual(len(told["done_before"]), 2)
