"""A name where an id is wanted, and cursors, on the sandbox and in every era."""

from __future__ import annotations

from typing import Any

from instantly_mcp._json_codec import JsonObject
from tests.features.era_cases import ERAS, EraTestCase

MISSING = "0190a4f2-5d6a-7c11-8f00-2b8a4c1d9e77"


class NamesInEveryEraTests(EraTestCase):
    def both(self, tool_name: str, *ways: JsonObject) -> Any:
        """Return the value of a call that is the same in every era and every way."""
        found: Any = None
        for version in ERAS:
            for arguments in ways:
                value = self.value(version, tool_name, **arguments)
                value.get("page", {}).pop("next_cursor", None)
                self.assertEqual(found or value, value, (version, arguments))
                found = value
        return found

    def refused(self, tool_name: str, **arguments: Any) -> Any:
        """Return the error object of a call that is refused alike in every era."""
        found: Any = None
        for version in ERAS:
            error = self.failure(version, tool_name, **arguments)
            self.assertEqual(found or error, error, version)
            found = error
        return found

    def test_by_name(self) -> None:
        """A campaign's, a list's and an account's name stand for the id."""
        version = ERAS[-1]
        campaign, other, *_ = self.value(version, "list_campaigns")["items"]
        lead_list = self.value(version, "list_lead_lists")["items"][0]
        account = self.value(version, "list_accounts")["items"][0]
        names = [campaign["name"].upper(), f" {campaign['name']} ", campaign["id"]]
        leads = self.both("list_leads", *({"campaign": name} for name in names))
        self.assertTrue(leads["items"])
        self.both(
            "list_leads", {"list_id": lead_list["name"]}, {"list_id": lead_list["id"]}
        )
        self.both("get_campaign", *({"campaign_id": name} for name in names))
        rows = self.both(
            "get_campaign_analytics",
            {"campaign_ids": [campaign["name"], other["name"]]},
            {"campaign_ids": [campaign["id"], other["id"]]},
        )
        self.assertEqual(len(rows["rows"]), 2)
        owner = f"{account['first_name']} {account['last_name']}"
        self.both("get_account", {"email": owner}, {"email": account["email"]})

    def test_no_such_name(self) -> None:
        """A name of nothing is refused with candidates, and never an empty success."""
        for tool_name, argument in (
            ("list_leads", "campaign"),
            ("list_leads", "list_id"),
            ("list_emails", "campaign_id"),
            ("list_emails", "eaccount"),
            ("get_warmup_analytics", "email"),
            ("get_campaign_analytics", "campaign_id"),
            ("get_campaign_analytics", "id"),
            ("get_daily_campaign_analytics", "campaign_id"),
            ("activate_campaign", "campaign_id"),
            ("delete_lead_list", "list_id"),
            ("pause_account", "email"),
        ):
            error = self.refused(tool_name, **{argument: "Q4 Fintec"})
            self.assertEqual(error["code"], "not_found", tool_name)
            self.assertTrue(1 <= len(error["candidates"]) <= 5, tool_name)
            if "campaign" in argument:
                self.assertEqual(error["candidates"][0]["name"], "Q4 Fintech")

    def test_no_such_id(self) -> None:
        """An id of nothing is refused as well, although Instantly lists nothing."""
        for tool_name, argument in (
            ("list_leads", "campaign"),
            ("list_leads", "list_id"),
            ("list_emails", "campaign_id"),
            ("get_campaign_analytics", "campaign_id"),
            ("get_daily_campaign_analytics", "campaign_id"),
        ):
            error = self.refused(tool_name, **{argument: MISSING})
            self.assertEqual(error["code"], "not_found", tool_name)
            self.assertIn(MISSING, error["message"])

    def test_no_such_object(self) -> None:
        """A tool for one object names those that exist, if its id is of none."""
        for tool_name, argument, id in (
            ("get_campaign", "campaign_id", MISSING),
            ("pause_campaign", "campaign_id", MISSING),
            ("create_lead", "campaign", MISSING),
            ("update_lead_list", "list_id", MISSING),
            ("get_account", "email", "nora.holm@example.invalid"),
        ):
            more = {"create_lead": {"email": "a@example.com"}}.get(tool_name, {})
            more |= {"name": "x"} if tool_name == "update_lead_list" else {}
            error = self.refused(tool_name, **{argument: id}, **more)
            self.assertEqual(error["code"], "not_found", tool_name)
            self.assertIn(id, error["message"])
            self.assertTrue(error["candidates"], tool_name)

    def test_cursors(self) -> None:
        """A cursor goes from one era to the next; an invented one is refused."""
        whole = self.value(ERAS[0], "list_leads", limit=80)["items"]
        found = self.value(ERAS[0], "list_leads", limit=15)
        seen = list(found["items"])
        for version in ERAS[1:]:
            cursor = found["page"]["next_cursor"]
            found = self.value(version, "list_leads", limit=15, starting_after=cursor)
            seen += found["items"]
        self.assertEqual(len(seen), 15 * len(ERAS))
        self.assertEqual(seen, whole[: len(seen)])
        for invented in (whole[3]["id"], whole[3]["email"], "2", "next"):
            error = self.refused("list_leads", starting_after=invented)
            self.assertEqual(error["code"], "bad_cursor")
