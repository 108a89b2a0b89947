"""Leads: moving, merging variables, and the rules of destinations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.features.results import CallRefusedError
from instantly_mcp.features.tools.workflows.update_lead import update_lead
from instantly_mcp.features.workspace.memory.recent_ids import RecentIds
from instantly_mcp.protocol.calls.call import Call, Caller, Doing
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.features.cases import KEY, NOW, ToolTestCase


class OneLeadTests(ToolTestCase):
    def test_creating(self) -> None:
        """A lead is sent as it was given, its interest as a number."""
        self.instantly.answers("createLead", {"id": "l", "status": 1})
        got = self.value(
            "create_lead",
            campaign="c1",
            email=" a@example.com",
            lt_interest_status="interested",
            custom_variables={"tier": "gold"},
        )
        self.assertEqual(
            self.instantly.calls("createLead"),
            [
                {
                    "campaign": "c1",
                    "email": "a@example.com",
                    "lt_interest_status": 1,
                    "custom_variables": {"tier": "gold"},
                }
            ],
        )
        self.assertEqual(got["status_label"], "active")

    def test_creating_an_incomplete_one(self) -> None:
        """A campaign needs the address; only one destination is allowed."""
        for wrong in (
            {"campaign": "c1", "first_name": "A"},
            {"list_id": "l1", "phone": "1"},
            {"campaign": "c1", "list_id": "l1", "email": "a@example.com"},
        ):
            self.failure("create_lead", **wrong)
        self.assertEqual(self.instantly.executed, [])

    def test_creating_with_a_link(self) -> None:
        """What is not an address is refused, with the one that was meant."""
        error = self.failure("create_lead", list_id="l1", email="mailto:a@example.com")
        self.assertEqual(error["code"], "bad_address")
        self.assertEqual(error["meant"], "a@example.com")
        self.assertEqual(self.instantly.executed, [])

    def created(self, given: dict[str, Any], **reply: Any) -> Any:
        """Create a lead in a campaign; Instantly shows it with these members."""
        whole = {"id": "l", "campaign": "c1", "email": "a@example.com", **reply}
        self.instantly.answers("createLead", whole)
        return self.value("create_lead", campaign="c1", email="a@example.com", **given)

    def test_a_new_lead(self) -> None:
        """A lead that was created by this call, by any clock near ours, is new."""
        for seconds in (-50, 0, 300):
            created = NOW.timestamp() + seconds
            stamp = datetime.fromtimestamp(created, UTC).isoformat()
            id = f"l{seconds}"
            got = self.created({"first_name": "A"}, id=id, timestamp_created=stamp)
            self.assertFalse(got["existed"])
            self.assertNotIn("warnings", got)

    def test_a_lead_that_existed(self) -> None:
        """An older lead, other values or a repetition show that it existed."""
        old = self.created({}, timestamp_created="2026-01-15T11:58:00.000Z")
        self.assertTrue(old["existed"])
        self.assertIn("update_lead", old["warnings"][0])
        other = self.created({"first_name": "Ann"}, id="l2", first_name="Bob")
        self.assertEqual(
            (other["existed"], other["not_changed"]), (True, ["first_name"])
        )
        self.assertFalse(self.created({}, id="l3")["existed"])
        self.assertTrue(self.created({}, id="l3")["existed"])

    def test_a_lead_that_is_verified(self) -> None:
        """A new lead that is verified costs a credit, an existing one does not."""
        for id in ("l4", "l4"):
            got = self.created({"verify_leads_on_import": True}, id=id)
            self.assertEqual("credits" in got["warnings"][0], not got["existed"])

    def test_a_lead_that_exists_elsewhere(self) -> None:
        """With skip_if_in_… the lead of another place comes back: it was not added."""
        got = self.created(
            {"skip_if_in_workspace": True},
            campaign="c2",
            timestamp_created="2025-01-01T00:00:00Z",
        )
        self.assertIn("not added", got["warnings"][0])

    def test_an_address_as_lead_id(self) -> None:
        """The error says how to find the lead's id."""
        for name in ("get_lead", "delete_lead", "update_lead"):
            given = {"first_name": "A"} if name == "update_lead" else {}
            error = self.failure(name, lead_id="a@example.com", **given)
            self.assertIn("list_leads with contacts [a@example.com]", error["hint"])
            error = self.failure(name, lead_id="Ada Lovelace", **given)
            self.assertIn("lead_id is not an id", error["message"])
            self.assertIn("search takes a name", error["hint"])
        self.assertEqual(self.instantly.executed, [])

    def test_addresses_among_ids(self) -> None:
        """An address would select, or exclude, nothing: it is refused."""
        for name in ("ids", "excluded_ids"):
            error = self.failure("list_leads", **{name: ["x", "a@example.com"]})
            self.assertIn(name, error["message"])
            self.assertIn("contacts", error["hint"])
        self.assertEqual(self.instantly.executed, [])

    def updated(self, **given: Any) -> Any:
        """Update a lead with arguments as the runner gives them to the work."""
        call = Call(caller=Caller(revision=V2025_11_25, credential=KEY))
        call.doing = Doing(tool="update_lead", arguments=given)
        return Deferred.fromCoroutine(
            update_lead(self.context, {"id": "l", **given}, call)
        )

    def test_resetting_the_interest(self) -> None:
        """It goes by address and place; other changes are made first."""
        lead = {"id": "l", "email": "a@example.com", "lt_interest_status": 1}
        for place, named in (("campaign", "campaign_id"), ("list_id", "list_id")):
            self.instantly.answers("getLead", {**lead, place: "x"})
            self.instantly.answers("patchLead", {**lead, "phone": "1"})
            got = self.successResultOf(self.updated(lt_interest_status=None, phone="1"))
            self.assertEqual(
                [
                    each
                    for each in self.instantly.ids
                    if not BY_ID[each].effect.read_only
                ][-2:],
                ["patchLead", "updateLeadInterestStatus"],
            )
            self.assertEqual(
                self.instantly.calls("patchLead")[-1], {"id": "l", "phone": "1"}
            )
            self.assertEqual(
                self.instantly.calls("updateLeadInterestStatus")[-1],
                {"lead_email": "a@example.com", "interest_value": None, named: "x"},
            )
            self.assertNotIn("lt_interest_status", got)
            self.assertIn("get_lead", got["next"])

    def test_resetting_only_the_interest(self) -> None:
        """Nothing else is written; a lead without an address is refused before."""
        self.instantly.answers("getLead", {"id": "l", "email": "a@example.com"})
        self.successResultOf(self.updated(lt_interest_status=None))
        self.assertEqual(self.instantly.calls("patchLead"), [])
        self.instantly.answers("getLead", {"id": "l", "email": None})
        self.failureResultOf(
            self.updated(lt_interest_status=None, phone="1"), CallRefusedError
        )
        self.assertEqual(self.instantly.calls("patchLead"), [])

    def test_variables_are_merged(self) -> None:
        """Variables that are not named keep their values; fields are not variables."""
        self.instantly.answers(
            "getLead",
            {"id": "l", "payload": {"firstName": "A", "tier": "gold", "odd": [1]}},
        )
        self.instantly.answers("patchLead", {"id": "l", "status": 1})
        self.value("update_lead", lead_id="l", custom_variables={"size": 3})
        self.assertEqual(self.instantly.ids, ["getLead", "getLead", "patchLead"])
        self.assertEqual(
            self.instantly.calls("patchLead"),
            [{"id": "l", "custom_variables": {"tier": "gold", "size": 3}}],
        )

    def test_other_fields_need_no_reading(self) -> None:
        """Without variables only the guard reads the lead, for its campaign."""
        self.instantly.answers("patchLead", {"id": "l"})
        self.value("update_lead", lead_id="l", reset=["phone"])
        self.assertEqual(
            self.instantly.calls("patchLead"), [{"id": "l", "phone": None}]
        )
        self.assertEqual(self.instantly.ids, ["getLead", "patchLead"])

    def test_lists_leave_the_payload_out(self) -> None:
        """Listed leads are brief; a cut page continues after its last lead."""
        self.instantly.answers(
            "listLeads",
            {
                "items": [
                    {"id": "l", "status": -1, "payload": {"x": 1}, "phone": None}
                ],
                "next_starting_after": "l",
            },
        )
        got = self.value("list_leads", filter="bounced", campaign="c1")
        self.assertEqual(
            got["items"], [{"id": "l", "status": -1, "status_label": "bounced"}]
        )
        self.assertEqual(
            self.instantly.calls("listLeads"),
            [{"limit": 25, "filter": "FILTER_VAL_BOUNCED", "campaign": "c1"}],
        )

    def test_codes_by_name(self) -> None:
        """Gateways and providers are listed once, by name; their codes are accepted."""
        for value, sent in (("mimecast", "2"), ("2", "2"), (2, "2"), ("all", "all")):
            self.value("list_leads", esg_code=value)
            self.assertEqual(self.instantly.calls("listLeads")[-1]["esg_code"], sent)
        for tool in self.tools.listed():
            for schema in tool.input_schema["properties"].values():
                words = schema.get("enum", [])
                self.assertEqual(len(words), len({str(each) for each in words}))
        self.instantly.answers("moveLeads", {"id": "j", "status": "success"})
        given = {"to_list_id": "l2", "list_id": "l1", "esg_code": "cisco"}
        self.value("move_leads_to_campaign_or_list", **given, esp_code="microsoft")
        (moved,) = self.instantly.calls("moveLeads")
        self.assertEqual((moved["esg_code"], moved["esp_code"]), ("4", 2))

    def test_a_cut_list_of_contacts_goes_on_by_address(self) -> None:
        """Among distinct contacts the cursor is the address, otherwise the id."""
        leads = [
            {"id": f"l{n}", "email": f"p{n}@example.com", "job_title": "x" * 9000}
            for n in range(25)
        ]
        self.instantly.answers("listLeads", {"items": leads})
        got = self.value("list_leads", distinct_contacts=True)
        last = got["items"][-1]
        self.assertEqual(self.cursor(got), last["email"])
        got = self.value("list_leads")
        self.assertEqual(self.cursor(got), got["items"][-1]["id"])


