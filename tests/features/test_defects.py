"""Thirty defects of earlier servers; one test for each prevents it."""

from __future__ import annotations

import inspect
import io
from pathlib import Path
from typing import Any

from twisted.logger import FileLogObserver, Logger, globalLogPublisher

from instantly_mcp import features
from instantly_mcp._credential import Credential, Secret
from instantly_mcp._json_codec import dumps
from instantly_mcp.api.errors import Reason
from instantly_mcp.catalog.codes import (
    ACCOUNT_STATUS,
    ESP,
    INTEREST,
    PROVIDER,
)
from instantly_mcp.catalog.index import operation
from instantly_mcp.catalog.operation import Risk
from instantly_mcp.protocol.calls.call import Call, Caller
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.api.builders import client
from tests.api.test_client import MemoryAgent
from tests.features.cases import NOW, ToolTestCase
from tests.features.tools.workflows.test_create_campaign import MADE, account
from tests.support.instantly import api_error

COPY = {"name": "n", "subject": "s", "body": "b"}


class DefectTests(ToolTestCase):
    def create(self, *senders: str, **given: Any) -> Any:
        """Create a campaign and return what was sent for it."""
        self.instantly.answers("createCampaign", MADE)
        result = self.value(
            "create_campaign", email_list=list(senders), **{**COPY, **given}
        )
        return result, self.instantly.calls("createCampaign")[-1]

    def one_sender(self) -> None:
        """Let the workspace have one account that sends."""
        self.instantly.answers("listAccount", {"items": [account("a@example.com")]})

    def reach_the_wire(self) -> MemoryAgent:
        """Let the tools work with the real client, over an agent in memory."""
        agent = MemoryAgent()
        self.context.instantly = client(agent, "https://api.example.com", self.clock)
        return agent

    def test_raw_path_segments(self) -> None:
        """An id cannot change a path, and an address keeps every character."""
        agent = self.reach_the_wire()
        for odd in ("../api-keys", "..", "a/b", "a?b", "a%2fb"):
            self.assertEqual(
                self.failure("get_email", email_id=odd)["code"], "bad_argument"
            )
        self.assertEqual(agent.asked, [])
        self.assertFalse(self.allows("get_email", {"email_id": ""}))
        agent.answer = {"email": "o'brien+x@example.com"}
        self.value("get_account", email="o'brien+x@example.com")
        ((_, uri, _),) = agent.asked
        self.assertTrue(uri.endswith(b"/accounts/o%27brien%2Bx%40example.com"), uri)

    def test_global_limiter_lock_out(self) -> None:
        """The rate limit of a key slows only that key, and ends."""
        agent = self.reach_the_wire()
        agent.status = 429
        limited = self.starting("list_campaigns")
        self.clock.pump([0.5, 1.0])
        self.assertTrue(self.successResultOf(limited).is_error)
        agent.status, agent.answer = 200, {"items": []}
        slowed = self.starting("list_campaigns")
        self.assertNoResult(slowed)
        other = Credential(secret=Secret("another-key"), source="test")
        caller = Caller(revision=V2025_11_25, credential=other)
        at_once = self.tool("list_campaigns").run({}, Call(caller=caller))
        self.assertFalse(self.successResultOf(at_once).is_error)
        self.clock.pump([1.0] * 10)
        self.assertFalse(self.successResultOf(slowed).is_error)

    def test_secrets_in_logs(self) -> None:
        """Tools log nothing: neither passwords nor the text of mail."""
        out = io.StringIO()
        observer = FileLogObserver(out, lambda event: str(event) + "\n")
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        Logger().info("canary")
        self.instantly.answers("getEmail", {"eaccount": "a@example.com"})
        self.run_tool(
            "reply_to_email",
            reply_to_uuid="m",
            subject="s",
            body={"text": "CANARY-TEXT"},
        )
        self.instantly.answers("patchAccount", api_error(Reason.INVALID_REQUEST))
        self.run_tool("update_account", email="a@example.com", signature="CANARY-TEXT")
        self.assertIn("canary", out.getvalue())
        self.assertNotIn("CANARY-TEXT", out.getvalue())

    def test_pagination_hint_never_shown(self) -> None:
        """The API's top-level cursor reaches the page of every list."""
        for name, id in (
            ("list_campaigns", "listCampaign"),
            ("list_accounts", "listAccount"),
            ("list_leads", "listLeads"),
            ("list_lead_lists", "listLeadList"),
            ("list_emails", "listEmail"),
            ("list_background_jobs", "listBackgroundJob"),
        ):
            reply = {"items": [{"id": "x", "email": "x"}], "next_starting_after": "C&1"}
            self.instantly.answers(id, reply)
            got = self.value(name)
            self.assertEqual(self.cursor(got), "C&1", name)
            token = got["page"].pop("next_cursor")
            self.assertEqual(got["page"], {"has_more": True, "returned": 1}, name)
            self.value(name, starting_after=token)
            self.assertEqual(self.instantly.calls(id)[-1]["starting_after"], "C&1")

    def test_warmup_job_reported_as_done(self) -> None:
        """Warm-up returns the job as it is, and where to look for its end."""
        job = {"id": "j", "type": "update-warmup-accounts", "status": "pending"}
        for name, id in (
            ("enable_warmup", "enableWarmupForAccounts"),
            ("disable_warmup", "disableWarmupForAccounts"),
        ):
            self.instantly.answers(id, job)
            got = self.value(name, email="a@example.com", wait_seconds=0)
            self.assertEqual(got["job"], {**job, "ended": False})
            self.assertNotIn("success", got)
            self.assertIn("get_background_job", got["next"])
            self.assertEqual(self.instantly.calls(id), [{"emails": ["a@example.com"]}])

    def test_vitals_body_field(self) -> None:
        """The account to test is sent as ``accounts``."""
        self.value("test_account_vitals", email="a@example.com")
        self.assertEqual(
            self.instantly.calls("testAccountVitals"), [{"accounts": ["a@example.com"]}]
        )

    def test_search_by_contact_parameter(self) -> None:
        """The contact's address is sent as ``search``."""
        self.instantly.answers("searchByContact", {"items": [MADE]})
        got = self.value("search_campaigns_by_contact", contact_email="l@example.org")
        self.assertEqual(
            self.instantly.calls("searchByContact"), [{"search": "l@example.org"}]
        )
        self.assertEqual(got["items"][0]["id"], "c1")

    def test_stop_on_auto_reply_lost(self) -> None:
        """The setting is sent, whether given or by default."""
        self.one_sender()
        _, sent = self.create("a@example.com", stop_on_auto_reply=False)
        self.assertIs(sent["stop_on_auto_reply"], False)
        _, sent = self.create("a@example.com")
        self.assertIs(sent["stop_on_auto_reply"], True)

    def test_double_html_and_escaping(self) -> None:
        """HTML is not wrapped again, and a comparison is kept."""
        self.one_sender()
        _, sent = self.create("a@example.com", body="<p>Hello</p>")
        variant = sent["sequences"][0]["steps"][0]["variants"][0]
        self.assertEqual(variant["body"], "<p>Hello</p>")
        _, sent = self.create("a@example.com", body="if x < y & z")
        variant = sent["sequences"][0]["steps"][0]["variants"][0]
        self.assertEqual(variant["body"], "<p>if x &lt; y &amp; z</p>")

    def test_machine_made_follow_ups(self) -> None:
        """No step is sent that was not written; a missing one is refused."""
        self.one_sender()
        self.instantly.answers("createCampaign", MADE)
        self.value(
            "create_campaign",
            name="n",
            email_list=["a@example.com"],
            steps=[{"subject": "s", "body": "one"}, {"body": "two"}],
        )
        (sent,) = self.instantly.calls("createCampaign")
        copy = [
            (variant["subject"], variant["body"])
            for step in sent["sequences"][0]["steps"]
            for variant in step["variants"]
        ]
        self.assertEqual(copy, [("s", "<p>one</p>"), ("", "<p>two</p>")])
        self.assertFalse(
            self.allows("create_campaign", {"name": "n", "steps": [{"subject": "s"}]})
        )
        error = self.failure(
            "create_campaign",
            name="n",
            email_list=["a@example.com"],
            steps=[{"subject": "s", "body": "one"}, {"body": " "}],
        )
        self.assertEqual(error["code"], "missing_copy")
        error = self.failure("create_campaign", **COPY, sequence_steps=3)
        self.assertIn("never makes it up", error["hint"])
        self.assertEqual(len(self.instantly.calls("createCampaign")), 1)

    def test_only_first_100_senders(self) -> None:
        """Senders on the third page are found, and offered."""
        pages = [
            {
                "items": [account(f"p{n}-{k}@example.com") for k in range(100)],
                "next_starting_after": f"t&{n}",
            }
            for n in range(3)
        ]
        pages[2].pop("next_starting_after")
        self.instantly.answers("listAccount", *pages)
        _, sent = self.create("p2-99@example.com", "p0-0@example.com")
        self.assertEqual(sent["email_list"], ["p2-99@example.com", "p0-0@example.com"])
        asked = self.instantly.calls("listAccount")
        self.assertEqual(
            [each.get("starting_after") for each in asked], [None, "t&0", "t&1"]
        )
        self.instantly.answers("listAccount", *pages)
        choice = self.value("create_campaign", **COPY)
        self.assertEqual(choice["eligible_count"], 300)

    def test_warmup_misread(self) -> None:
        """Warm-up that is off or finished excludes no sender; its score is known."""
        self.instantly.answers(
            "listAccount",
            {
                "items": [
                    account("a@example.com", warmup_status=0, stat_warmup_score=97)
                ]
            },
        )
        choice = self.value("create_campaign", **COPY)
        (offered,) = choice["eligible_accounts"]
        self.assertEqual(offered["warmup"], "paused")
        self.assertEqual(offered["warmup_score"], 97)
        _, sent = self.create("a@example.com")
        self.assertEqual(sent["email_list"], ["a@example.com"])

    def test_timezone_silent_or_unmapped(self) -> None:
        """A zone is mapped and reported, or refused; never replaced silently."""
        self.one_sender()
        result, sent = self.create("a@example.com", timezone="Europe/London")
        schedule = sent["campaign_schedule"]["schedules"][0]
        self.assertEqual(schedule["timezone"], "Europe/Isle_of_Man")
        self.assertEqual(
            result["timezone"],
            {
                "asked": "Europe/London",
                "used": "Europe/Isle_of_Man",
                "window_in_used_zone": "09:00-17:00",
            },
        )
        error = self.failure("create_campaign", **COPY, timezone="Europe/Lundon")
        self.assertEqual(error["code"], "unknown_timezone")
        self.assertIn("Europe/London", error["suggestions"])

    def test_pacific_one_hour_off_in_winter(self) -> None:
        """Nine in Los Angeles is sent at nine, in January as in July."""
        self.assertEqual(NOW.month, 1)
        self.one_sender()
        result, sent = self.create("a@example.com", timezone="America/Los_Angeles")
        schedule = sent["campaign_schedule"]["schedules"][0]
        self.assertEqual(schedule["timezone"], "America/Boise")
        self.assertEqual(schedule["timing"], {"from": "10:00", "to": "18:00"})
        self.assertEqual(result["timezone"]["shifted_minutes"], 60)

    def test_invented_lead_filters(self) -> None:
        """Filters that the API lacks are refused, and no page is filtered here."""
        for name in ("list_ids", "status", "created_after", "created_before"):
            for value in ("x", ["x"], 1, "2026-01-01"):
                self.assertFalse(self.allows("list_leads", {name: value}), name)
        leads = [{"id": str(n), "status": n % 3} for n in range(9)]
        self.instantly.answers("listLeads", {"items": leads})
        got = self.value("list_leads", filter="replied", ids=["a"])
        self.assertEqual(len(got["items"]), 9)
        (asked,) = self.instantly.calls("listLeads")
        self.assertEqual(asked["filter"], "FILTER_VAL_REPLIED")
        self.assertEqual(asked["ids"], ["a"])

    def test_unbounded_move(self) -> None:
        """A move without any selection is refused in each of its forms."""
        selections: tuple[dict[str, Any], ...] = (
            {},
            {"search": "  "},
            {"search": "\ufeff"},
            {"search": "\u200b \u2060\x00"},
            {"in_campaign": True},
            {"excluded_ids": ["x"]},
            {"limit": 10, "copy_leads": True},
        )
        for selection in selections:
            error = self.failure(
                "move_leads_to_campaign_or_list", to_list_id="l", **selection
            )
            self.assertEqual(error["code"], "empty_selection", selection)
        self.assertEqual(self.instantly.executed, [])
        for name in ("campaign", "ids", "contacts", "queries"):
            given = {"to_list_id": "l", name: "" if name == "campaign" else []}
            self.assertFalse(self.allows("move_leads_to_campaign_or_list", given))

    def test_blank_member_of_a_selection(self) -> None:
        """A selection with a blank member is refused: nothing may be left of it."""
        for name in ("ids", "contacts"):
            for value in ([""], ["a", " "]):
                for tool in ("move_leads_to_campaign_or_list", "list_leads"):
                    given: dict[str, Any] = {"campaign": "c", name: value}
                    if tool.startswith("move"):
                        given["to_list_id"] = "l"
                    self.assertFalse(self.allows(tool, given), given)
        blank: tuple[dict[str, Any], ...] = (
            {"ids": ["a", "\ufeff"]},
            {"search": "\ufeff"},
        )
        for selection in blank:
            error = self.failure(
                "move_leads_to_campaign_or_list",
                to_list_id="l",
                campaign="c",
                **selection,
            )
            self.assertEqual(error["code"], "bad_argument", selection)
        self.assertEqual(self.instantly.executed, [])

    def test_verification_poll_path(self) -> None:
        """The status is read where the API has it."""
        status = operation("checkVerificationStatus")
        self.assertEqual(
            (status.method, status.path), ("GET", "/api/v2/email-verification/{email}")
        )
        pending = {"verification_status": "pending"}
        self.instantly.answers("createEmailVerification", pending)
        done = {"verification_status": "invalid"}
        self.instantly.answers("checkVerificationStatus", done)
        running = self.starting("verify_email", email="a+b@example.com")
        self.clock.advance(2)
        got = self.successResultOf(running).structured
        self.assertEqual(got["verification_status"], "invalid")
        self.assertEqual(
            self.instantly.calls("checkVerificationStatus"),
            [{"email": "a+b@example.com"}],
        )

    def test_spending_tool_marked_read_only(self) -> None:
        """Verifying says that it changes something, and that it costs."""
        tool = self.tool("verify_email")
        self.assertFalse(tool.annotations.read_only)
        self.assertFalse(tool.annotations.idempotent)
        self.assertIn("credit", tool.description)
        self.assertIn(Risk.SPENDS, operation("createEmailVerification").risks)

    def test_array_spread(self) -> None:
        """A plain list becomes rows, not an object with numbers for names."""
        self.instantly.answers("getCampaignAnalytics", [{"campaign_id": "c"}])
        got = self.value("get_campaign_analytics", campaign_id="c")
        self.assertEqual([row["campaign_id"] for row in got["rows"]], ["c"])
        self.assertNotIn("0", got)

    def test_id_against_ids(self) -> None:
        """One campaign goes as ``id``, several go as ``ids``."""
        self.value("get_campaign_analytics", campaign_id="c")
        self.value("get_campaign_analytics", campaign_ids=["c", "d"])
        self.assertEqual(
            self.instantly.calls("getCampaignAnalytics"),
            [{"id": "c"}, {"ids": ["c", "d"]}],
        )

    def test_warmup_dates(self) -> None:
        """Dates that the API does not take are refused, not ignored."""
        for name in ("start_date", "end_date"):
            given = {"email": "a@example.com", name: "2026-01-01"}
            self.assertFalse(self.allows("get_warmup_analytics", given))

    def test_job_status_names(self) -> None:
        """The documented names are the API's; a new one counts as still running."""
        running = ("pending", "in-progress", "draining", "paused")
        ended = ("success", "failed", "cancelled")
        for name in ("get_background_job", "list_background_jobs"):
            shown = dumps(
                [self.tool(name).description, self.tool(name).input_schema]
            ).decode()
            for status in (*running, *ended):
                self.assertIn(status, shown)
        for status in (*running, "pondering", *ended):
            self.instantly.answers("getBackgroundJob", {"id": "j", "status": status})
            job = self.value("get_background_job", job_id="j")["job"]
            self.assertEqual(job["ended"], status in ended, status)

    def test_errors_as_protocol_errors(self) -> None:
        """Every kind of failed call is a result that a model can read.

        An overload of this server refuses the request instead.
        """
        for reason in set(Reason) - {Reason.OVERLOADED}:
            self.instantly.answers("listCampaign", api_error(reason, status=400))
            error = self.failure("list_campaigns")
            self.assertEqual(error["code"], reason.value)
            self.assertTrue(error["message"])
            self.assertTrue(error["hint"])

    def test_duplicate_payload_in_result(self) -> None:
        """A result does not repeat what the caller just wrote."""
        self.one_sender()
        result, _ = self.create("a@example.com", body="UNMISTAKABLE")
        self.assertNotIn("UNMISTAKABLE", dumps(result).decode())
        shown = self.value(
            "create_campaign",
            **{**COPY, "body": "UNMISTAKABLE"},
            email_list=["a@example.com"],
            dry_run=True,
        )
        self.assertEqual(dumps(shown).decode().count("UNMISTAKABLE"), 1)

    def test_words_in_the_key_skip_checks(self) -> None:
        """No tool inspects the key: senders are checked whatever it contains."""
        for module in self.sources():
            self.assertNotIn(".reveal(", module)
            self.assertNotIn("environ", module)
        self.instantly.answers("listAccount", {"items": []})
        error = self.failure("create_campaign", **COPY, email_list=["a@example.com"])
        self.assertEqual(error["code"], "unknown_sender")

    def test_placeholder_substrings(self) -> None:
        """An address is not refused for letters that it contains."""
        self.instantly.answers(
            "listAccount", {"items": [account("latest@superuser.example.com")]}
        )
        _, sent = self.create("latest@superuser.example.com")
        self.assertEqual(sent["email_list"], ["latest@superuser.example.com"])

    def test_sender_discovery_failure_swallowed(self) -> None:
        """When the senders cannot be read, nothing is created."""
        self.instantly.answers("listAccount", api_error(Reason.TIMEOUT, "listAccount"))
        for senders in ({}, {"email_list": ["a@example.com"]}):
            error = self.failure("create_campaign", **COPY, **senders)
            self.assertEqual(error["code"], "timeout")
        self.assertEqual(self.instantly.calls("createCampaign"), [])

    def test_status_filter_denied(self) -> None:
        """Campaigns are filtered by status in the API, by name or number."""
        self.value("list_campaigns", status="active")
        self.value("list_campaigns", status=-2, exclude_status="draft")
        self.assertEqual(
            self.instantly.calls("listCampaign"),
            [
                {"limit": 25, "status": 1},
                {"limit": 25, "status": -2, "exclude_status": 0},
            ],
        )

    def test_enum_drift(self) -> None:
        """Values that came later are accepted and labelled."""
        self.assertIn(3, ACCOUNT_STATUS)
        self.assertTrue({8, 11} <= set(PROVIDER))
        self.assertIn(-4, INTEREST)
        self.assertIn(8, ESP)
        self.assertTrue(
            self.allows("list_accounts", {"status": 3, "provider_code": 11})
        )
        self.assertTrue(
            self.allows(
                "move_leads_to_campaign_or_list", {"to_list_id": "l", "esp_code": 8}
            )
        )
        given = {"esg_code": "all", "to_list_id": "l"}
        self.assertTrue(self.allows("move_leads_to_campaign_or_list", given))

    def test_no_show_hidden(self) -> None:
        """Interest reaches down to No Show, by number and by name."""
        self.instantly.answers("patchLead", {"id": "l", "lt_interest_status": -4})
        for value in (-4, "no_show"):
            got = self.value("update_lead", lead_id="l", lt_interest_status=value)
            self.assertEqual(got["lt_interest_status_label"], "no_show")
        sent = [
            each["lt_interest_status"] for each in self.instantly.calls("patchLead")
        ]
        self.assertEqual(sent, [-4, -4])

    @staticmethod
    def sources() -> list[str]:
        """Return the text of every module of ``features``."""
        folder = Path(inspect.getfile(features)).parent
        return [path.read_text("utf-8") for path in folder.rglob("*.py")]
