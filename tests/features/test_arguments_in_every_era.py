"""Arguments as models and clients really send them, on the sandbox and in every era.

Each case is from a public report: strict modes that send null for everything, clients
that send values as text, n8n's own members, and names of earlier servers.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from instantly_mcp._json_codec import JsonObject, dumps
from instantly_mcp.features.tools.registry import DECLARATIONS
from tests.features.era_cases import ERAS, EraTestCase, said_in
from tests.features.tools.argument_strategies import as_sent, values

N8N = {
    "sessionId": "s",
    "action": "sendMessage",
    "chatInput": "hi",
    "toolCallId": "call_x",
    "tool": "count_unread_emails",
}
READING = {
    each.name: each.accepted_schema()
    for each in DECLARATIONS
    if each.hints.read_only and len(each.arguments) > 1
}
"""The schemas of the tools that only read, and have several arguments."""

BULK = "add_leads_to_campaign_or_list_bulk"


class ReadingTests(EraTestCase):
    """Calls that only read: each form of the arguments has the same answer."""

    def setUp(self) -> None:
        """Find objects of the sandbox to ask about."""
        super().setUp()
        version = ERAS[-1]
        self.lead = self.value(version, "list_leads", limit=1)["items"][0]["id"]
        self.campaign = self.value(version, "list_campaigns")["items"][0]["id"]
        self.account = self.value(version, "list_accounts")["items"][0]["email"]

    def same(self, tool_name: str, sent: Any, meant: JsonObject) -> None:
        """Two forms of arguments have one answer, in every era."""
        for version in ERAS:
            first, second = (
                _without_cursor(self.result(version, tool_name, each))
                for each in (meant, sent)
            )
            self.assertEqual(first, second, f"{version} {tool_name}: {sent}")

    def test_forms(self) -> None:
        """Null, empty text, text for values, n8n's names and other spellings."""
        draft = {"name": "T", "subject": "S", "body": "B", "dry_run": True}
        nothing = {"search": None, "status": None, "limit": None}
        cases: tuple[tuple[str, Any, JsonObject], ...] = (
            ("list_campaigns", {**nothing, "starting_after": None}, {}),
            ("list_campaigns", {"status": "", "search": "", "starting_after": ""}, {}),
            ("list_campaigns", {"limit": "5"}, {"limit": 5}),
            ("list_campaigns", {"status": "1"}, {"status": "active"}),
            ("list_campaigns", {"status": "Active"}, {"status": "active"}),
            ("list_campaigns", '{"limit": 5}', {"limit": 5}),
            ("list_leads", {"ids": dumps([self.lead]).decode()}, {"ids": [self.lead]}),
            ("list_leads", {"in_campaign": "true"}, {"in_campaign": True}),
            ("list_leads", {"ids": None, "filter": None, "queries": None}, {}),
            ("list_leads", {"excluded_ids": [], "contacts": None}, {}),
            (
                "list_leads",
                {"inCampaign": "True", "page_size": 3},
                {"in_campaign": True, "limit": 3},
            ),
            ("list_campaigns", {"tag_ids": ["a", "b"]}, {"tag_ids": "a,b"}),
            ("list_campaigns", {"tag_ids": '["a", "b"]'}, {"tag_ids": "a,b"}),
            (
                "create_campaign",
                {**draft, "dry_run": "true", "timing_from": "9:00", "days": None},
                {**draft, "timing_from": "09:00"},
            ),
            ("count_unread_emails", N8N, {}),
            (
                "get_campaign",
                {"id": self.campaign, **N8N},
                {"campaign_id": self.campaign},
            ),
            ("get_account", {"account": self.account}, {"email": self.account}),
            (
                "get_campaign_analytics",
                {"id": self.campaign},
                {"campaign_id": self.campaign},
            ),
        )
        for tool_name, sent, meant in cases:
            self.same(tool_name, sent, meant)

    def test_refused(self) -> None:
        """What is not certain is refused with code, message and hint."""
        cases: tuple[tuple[str, Any, str], ...] = (
            ("list_campaigns", {"limit": "five"}, "limit"),
            ("list_campaigns", {"limit": 5.5}, "limit"),
            ("count_unread_emails", {"anything": 1}, "anything"),
            ("list_leads", {"ids": []}, "ids"),
            ("list_leads", {"ids": [None]}, "ids.0"),
            ("list_leads", {"id": self.lead}, "id"),
            ("get_lead", {"lead_id": None}, "lead_id is required"),
            ("get_lead", {"lead_id": ""}, "lead_id is required"),
            ("get_lead", {}, "lead_id is required"),
            ("get_campaign", {"id": "a", "campaign": "b"}, "id and campaign"),
        )
        for tool_name, sent, named in cases:
            for version in ERAS:
                error = self.failure(version, tool_name, **sent)
                self.assertEqual(error["code"], "bad_argument", (version, sent))
                self.assertIn(named, error["message"])
                self.assertTrue(error["hint"].startswith("Nothing was done. "))


