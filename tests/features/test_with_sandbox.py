"""Every tool against the simulated Instantly, through the real client.

No socket and no waiting: the sandbox answers in the process, on the same clock.
"""

from __future__ import annotations

from typing import Any

from jsonschema_rs import Draft202012Validator

from instantly_mcp._credential import Credential, Secret
from instantly_mcp._json_codec import dumps, loads
from instantly_mcp.sandbox.workspaces import Sandbox
from tests.features.on_sandbox import features_on, run_tool
from tests.support.cases import ClockedTestCase

KEY = Credential(secret=Secret("sandbox-features"), source="test")

MAY_LACK = {"create_campaign": {"campaign"}}
"""Promised members that a result has only after a further step."""


class SandboxTests(ClockedTestCase):
    def setUp(self) -> None:
        """Put the tools on the real client, and the client on the sandbox."""
        super().setUp()
        sandbox = Sandbox(self.clock, rate_limited=False)
        self.tools = features_on(sandbox, self.clock).tools

    def outcome(self, tool_name: str, **arguments: Any) -> tuple[bool, Any]:
        """Run a tool; return whether it failed, and its value."""
        running = run_tool(self.tools, tool_name, arguments, KEY)
        result = self.successResultOf(self.after_a_minute(running))
        return result.is_error, loads(dumps(result.structured))

    def value(self, tool_name: str, **arguments: Any) -> Any:
        """Return the value of a call that succeeds.

        It must have what the output schema of the tool names, although the schema
        requires nothing, so that it admits errors.
        """
        failed, value = self.outcome(tool_name, **arguments)
        self.assertFalse(failed, f"{tool_name}: {value}")
        tool = self.tools.find(tool_name)
        assert tool is not None
        if tool.output_schema is not None:
            output = dict(tool.output_schema)
            self.assertTrue(Draft202012Validator(output).is_valid(value), tool_name)
            missing = output["properties"].keys() - {"error"} - value.keys()
            self.assertLessEqual(missing, MAY_LACK.get(tool_name, set()), value)
        return value

    def failure(self, tool_name: str, **arguments: Any) -> Any:
        """Return the error of a call that fails."""
        failed, value = self.outcome(tool_name, **arguments)
        self.assertTrue(failed, f"{tool_name}: {value}")
        return value["error"]

    def test_campaigns(self) -> None:
        """A campaign is created, read, changed, filled, started, stopped, deleted."""
        choice = self.value("create_campaign", name="T", subject="Hi", body="Hello")
        senders = [each["email"] for each in choice["eligible_accounts"][:2]]
        made = self.value(
            "create_campaign",
            name="T",
            steps=[
                {"subject": "Hi", "body": "A & B", "variants": [{"body": "C"}]},
                {"body": "Again", "wait": 2},
            ],
            email_list=senders,
            timezone="America/Los_Angeles",
        )
        id = made["campaign"]["id"]
        self.assertEqual(made["campaign"]["status_label"], "draft")
        read = self.value("get_campaign", campaign_id=id)
        steps = read["sequences"][0]["steps"]
        self.assertEqual([step["delay"] for step in steps], [2, 0])
        self.assertEqual(steps[0]["variants"][0]["body"], "<p>A &amp; B</p>")
        changed = self.value(
            "update_campaign", campaign_id=id, name="T2", daily_limit=5
        )
        self.assertEqual(changed["campaign"]["name"], "T2")
        leads = [{"email": f"l{n}@example.org", "first_name": "L"} for n in range(1200)]
        added = self.value(
            "add_leads_to_campaign_or_list_bulk", leads=leads, campaign_id=id
        )
        self.assertEqual(added["leads_uploaded"], 1200)
        started = self.value("activate_campaign", campaign_id=id)
        self.assertEqual(started["campaign"]["status_label"], "active")
        self.assertTrue(
            self.value("get_campaign_sending_status", campaign_id=id)["meaning"]
        )
        found = self.value(
            "search_campaigns_by_contact", contact_email="l7@example.org"
        )
        self.assertIn(id, [each["id"] for each in found["items"]])
        stopped = self.value("pause_campaign", campaign_id=id)
        self.assertEqual(stopped["campaign"]["status_label"], "paused")
        self.value("get_daily_campaign_analytics", campaign_id=id)
        rows = self.value("get_campaign_analytics", campaign_id=id)["rows"]
        self.assertEqual([row["campaign_id"] for row in rows], [id])
        gone = self.value("delete_campaign", campaign_id=id)
        self.assertEqual(gone["deleted"]["id"], id)
        error = self.failure("get_campaign", campaign_id=id)
        self.assertEqual(error["code"], "not_found")

    def test_paging(self) -> None:
        """Each list continues after its cursor, and ends."""
        for name in (
            "list_campaigns",
            "list_accounts",
            "list_leads",
            "list_lead_lists",
            "list_emails",
        ):
            limit = 100 if name in ("list_leads", "list_emails") else 3
            seen: list[str] = []
            page = self.value(name, limit=limit)
            while True:
                seen += [each.get("id") or each["email"] for each in page["items"]]
                if not page["page"]["has_more"] or len(seen) > 300:
                    break
                cursor = page["page"]["next_cursor"]
                page = self.value(name, limit=limit, starting_after=cursor)
            self.assertGreater(len(seen), 1, name)
            self.assertEqual(len(seen), len(set(seen)), name)

    def test_leads_and_lists(self) -> None:
        """Leads are created, changed, moved by a job, counted, and deleted."""
        here = self.value("create_lead_list", name="Here")["id"]
        there = self.value("create_lead_list", name="There")["id"]
        lead = self.value(
            "create_lead",
            list_id=here,
            email="new@example.org",
            custom_variables={"tier": "gold"},
        )
        self.value(
            "update_lead",
            lead_id=lead["id"],
            lt_interest_status="no_show",
            custom_variables={"size": 3},
        )
        read = self.value("get_lead", lead_id=lead["id"])
        self.assertEqual(read["lt_interest_status_label"], "no_show")
        self.assertEqual(read["payload"]["tier"], "gold")
        self.assertEqual(read["payload"]["size"], 3)
        job = self.value(
            "move_leads_to_campaign_or_list", list_id=here, to_list_id=there
        )["job"]
        for _ in range(120):
            self.clock.advance(1)
            job = self.value("get_background_job", job_id=job["id"])["job"]
            if job["ended"]:
                break
        self.assertEqual(job["status"], "success")
        self.assertEqual(self.value("list_leads", list_id=here)["items"], [])
        moved = self.value("list_leads", list_id=there)["items"]
        self.assertEqual([each["email"] for each in moved], ["new@example.org"])
        self.value("update_lead_list", list_id=there, name="Elsewhere")
        stats = self.value("get_verification_stats_for_lead_list", list_id=there)
        self.assertEqual(stats["total_leads"], 1)
        self.value("delete_lead", lead_id=moved[0]["id"])
        self.value("delete_lead_list", list_id=here)
        jobs = self.value("list_background_jobs")["items"]
        self.assertIn(job["id"], [each["id"] for each in jobs])

    def test_inbox(self) -> None:
        """Mail is counted, listed, read, answered, and marked as read."""
        before = self.value("count_unread_emails")["unread_count"]
        self.assertIsInstance(before, int)
        received = self.value("list_emails", email_type="received")["items"]
        mail = self.value("get_email", email_id=received[0]["id"])
        self.assertIn("body", mail)
        sent = self.value(
            "reply_to_email",
            reply_to_uuid=mail["id"],
            subject="Re",
            body={"text": "Thanks"},
            expected_recipient=mail["from_address_email"],
        )
        self.assertTrue(sent["sent"])
        self.value("mark_thread_as_read", thread_id=mail["thread_id"])
        thread = self.value("list_emails", search=f"thread:{mail['thread_id']}")
        self.assertGreaterEqual(len(thread["items"]), 2)
        checked = self.value("verify_email", email="someone@example.org")
        self.assertIn("verification_status", checked)
        again = self.value("verify_email", email="someone@example.org", check_only=True)
        self.assertFalse(again["credit_spent_by_this_call"])

    def test_accounts(self) -> None:
        """Accounts are connected, read, changed, paused, warmed, tested, removed."""
        made = self.value(
            "create_account",
            email="box+1@example.com",
            first_name="B",
            last_name="X",
            provider_code="imap_smtp",
            imap_username="u",
            imap_password="p",
            imap_host="imap.example.com",
            imap_port=993,
            smtp_username="u",
            smtp_password="p",
            smtp_host="smtp.example.com",
            smtp_port=465,
        )
        email = made["email"]
        self.value("update_account", email=email, daily_limit=20)
        self.assertEqual(self.value("get_account", email=email)["daily_limit"], 20)
        paused = self.value("pause_account", email=email)
        self.assertEqual(paused["status_label"], "paused")
        resumed = self.value("resume_account", email=email)
        self.assertEqual(resumed["status_label"], "active")
        for name in ("enable_warmup", "disable_warmup"):
            self.assertFalse(self.value(name, email=email)["job"]["ended"])
        self.assertIn("all_passed", self.value("test_account_vitals", email=email))
        self.value("get_warmup_analytics", email=email)
        self.value("delete_account", email=email)
        error = self.failure("get_account_info", email=email)
        self.assertEqual(error["code"], "not_found")
