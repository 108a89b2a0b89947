"""Nothing acts on all leads of something while leads are being moved into it."""

from __future__ import annotations

from typing import Any

from instantly_mcp._credential import Credential, Secret
from instantly_mcp.api.errors import Reason
from instantly_mcp.features.consent.moves import UNREADABLE_SECONDS
from instantly_mcp.protocol.calls.call import Call, Caller
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.support.instantly import api_error

from .test_token_confirmation import ConfirmCase

MOVE = "move_leads_to_campaign_or_list"


class MovesTests(ConfirmCase):
    def setUp(self) -> None:
        """Start a move into a list, which is still under way."""
        super().setUp()
        self.instantly.answers("moveLeads", {"id": "j1", "status": "pending"})
        self.starting(MOVE, list_id="l1", to_list_id="l2", max_wait_seconds=0)
        self.job("in-progress")

    def ask_as(self, credential: Credential) -> None:
        """Call with another credential."""
        tool = self.tool("delete_lead_list")
        caller = Caller(revision=V2025_11_25, credential=credential)
        running = tool.run({"list_id": "l2"}, Call(caller=caller))
        code = self.error_of(self.successResultOf(running))["code"]
        self.assertEqual(code, "confirmation_required")

    def job(self, status: str) -> None:
        """Let the job have a status."""
        self.instantly.answers("getBackgroundJob", {"id": "j1", "status": status})

    def test_under_way(self) -> None:
        """The list is not deleted, and leads are not moved on to a campaign."""
        for name, given in (
            ("delete_lead_list", {"list_id": "l2"}),
            (MOVE, {"list_id": "l2", "to_campaign_id": "c1"}),
        ):
            error = self.failure(name, **given)
            self.assertEqual((error["code"], error["job"]), ("busy", "j1"))

    def test_ended(self) -> None:
        """After its end there is a question, and the job is not read again."""
        self.job("success")
        self.required("delete_lead_list", list_id="l2")
        before = len(self.instantly.calls("getBackgroundJob"))
        self.required("delete_lead_list", list_id="l2")
        self.assertEqual(len(self.instantly.calls("getBackgroundJob")), before)

    def test_elsewhere(self) -> None:
        """It does not matter for others, nor for what does not act on all leads."""
        self.required("delete_lead_list", list_id="l1")
        self.required("create_lead", campaign="c1", email="a@example.com")

    def test_forgotten_by_the_api(self) -> None:
        """A job that does not exist any more has ended."""
        self.instantly.answers("getBackgroundJob", api_error(Reason.NOT_FOUND))
        self.required("delete_lead_list", list_id="l2")

    def test_other_workspace(self) -> None:
        """What another caller asks and sees does not end it."""
        self.instantly.answers("getBackgroundJob", api_error(Reason.NOT_FOUND))
        other = Credential(secret=Secret("another-key"), source="test")
        self.ask_as(other)
        self.job("in-progress")
        self.assertEqual(self.failure("delete_lead_list", list_id="l2")["code"], "busy")

    def test_unreadable(self) -> None:
        """A job that cannot be read counts as under way for ten minutes."""
        self.instantly.answers("getBackgroundJob", api_error(Reason.SCOPE_MISSING))
        self.assertEqual(self.failure("delete_lead_list", list_id="l2")["code"], "busy")
        self.clock.advance(UNREADABLE_SECONDS + 1)
        self.required("delete_lead_list", list_id="l2")


class AgreedMoveTests(ConfirmCase):
    """Leads are moved out of a list into a running campaign, as was agreed to."""

    def setUp(self) -> None:
        """Let the move be under way."""
        super().setUp()
        self.instantly.answers("getLead", {"id": "x1", "list_id": "l1"})
        self.instantly.answers("patchLead", {"id": "x1"})
        self.job("pending")

    def job(self, status: str) -> None:
        """Let the job have a status."""
        for operation in ("moveLeads", "getBackgroundJob"):
            self.instantly.answers(operation, {"id": "j1", "status": status})

    def move(self, **given: Any) -> None:
        """Start a move with a consent."""
        given |= {"to_campaign_id": "c1", "max_wait_seconds": 0}
        self.value(MOVE, **given, confirm_token=self.token(MOVE, **given))

    def adding(self, list_id: str) -> dict[str, dict[str, Any]]:
        """Return the arguments of each tool that adds leads to a list."""
        return {
            "create_lead": {"list_id": list_id, "email": "a@example.com"},
            "add_leads_to_campaign_or_list_bulk": {
                "list_id": list_id,
                "leads": [{"email": "a@example.com"}],
            },
            MOVE: {"to_list_id": list_id, "list_id": "l3"},
            "update_lead": {"lead_id": "x1", "phone": "1"},
        }

    def test_no_further_leads(self) -> None:
        """Nothing adds or changes leads of the list until the job has ended."""
        self.instantly.answers("createLead", {"id": "x1"})
        self.move(list_id="l1")
        for name, given in self.adding("l1").items():
            self.assertEqual(self.failure(name, **given)["code"], "busy", name)
        self.assertEqual(len(self.instantly.calls("moveLeads")), 1)
        self.value("create_lead", list_id="l2", email="b@example.com")
        self.instantly.answers("getLead", {"id": "x2", "list_id": "l2"})
        self.value("update_lead", lead_id="x2", phone="1")
        self.job("success")
        self.value("create_lead", list_id="l1", email="a@example.com")

    def test_from_anywhere(self) -> None:
        """A move that selects in the whole workspace concerns each list."""
        self.move(search="acme")
        for name, given in self.adding("l1").items():
            self.assertEqual(self.failure(name, **given)["code"], "busy", name)

    def test_without_a_consent(self) -> None:
        """A move that needed no consent keeps no lead out."""
        self.instantly.answers("createLead", {"id": "x1"})
        self.value(MOVE, list_id="l1", to_list_id="l2", max_wait_seconds=0)
        self.value("create_lead", list_id="l1", email="a@example.com")
