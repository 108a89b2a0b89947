"""Leads: adding many, moving, merging variables, and the rules of destinations."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from instantly_mcp.api.errors import Reason
from instantly_mcp.features.tools.workflows.add_leads import (
    COUNTERS,
    _without_duplicates,
)
from tests.features.cases import ToolTestCase
from tests.support.instantly import api_error


def people(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Return `count` leads."""
    return [{"email": f"p{n}@example.com"} for n in range(first, first + count)]


def added(arguments: Any) -> dict[str, Any]:
    """Answer as the API does when every lead is new."""
    leads = arguments["leads"]
    return {
        **dict.fromkeys(COUNTERS, 0),
        "status": "success",
        "total_sent": len(leads),
        "leads_uploaded": len(leads),
        "blocklist_used": None,
        "remaining_in_plan": 5000,
        "created_leads": [
            {"index": place, "id": f"id-{lead['email']}", "email": lead["email"]}
            for place, lead in enumerate(leads)
        ],
    }


class BulkTests(ToolTestCase):
    name = "add_leads_to_campaign_or_list_bulk"

    def test_one_chunk(self) -> None:
        """A few leads go in one call, with every option beside them."""
        self.instantly.answers("bulkAddLeads", added)
        got = self.value(
            self.name,
            leads=[{"email": " A@example.com ", "custom_variables": {"n": 1}}],
            campaign_id="c1",
            skip_if_in_workspace=True,
            verify_leads_on_import=False,
        )
        self.assertEqual(
            self.instantly.calls("bulkAddLeads"),
            [
                {
                    "campaign_id": "c1",
                    "skip_if_in_workspace": True,
                    "verify_leads_on_import": False,
                    "leads": [{"email": "A@example.com", "custom_variables": {"n": 1}}],
                }
            ],
        )
        self.assertEqual(got["leads_uploaded"], 1)
        self.assertEqual(got["remaining_in_plan"], 5000)

    def test_chunks_progress_and_merged_counters(self) -> None:
        """2,500 leads go in three calls, counted together, with progress for each."""
        self.instantly.answers("bulkAddLeads", added)
        got = self.value(self.name, leads=people(2500), list_id="l1")
        sizes = [len(each["leads"]) for each in self.instantly.calls("bulkAddLeads")]
        self.assertEqual(sizes, [1000, 1000, 500])
        self.assertEqual(got["leads_uploaded"], 2500)
        self.assertEqual(got["total_sent"], 2500)
        self.assertEqual(self.progress(), [1000, 2000, 2500])
        self.assertEqual(len(got["created_leads"]), 50)
        self.assertEqual(got["created_leads_not_shown"], 2450)

    def test_duplicates_are_left_out(self) -> None:
        """Of leads with one address, spelled any way, the first is sent."""
        self.instantly.answers("bulkAddLeads", added)
        got = self.value(
            self.name,
            leads=[
                {"email": "x@example.com", "first_name": "One"},
                {"email": "X@Example.com", "first_name": "Two"},
                {"email": "y@example.com"},
            ],
            list_id="l1",
        )
        (sent,) = self.instantly.calls("bulkAddLeads")
        self.assertEqual(
            [lead["email"] for lead in sent["leads"]],
            ["x@example.com", "y@example.com"],
        )
        self.assertEqual(got["duplicates_removed"], 1)
        self.assertEqual([each["index"] for each in got["created_leads"]], [0, 2])

    def test_leads_without_address_are_kept(self) -> None:
        """In a list, leads known only by name are all kept."""
        self.instantly.answers("bulkAddLeads", {"leads_uploaded": 2})
        self.value(
            self.name, leads=[{"first_name": "A"}, {"first_name": "A"}], list_id="l1"
        )
        (sent,) = self.instantly.calls("bulkAddLeads")
        self.assertEqual(len(sent["leads"]), 2)

    def test_what_each_place_needs(self) -> None:
        """A campaign needs addresses, a list an address or a name."""
        error = self.failure(
            self.name, leads=[*people(1), {"first_name": "A"}], campaign_id="c1"
        )
        self.assertEqual(error["code"], "incomplete_leads")
        self.assertEqual(error["indexes"], [1])
        error = self.failure(self.name, leads=[{"phone": "1"}], list_id="l1")
        self.assertEqual(error["indexes"], [0])
        self.assertEqual(self.instantly.executed, [])

    def test_exactly_one_place(self) -> None:
        """Exactly one destination is required."""
        for places in ({}, {"campaign_id": "c", "list_id": "l"}):
            error = self.failure(self.name, leads=people(1), **places)
            self.assertEqual(error["code"], "bad_argument")

    def test_interest_by_name(self) -> None:
        """Each lead's interest may be a name."""
        self.instantly.answers("bulkAddLeads", added)
        self.value(
            self.name,
            leads=[{"email": "a@example.com", "lt_interest_status": "no_show"}],
            list_id="l1",
        )
        (sent,) = self.instantly.calls("bulkAddLeads")
        self.assertEqual(sent["leads"][0]["lt_interest_status"], -4)

    def test_the_first_chunk_fails(self) -> None:
        """When nothing was added the failure is a plain one."""
        self.instantly.answers(
            "bulkAddLeads", api_error(Reason.PLAN_REQUIRED, "bulkAddLeads", status=402)
        )
        error = self.failure(self.name, leads=people(3), list_id="l1")
        self.assertEqual(error["code"], "plan_required")

    def test_a_later_chunk_fails(self) -> None:
        """The error names what was added, what was not, and where to continue."""
        self.instantly.answers(
            "bulkAddLeads",
            added,
            added,
            api_error(Reason.UPSTREAM_FAILED, "bulkAddLeads", status=500),
        )
        error = self.failure(
            self.name, leads=[*people(1), *people(3000)], campaign_id="c1"
        )
        self.assertEqual(error["code"], "partial_failure")
        self.assertEqual(error["uncertain_from_index"], 2001)
        self.assertNotIn("gain", error["hint"])
        self.assertEqual(error["not_sent"], 1000)
        self.assertEqual(error["so_far"]["leads_uploaded"], 2000)
        self.assertEqual(error["error"]["code"], "upstream_failed")

    def test_a_later_chunk_is_refused(self) -> None:
        """After a chunk that was not added the index to continue at is given."""
        self.instantly.answers(
            "bulkAddLeads",
            added,
            api_error(Reason.PLAN_REQUIRED, "bulkAddLeads", status=402),
        )
        error = self.failure(self.name, leads=people(1500), campaign_id="c1")
        self.assertEqual(error["resume_from_index"], 1000)
        self.assertIn("Call again with the leads from index 1000", error["hint"])

    @settings(deadline=None)
    @given(st.lists(st.sampled_from(["", "a@x.org", "A@x.org", "b@x.org", "c@x.org"])))
    def test_removing_duplicates(self, addresses: list[str]) -> None:
        """Order and indexes are kept, each address once, no address is lost."""
        leads = [{"email": address} for address in addresses]
        kept = _without_duplicates(leads)
        self.assertEqual([leads[place] for place, _ in kept], [x for _, x in kept])
        places = [place for place, _ in kept]
        self.assertEqual(places, sorted(places))
        seen = [lead["email"].lower() for _, lead in kept if lead["email"]]
        self.assertEqual(len(seen), len(set(seen)))
        self.assertEqual(set(seen), {a.lower() for a in addresses if a})
        blanks = sum(1 for _, lead in kept if not lead["email"])
        self.assertEqual(blanks, addresses.count(""))


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

    def test_variables_are_merged(self) -> None:
        """Variables that are not named keep their values; fields are not variables."""
        self.instantly.answers(
            "getLead",
            {"id": "l", "payload": {"firstName": "A", "tier": "gold", "odd": [1]}},
        )
        self.instantly.answers("patchLead", {"id": "l", "status": 1})
        self.value("update_lead", lead_id="l", custom_variables={"size": 3})
        self.assertEqual(self.instantly.ids, ["getLead", "patchLead"])
        self.assertEqual(
            self.instantly.calls("patchLead"),
            [{"id": "l", "custom_variables": {"tier": "gold", "size": 3}}],
        )

    def test_other_fields_need_no_reading(self) -> None:
        """Without variables there is one call."""
        self.instantly.answers("patchLead", {"id": "l"})
        self.value("update_lead", lead_id="l", phone=None)
        self.assertEqual(
            self.instantly.calls("patchLead"), [{"id": "l", "phone": None}]
        )
        self.assertEqual(self.instantly.ids, ["patchLead"])

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

    def test_a_cut_list_of_contacts_goes_on_by_address(self) -> None:
        """Among distinct contacts the cursor is the address, otherwise the id."""
        leads = [
            {"id": f"l{n}", "email": f"p{n}@example.com", "personalization": "x" * 9000}
            for n in range(25)
        ]
        self.instantly.answers("listLeads", {"items": leads})
        got = self.value("list_leads", distinct_contacts=True)
        last = got["items"][-1]
        self.assertEqual(got["page"]["next_cursor"], last["email"])
        got = self.value("list_leads")
        self.assertEqual(got["page"]["next_cursor"], last["id"])


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