class WritingTests(EraTestCase):
    """Calls that change the workspace: each era has a sandbox of its own."""

    def each_era(self) -> Any:
        """Yield each revision, with a new sandbox."""
        for version in ERAS:
            self.start_server()
            self.list_id = self.value(version, "list_lead_lists")["items"][0]["id"]
            yield version

    def lead(self, version: str, address: str) -> Any:
        """Return a lead of the list with all its details."""
        found = self.value(version, "list_leads", contacts=[address])["items"]
        return self.value(version, "get_lead", lead_id=found[0]["id"])

    def test_leads_as_text(self) -> None:
        """Leads that are sent as text, with fields in other spellings, are added."""
        rows = '[{"Email": "a@example.com", "firstName": "A", "phone": null}]'
        for version in self.each_era():
            added = self.value(version, BULK, list_id=self.list_id, leads=rows)
            self.assertEqual(added["leads_uploaded"], 1, version)
            lead = self.lead(version, "a@example.com")
            self.assertEqual(lead["first_name"], "A", version)

    def test_variables(self) -> None:
        """Variables may be an object, pairs, or either of them as text."""
        pairs = [{"name": "city", "value": "Bern"}]
        forms = ({"city": "Bern"}, pairs, '{"city": "Bern"}', dumps(pairs).decode())
        for version in self.each_era():
            for number, form in enumerate(forms):
                address = f"v{number}@example.com"
                self.value(
                    version,
                    "create_lead",
                    list_id=self.list_id,
                    email=address,
                    custom_variables=form,
                )
                payload = self.lead(version, address)["payload"]
                self.assertEqual(payload["city"], "Bern", (version, form))

    def test_unknown_fields(self) -> None:
        """An unknown field of a lead is refused, and the hint names the variables."""
        rows = [{"email": "b@example.com", "city": "Bern"}]
        for version in self.each_era():
            error = self.failure(version, BULK, list_id=self.list_id, leads=rows)
            self.assertIn("leads.0.city", error["message"])
            self.assertIn("custom_variables", error["message"])
            self.assertNotIn("Bern", dumps(error).decode())
            found = self.value(version, "list_leads", contacts=["b@example.com"])
            self.assertEqual(found["items"], [])

    def test_null_changes_nothing(self) -> None:
        """Null for each setting leaves the campaign as it is; a reset does not."""
        for version in self.each_era():
            campaign = self.value(version, "list_campaigns")["items"][0]["id"]
            before = self.value(version, "get_campaign", campaign_id=campaign)
            given = {"campaign_id": campaign, "daily_limit": None, "email_gap": None}
            error = self.failure(version, "update_campaign", **given)
            self.assertEqual(error["message"], "No change was given.", version)
            self.value(version, "update_campaign", **{**given, "name": "Renamed"})
            after = self.value(version, "get_campaign", campaign_id=campaign)
            self.assertEqual(after["name"], "Renamed")
            for name in ("daily_limit", "email_gap"):
                self.assertEqual(after.get(name), before.get(name), (version, name))
            reset = {"campaign_id": campaign, "reset": ["daily_limit"]}
            self.value(version, "update_campaign", **reset)
            after = self.value(version, "get_campaign", campaign_id=campaign)
            self.assertNotEqual(after.get("daily_limit"), before["daily_limit"])


class AnyFormTests(EraTestCase):
    @settings(max_examples=30)
    @given(st.data())
    def test_one_outcome(self, data: Any) -> None:
        """However a client sends arguments, a call has the outcome that was meant."""
        version = data.draw(st.sampled_from(ERAS))
        tool_name = data.draw(st.sampled_from(sorted(READING)))
        meant = data.draw(values(READING[tool_name]))
        sent = as_sent(data.draw, READING[tool_name], meant)
        outcomes = [
            _outcome(self.result(version, tool_name, arguments))
            for arguments in (meant, sent)
        ]
        self.assertEqual(outcomes[0], outcomes[1], (version, tool_name, sent))


def _outcome(result: Any) -> Any:
    said = said_in(result)
    said.get("page", {}).pop("next_cursor", None)
    return result.get("isError", False), said


def _without_cursor(result: Any) -> Any:
    """Return what a success says, without what differs between two equal answers."""
    failed, said = _outcome(result)
    assert not failed, said
    return said
