"""How long a call may take: 50 s in silence, 120 s with a progress token."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from instantly_mcp.features.tools.workflows.preflight_guard import CHECKING_SECONDS
from instantly_mcp.features.workspace.context import (
    SILENT_SECONDS,
    WITH_PROGRESS_SECONDS,
)
from instantly_mcp.protocol.calls.call import Call, Caller
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.api.builders import client
from tests.api.pace.test_concurrency import HeldAgent
from tests.features.cases import KEY, ToolTestCase
from tests.features.workspace.memory.test_send_once import MAIL, REPLY
from tests.features.workspace.test_preflight import campaign

URL = "https://api.example.com"
LEADS: dict[str, Any] = {"search": "x"}


class DeadlineTests(ToolTestCase):
    def setUp(self) -> None:
        """Let the tools work with the real client."""
        super().setUp()
        self.agent = HeldAgent()
        self.context.instantly = client(self.agent, URL, self.clock)

    def begin(self, tool: str, token: str | None, **arguments: Any) -> Deferred[Any]:
        """Start a call with or without a progress token."""
        caller = Caller(revision=V2025_11_25, credential=KEY, sink=self.sink)
        call = Call(caller=caller, progress_token=token)
        return self.tool(tool).run(arguments, call)

    def error(self, running: Deferred[Any]) -> Any:
        return self.error_of(self.successResultOf(running))

    def test_read(self) -> None:
        """A slow search ends at 50 s without a progress token, at 120 s with one."""
        for token, seconds in (
            (None, SILENT_SECONDS),
            ("p", WITH_PROGRESS_SECONDS),
        ):
            running = self.begin("list_leads", token, **LEADS)
            self.clock.advance(seconds - 1)
            self.assertNoResult(running)
            self.clock.advance(1)
            error = self.error(running)
            self.assertEqual(error["code"], "timeout")
            self.assertIn(f"within {seconds:g} s", error["message"])

    def test_all_calls_together(self) -> None:
        """A tool of several calls has 50 s for all of them, not for each."""
        running = self.begin("create_campaign", None, name="n", subject="s", body="b")
        for cursor in "ab":
            self.clock.advance(24)
            self.assertNoResult(running)
            items = [{"email": "a@example.com"}]
            self.agent.reply_next({"items": items, "next_starting_after": cursor})
        self.clock.advance(2)
        self.assertEqual(self.error(running)["code"], "timeout")

    def test_checks_before_a_start(self) -> None:
        """Leads that are read too slowly prevent a start after 30 s, with the cause."""
        running = self.begin("activate_campaign", None, campaign_id="c1")
        self.agent.reply_next(campaign())
        self.assertEqual(len(self.agent.held), 3)
        for place, (_, uri, _) in enumerate(self.agent.asked[1:]):
            self.assertNotIn(b"activate", uri, place)
        self.clock.advance(CHECKING_SECONDS - 1)
        self.assertNoResult(running)
        self.clock.advance(1)
        error = self.error(running)
        self.assertEqual(error["code"], "preflight_incomplete")
        self.assertIn("leads and sending accounts", error["message"])
        self.assertEqual(len(self.agent.asked), 4)

    def test_waits_for_a_job_no_longer(self) -> None:
        """Waiting for a job counts as well, and leaves time for the result."""
        running = self.begin(
            "enable_warmup", None, email="a@example.com", wait_seconds=45
        )
        self.clock.advance(28)
        job = {"id": "j", "status": "pending", "progress": 0}
        self.agent.reply_next(job)
        for _ in range(20):
            if self.agent.held:
                self.agent.reply_next(job)
            self.clock.advance(1)
        self.assertFalse(self.successResultOf(running).is_error)
        self.assertLess(self.clock.seconds(), 50)

    def test_reply_whose_client_left(self) -> None:
        """A mail that is being sent is sent once; the same call gets its result."""
        first = self.begin("reply_to_email", None, **REPLY)
        self.agent.reply_next(MAIL)
        first.cancel()
        self.failureResultOf(first, CancelledError)
        again = self.begin("reply_to_email", None, **REPLY)
        self.agent.reply_next(MAIL, at=1)
        self.assertNoResult(again)
        self.agent.reply_next({"id": "sent-1"})
        self.assertEqual(self.successResultOf(again).structured["id"], "sent-1")
        third = self.begin("reply_to_email", None, **REPLY)
        self.agent.reply_next(MAIL)
        self.assertIn("not sent again", self.successResultOf(third).structured["note"])
        sent = [uri for _, uri, _ in self.agent.asked if uri.endswith(b"/emails/reply")]
        self.assertEqual(len(sent), 1)

    def test_write_that_takes_a_minute(self) -> None:
        """At 50 s the call ends, the write continues; calling again gets its result."""
        leads = [{"email": "a@example.com"}]
        name = "add_leads_to_campaign_or_list_bulk"
        first = self.begin(name, None, list_id="l", leads=leads)
        self.agent.reply_next({"id": "l", "has_enrichment_task": False})
        self.clock.advance(50)
        error = self.error(first)
        self.assertEqual(error["code"], "still_running")
        self.assertIn("Call again with the same arguments", error["hint"])
        again = self.begin(name, None, list_id="l", leads=leads)
        self.clock.advance(20)
        self.agent.reply_next({"total_sent": 1, "leads_uploaded": 1})
        added = self.successResultOf(again)
        self.assertEqual(added.structured["leads_uploaded"], 1)
        sent = [uri for _, uri, _ in self.agent.asked if uri.endswith(b"/leads/add")]
        self.assertEqual(len(sent), 1)
