"""Leads: moving, merging variables, and the rules of destinations."""

from __future__ import annotations

from tests.features.cases import ToolTestCase


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
            {"id": f"l{n}", "email": f"p{n}@example.com", "job_title": "x" * 9000}
            for n in range(25)
        ]
        self.instantly.answers("listLeads", {"items": leads})
        got = self.value("list_leads", distinct_contacts=True)
        last = got["items"][-1]
        self.assertEqual(self.cursor(got), last["email"])
        got = self.value("list_leads")
        self.assertEqual(self.cursor(got), got["items"][-1]["id"])


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
