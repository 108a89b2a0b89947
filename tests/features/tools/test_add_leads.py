"""Adding many leads: chunks, counters, and the rows that are not added."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import dumps
from instantly_mcp.api.errors import Reason
from instantly_mcp.features.tools.workflows.add_leads import COUNTERS
from instantly_mcp.features.tools.workflows.lead_rows import (
    MAX_ROWS_NAMED,
    named,
    sorted_rows,
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


def partly(arguments: Any, **members: Any) -> dict[str, Any]:
    """Answer as the API does when it left out the leads after the first."""
    whole = added(arguments)
    return {
        **whole,
        "leads_uploaded": 1,
        "created_leads": whole["created_leads"][:1],
        **members,
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
        self.assertEqual(len(got["created_leads"]), 20)
        self.assertEqual(got["created_leads_not_shown"], 2480)

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
        self.assertEqual([row["index"] for row in error["refused"]], [1])
        error = self.failure(self.name, leads=[{"phone": "1"}], list_id="l1")
        self.assertEqual([row["index"] for row in error["refused"]], [0])
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

    def test_verifying_costs_credits(self) -> None:
        """Only when new leads are verified the result says what that costs."""
        self.instantly.answers("bulkAddLeads", added)
        given = {"leads": people(3), "list_id": "l1"}
        got = self.value(self.name, **given, verify_leads_on_import=True)
        self.assertIn("3 credits", got["warnings"][0])
        got = self.value(self.name, **given, verify_leads_on_import=False)
        self.assertNotIn("warnings", got)

    def test_bad_addresses(self) -> None:
        """They are left out and named; with none left nothing is sent."""
        self.instantly.answers("bulkAddLeads", added)
        bad = {"email": "mailto:b@example.com", "first_name": "B"}
        got = self.value(self.name, leads=[*people(1), bad], campaign_id="c1")
        self.assertEqual((got["given"], got["leads_uploaded"]), (2, 1))
        (row,) = got["refused"]
        self.assertEqual((row["index"], row["meant"]), (1, "b@example.com"))
        self.assertEqual(len(self.instantly.calls("bulkAddLeads")), 1)
        error = self.failure(self.name, leads=[bad, bad], campaign_id="c1")
        self.assertEqual((error["code"], error["not_added"]), ("no_valid_leads", 2))
        self.assertEqual(len(self.instantly.calls("bulkAddLeads")), 1)

    def test_leaving_out_incomplete_ones(self) -> None:
        """Only when asked for, incomplete rows are left out as well, and named."""
        self.instantly.answers("bulkAddLeads", added)
        got = self.value(
            self.name,
            leads=[{"first_name": "A"}, *people(1)],
            campaign_id="c1",
            skip_incomplete=True,
        )
        (sent,) = self.instantly.calls("bulkAddLeads")
        self.assertEqual(sent, {"campaign_id": "c1", "leads": people(1)})
        (row,) = got["refused"]
        self.assertEqual(row["index"], 0)
        self.assertIn("no email", row["reason"])

    def test_what_instantly_left_out(self) -> None:
        """Its reply shows which leads; the reason is certain if there is one only."""
        one = partial(partly, in_blocklist=2)
        two = partial(partly, in_blocklist=1, duplicated_leads=1)
        self.instantly.answers("bulkAddLeads", one, two)
        got = self.value(self.name, leads=people(3), list_id="l1")
        self.assertEqual([row["index"] for row in got["refused"]], [1, 2])
        self.assertEqual(got["refused"][0]["reason"], "not added: on the block list")
        got = self.value(self.name, leads=people(3), list_id="l1")
        reason = "not added: on the block list or already in it"
        self.assertEqual(got["refused"][0]["reason"], reason)

    def test_what_instantly_does_not_show(self) -> None:
        """Without a complete list of what was added, rows are counted, not guessed."""
        reply = partial(partly, created_leads=[], invalid_email_count=2)
        self.instantly.answers("bulkAddLeads", reply)
        got = self.value(self.name, leads=people(3), list_id="l1")
        self.assertEqual((got["not_added"], got["refused"]), (2, []))
        self.assertIn("2 with an invalid address", got["warnings"][0])

    def test_an_unknown_interest(self) -> None:
        """The error names the row; nothing is sent."""
        leads = [*people(2), {"email": "x@example.com", "lt_interest_status": "warm"}]
        error = self.failure(self.name, leads=leads, list_id="l1")
        self.assertIn("leads.2.lt_interest_status", error["message"])
        self.assertEqual(self.instantly.executed, [])

    def test_no_time_for_the_next_chunk(self) -> None:
        """The call stops before a chunk that would end too late, and says so."""

        def slowly(arguments: Any) -> dict[str, Any]:
            self.clock.advance(60)
            return added(arguments)

        self.instantly.answers("bulkAddLeads", slowly)
        got = self.value(self.name, leads=people(2500), list_id="l1")
        self.assertEqual(len(self.instantly.calls("bulkAddLeads")), 2)
        self.assertEqual((got["leads_uploaded"], got["not_sent"]), (2000, 500))
        self.assertEqual(got["resume_from_index"], 2000)
        self.assertIn("from index 2000", got["next"])

    def test_many_bad_rows(self) -> None:
        """The result stays small, and every row is still named."""
        self.instantly.answers("bulkAddLeads", added)
        leads = [*people(1), *[{"email": "no"}] * 2499]
        got = self.value(self.name, leads=leads, list_id="l1")
        self.assertEqual((got["not_added"], len(got["refused"])), (2499, 50))
        self.assertEqual(got["refused_also"], "51-2499")
        self.assertLess(len(dumps(got)), 6_000)

    def test_many_duplicates(self) -> None:
        """Bad addresses are named before duplicates, of which nothing is lost."""
        self.instantly.answers("bulkAddLeads", added)
        leads = [*people(100), *people(100), {"email": "no"}]
        got = self.value(self.name, leads=leads, list_id="l1")
        self.assertEqual(got["refused"][-1]["index"], 200)
        self.assertEqual(got["refused_also"], "149-199")


class RowTests(SynchronousTestCase):
    @given(
        st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "email": st.sampled_from(
                        ["", " ", "a@x.org", " A@x.org", "b@x.org", "no", "<c@x.org>"]
                    ),
                    "first_name": st.sampled_from(["", "Ann"]),
                },
            )
        ),
        st.sampled_from(["campaign_id", "list_id"]),
    )
    def test_no_row_is_lost(self, leads: list[Any], destination: str) -> None:
        """Each row is sent or refused, in order; no address is sent twice."""
        rows = sorted_rows(leads, destination)
        sent = [index for index, _ in rows.to_send]
        refused = [row.index for row in rows.refused]
        self.assertEqual(sorted([*sent, *refused]), list(range(len(leads))))
        self.assertEqual(sent, sorted(sent))
        texts = [lead.get("email", "").strip().lower() for _, lead in rows.to_send]
        addresses = [text for text in texts if text]
        self.assertEqual(len(addresses), len(set(addresses)))
        shown = [row["index"] for row in named(rows.refused)["refused"]]
        self.assertEqual(shown, sorted(shown))
        self.assertEqual(len(shown), min(len(refused), MAX_ROWS_NAMED))
        self.assertLessEqual(set(shown), set(refused))
