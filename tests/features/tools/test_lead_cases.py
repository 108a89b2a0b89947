"""Leads as models really send them, in every era, on the simulated Instantly."""

from __future__ import annotations

from typing import Any

from instantly_mcp._json_codec import loads
from tests.features.era_cases import ERAS, EraTestCase

BULK = "add_leads_to_campaign_or_list_bulk"


class LeadCases(EraTestCase):
    def test_bulk(self) -> None:
        """The good row is added; the bad address and the duplicate are named."""
        for version in ERAS:
            self.start_server()
            list_id = self.value(version, "create_lead_list", name="Cases")["id"]
            leads = [
                {"email": "not-an-address"},
                {"email": "ok@example.com"},
                {"email": "OK@example.com "},
            ]
            got = self.value(version, BULK, list_id=list_id, leads=leads)
            self.assertEqual((got["leads_uploaded"], got["not_added"]), (1, 2), version)
            bad, duplicate = got["refused"]
            self.assertEqual((bad["index"], duplicate["index"]), (0, 2))
            self.assertIn("has no @", bad["reason"])
            self.assertIn("index 1", duplicate["reason"])
            found = self.value(version, "list_leads", list_id=list_id)["items"]
            self.assertEqual([each["email"] for each in found], ["ok@example.com"])

    def test_a_long_list(self) -> None:
        """Of 2,500 leads each one is added or named, and the result stays small."""
        for version in (ERAS[-2], ERAS[-1]):
            self.start_server()
            list_id = self.value(version, "create_lead_list", name="Long")["id"]
            leads = [{"email": f"p{n}@example.com"} for n in range(2400)]
            self.value(version, BULK, list_id=list_id, leads=leads[100:110])
            leads += [{"email": f" P{n}@example.com"} for n in range(60)]
            leads += [{"email": "Ann <ann@example.com>"}] * 30
            leads += [{"email": f"blocked.{n}@example.com"} for n in range(10)]
            result = self.result(version, BULK, {"list_id": "Long", "leads": leads})
            self.assertLess(len(result["content"][0]["text"]) / 4, 3_000)
            got = loads(result["content"][0]["text"])
            self.assertEqual((got["given"], got["leads_uploaded"]), (2500, 2390))
            self.assertEqual(got["not_added"], 110)
            self.assertEqual((got["in_blocklist"], got["duplicated_leads"]), (10, 10))
            reasons = {row["index"]: row["reason"] for row in got["refused"]}
            self.assertEqual(set(reasons), {*range(100, 110), *range(2460, 2500)})
            self.assertIn("brackets", reasons[2460])
            self.assertIn("already in it", reasons[100])
            self.assertEqual(reasons[2490], "not added: on the block list")
            self.assertEqual(got["refused_also"], "2400-2459")

    def test_moving_everything(self) -> None:
        """What a model leaves open never selects leads to move."""
        move = "move_leads_to_campaign_or_list"
        names = (
            "ids",
            "contacts",
            "queries",
            "search",
            "filter",
            "campaign",
            "list_id",
        )
        for version in ERAS:
            self.start_server()
            list_id = self.value(version, "create_lead_list", name="Empty")["id"]
            for unsaid in (None, ""):
                nothing: dict[str, Any] = dict.fromkeys(names, unsaid)
                self.failure(version, move, to_list_id=list_id, **nothing)
            for name in ("ids", "contacts", "queries"):
                given = {"to_list_id": list_id, "list_id": list_id}
                self.failure(version, move, **given, **{name: []})
            self.assertEqual(self.value(version, "list_background_jobs")["items"], [])

    def test_default_page(self) -> None:
        """A page of leads costs a model at most 6,000 tokens; zeros are left out."""
        result = self.result(ERAS[-1], "list_leads", {})
        self.assertLess(len(result["content"][0]["text"]) / 4, 6_000)
        got = self.value(ERAS[-1], "list_leads")
        self.assertEqual(len(got["items"]), 25)
        first = got["items"][0]
        self.assertTrue({"id", "email", "status_label", "company_name"} <= set(first))
        self.assertNotIn("personalization", first)
        whole = self.value(ERAS[-1], "get_lead", lead_id=first["id"])
        self.assertTrue({"payload", "email_open_count"} <= set(whole))

    def test_resetting_the_interest(self) -> None:
        """A lead's interest is set and reset; null resets nothing."""
        for version in ERAS:
            self.start_server()
            found = self.value(version, "list_leads", filter="interested")["items"]
            lead = {"lead_id": found[0]["id"]}
            self.value(
                version, "update_lead", **lead, phone="1", lt_interest_status=None
            )
            kept = self.value(version, "get_lead", **lead)
            self.assertEqual(kept["lt_interest_status_label"], "interested")
            got = self.value(
                version, "update_lead", **lead, reset=["lt_interest_status"]
            )
            self.assertIn("get_lead", got["next"])
            self.clock.advance(5)
            gone = self.value(version, "get_lead", **lead)
            self.assertNotIn("lt_interest_status", gone)
            self.value(version, "update_lead", **lead, lt_interest_status="won")
            won = self.value(version, "get_lead", **lead)
            self.assertEqual(won["lt_interest_status_label"], "won")

    def test_the_same_lead_again(self) -> None:
        """The second call says that the lead existed, and what it did not change."""
        for version in ERAS:
            self.start_server()
            list_id = self.value(version, "create_lead_list", name="Cases")["id"]
            given = {"list_id": list_id, "email": "a@example.com"}
            first = self.value(version, "create_lead", **given, first_name="Ann")
            self.assertIs(first["existed"], False)
            again = self.value(version, "create_lead", **given, first_name="Bob")
            self.assertEqual((again["existed"], again["id"]), (True, first["id"]))
            self.assertEqual(again["not_changed"], ["first_name"])

    def test_recipients(self) -> None:
        """A link is not an address; nothing is added, and the address is offered."""
        for version in ERAS:
            self.start_server()
            list_id = self.value(version, "create_lead_list", name="Cases")["id"]
            error = self.failure(
                version, "create_lead", list_id=list_id, email="mailto:a@example.com"
            )
            self.assertEqual(error["code"], "bad_address", version)
            self.assertIn("a@example.com", error["hint"])
            found = self.value(version, "list_leads", list_id=list_id)["items"]
            self.assertEqual(found, [])