class RecentIdTests(SynchronousTestCase):
    def test_forgets_the_oldest(self) -> None:
        """Each principal's ids are remembered, the latest ones only."""
        ids = RecentIds(most=2)
        self.assertFalse(ids.record("ada", "1"))
        self.assertFalse(ids.record("bob", "1"))
        self.assertTrue(ids.record("ada", "1"))
        self.assertFalse(ids.record("ada", "2"))
        self.assertFalse(ids.record("bob", "1"))


class MoveTests(ToolTestCase):
    name = "move_leads_to_campaign_or_list"

    def test_returns_the_job(self) -> None:
        """A move returns the started job."""
        self.instantly.answers(
            "moveLeads",
            {"id": "j", "type": "move-leads", "status": "pending", "workspace_id": "w"},
        )
        got = self.value(
            self.name, to_list_id="l2", ids=["a"], list_id="l1", wait_seconds=0
        )
        self.assertEqual(got["job"]["id"], "j")
        self.assertFalse(got["job"]["ended"])
        self.assertNotIn("workspace_id", got["job"])
        self.assertIn("get_background_job", got["next"])

    def test_ids_need_their_place(self) -> None:
        """Lead ids alone are refused: the API needs their campaign or list."""
        error = self.failure(self.name, to_list_id="l2", ids=["a"])
        self.assertEqual(error["code"], "bad_argument")

    def test_no_lead_selected(self) -> None:
        """A job that has nothing to move says so."""
        data = {"total_to_process": 0}
        job = {"id": "j", "status": "pending", "data": data}
        self.instantly.answers("moveLeads", job)
        given = {"to_list_id": "l2", "ids": ["a"], "list_id": "l1"}
        got = self.value(self.name, **given, wait_seconds=0)
        self.assertIn("no lead", got["warnings"][0])

    def test_exactly_one_destination(self) -> None:
        """Exactly one destination is required."""
        for places in ({}, {"to_campaign_id": "c", "to_list_id": "l"}):
            error = self.failure(self.name, list_id="l1", **places)
            self.assertEqual(error["code"], "bad_argument")

    def test_a_whole_list_is_a_selection(self) -> None:
        """Moving all leads of a given list is allowed."""
        self.instantly.answers("moveLeads", {"id": "j", "status": "pending"})
        self.value(
            self.name,
            to_campaign_id="c",
            list_id="l1",
            copy_leads=True,
            wait_seconds=0,
        )
        self.assertEqual(
            self.instantly.calls("moveLeads"),
            [{"to_campaign_id": "c", "list_id": "l1", "copy_leads": True}],
        )
