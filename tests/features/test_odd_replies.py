"""Whatever JSON Instantly returns, a tool returns a result and never crashes."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instantly_mcp._json_codec import dumps
from instantly_mcp.catalog.index import OPERATIONS
from instantly_mcp.features.tools.registry import DECLARATIONS
from tests.features.cases import ToolTestCase

ANN = "ann@example.com"
ARGUMENTS: dict[str, dict[str, Any]] = {
    "create_campaign": {"name": "n", "subject": "s", "body": "b", "email_list": [ANN]},
    "create_account": {
        "email": ANN,
        "first_name": "A",
        "last_name": "B",
        "provider_code": 1,
        "imap_username": "u",
        "imap_password": "p",
        "imap_host": "h",
        "imap_port": 1,
        "smtp_username": "u",
        "smtp_password": "p",
        "smtp_host": "h",
        "smtp_port": 1,
    },
    "update_campaign": {"campaign_id": "c", "daily_limit": 1},
    "update_account": {"email": ANN, "daily_limit": 1},
    "update_lead": {"lead_id": "l", "custom_variables": {"a": 1}},
    "update_lead_list": {"list_id": "x", "name": "n"},
    "create_lead": {"campaign": "c", "email": ANN},
    "create_lead_list": {"name": "n"},
    "add_leads_to_campaign_or_list_bulk": {
        "campaign_id": "c",
        "leads": [{"email": ANN}],
    },
    "move_leads_to_campaign_or_list": {"to_campaign_id": "c", "search": "x"},
    "reply_to_email": {
        "reply_to_uuid": "m",
        "subject": "s",
        "body": {"text": "t"},
        "eaccount": ANN,
    },
    "verify_email": {"email": ANN},
    "get_warmup_analytics": {"email": ANN},
    "list_emails": {"latest_of_thread": False},
    "get_campaign_analytics": {"campaign_ids": ["a"]},
}
MORE: dict[str, dict[str, Any]] = {
    "activate_campaign": {"campaign_id": "c", "dry_run": True},
    "update_campaign": {"campaign_id": "c", "timing_from": "10:00", "subject": "s"},
    "create_campaign": {"name": "n", "subject": "s", "body": "b"},
    "verify_email": {"email": ANN, "check_only": True},
    "delete_account": {"email": ANN, "dry_run": True},
    "get_email": {"email_id": "m", "include_html": True},
    "list_emails": {"preview_only": False},
}
"""Second ways to call some of them."""

VERIFY_LIST = {"list_id": "019b0821-ee00-7000-8002-33b55e5b2cc9", "agreed_credits": 1}

NAMES = (
    *("items", "next_starting_after", "id", "name", "status", "email", "payload"),
    *("data", "failed_count", "success_count", "progress", "body", "text", "eaccount"),
    *("created_leads", "index", "leads_uploaded", "total_sent", "remaining_in_plan"),
    *("diagnostics", "summary", "status_message", "failure_list", "success_list"),
    *("verification_status", "count", "sequences", "steps", "email_list"),
    *("campaign_schedule", "schedules", "timing", "days", "timezone", "end_date"),
    *("variants", "subject", "custom_variables", "setup_pending", "leads_count"),
    *("stat_warmup_score", "warmup_status", "campaign_id", "emails_sent_count"),
    *("lead", "from_address_email", "to_address_email_list", "blocklist_used"),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from((0, 1, -1, 2.5, "", "x", ANN, "success", "pending", "2026-01-01")),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    ),
    max_leaves=8,
)
REPLIES = st.one_of(
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=12), st.lists(VALUES)
)


def arguments_of(name: str) -> list[dict[str, Any]]:
    """Return the ways in which a tool is called here."""
    declared = next(each for each in DECLARATIONS if each.name == name)
    least = {each.name: "x" for each in declared.arguments if each.required}
    ways = [ARGUMENTS.get(name, least), *filter(None, [MORE.get(name)])]
    return [*ways, VERIFY_LIST] if name == "verify_email" else ways


class OddReplyTests(ToolTestCase):
    def answer(self, name: str, given_arguments: dict[str, Any], reply: Any) -> None:
        """Run one tool to its end on an Instantly that always answers this."""
        for operation in OPERATIONS:
            self.instantly.answers(operation.id, reply)
        running = self.starting(name, **given_arguments)
        for _ in range(12):
            self.clock.advance(10)
        result = self.successResultOf(running)
        dumps(result.structured)

    def every_tool(self, reply: Any) -> None:
        """Run every tool in every way."""
        for declared in DECLARATIONS:
            for given_arguments in arguments_of(declared.name):
                self.answer(declared.name, given_arguments, reply)

    @settings(
        deadline=None,
        max_examples=60,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(reply=REPLIES)
    def test_any_reply(self, reply: Any) -> None:
        """Every reply, however odd, becomes a result."""
        self.every_tool(reply)

    def test_known_oddities(self) -> None:
        """Replies that are odd in one likely place become results, too."""
        oddities: tuple[Any, ...] = (
            [5, None],
            {"items": [{}, 5, {"email": None}]},
            {"items": [{"email": ANN, "status": 1, "stat_warmup_score": "x"}, True]},
            {"items": True},
            {"items": [{"sequences": True}, {"sequences": [{"steps": 1}]}]},
            {"diagnostics": "x", "summary": []},
            {"leads_uploaded": "x", "created_leads": [5]},
            {"payload": [1], "status": []},
            {"items": "x", "sequences": [5], "email_list": 5},
        )
        for reply in oddities:
            self.every_tool(reply)
