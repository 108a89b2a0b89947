"""get_campaign_sending_status: what it means, and when the next window opens."""

from __future__ import annotations

from typing import Any

from instantly_mcp.api.errors import Reason
from instantly_mcp.features.workspace.campaigns.sending_status import STATES
from tests.features.cases import ToolTestCase
from tests.features.workspace.test_preflight import campaign
from tests.support.instantly import api_error


class SendingStatusTests(ToolTestCase):
    def setUp(self) -> None:
        """Let the campaign send on weekdays from 9 to 17 in Chicago."""
        super().setUp()
        self.instantly.answers("getCampaign", campaign())

    def status(self, word: str | None, **given: Any) -> Any:
        """Return the result for one of Instantly's diagnoses."""
        reply = {"diagnostics": {"status": word} if word else None, "summary": None}
        self.instantly.answers("getCampaignSendingStatus", reply)
        return self.value("get_campaign_sending_status", campaign_id="c1", **given)

    def test_outside_its_hours(self) -> None:
        """It waits, and the next window is given in the time of the campaign."""
        got = self.status("out_of_schedule")
        self.assertEqual(got["state"], "waiting")
        self.assertNotIn("healthy", got)
        self.assertEqual(
            got["next_window"],
            {
                "there": "Thu 2026-01-15 09:00 (America/Chicago)",
                "utc": "Thu 2026-01-15 15:00",
                "in_minutes": 180,
            },
        )
        self.assertIn("opens Thu 2026-01-15 09:00 (America/Chicago)", got["meaning"])

    def test_a_limit_that_is_used_up(self) -> None:
        """It goes on in the first window of another day."""
        for word in ("daily_limit_met", "account_daily_limit_met"):
            got = self.status(word)
            self.assertEqual(got["state"], "waiting")
            self.assertEqual(got["next_window"]["utc"], "Fri 2026-01-16 15:00")

    def test_other_states(self) -> None:
        """Only what ends with a window names one."""
        for word, state in (
            ("healthy", "sending"),
            ("campaign_draft", "off"),
            ("campaign_paused", "off"),
            ("all_accounts_unhealthy", "blocked"),
            ("follow_up_delay_not_met", "waiting"),
            ("something_new", "unknown"),
            (None, "unknown"),
        ):
            got = self.status(word)
            self.assertEqual(got["state"], state, word)
            self.assertTrue(got["meaning"])
            self.assertNotIn("next_window", got)

    def test_every_state_has_a_sentence(self) -> None:
        """Each known diagnosis has one of the four states."""
        for word, known in STATES.items():
            self.assertIn(known.state, ("sending", "waiting", "off", "blocked"), word)
            self.assertTrue(known.meaning.endswith("."), word)

    def test_a_schedule_that_is_over(self) -> None:
        """Without a next window none is promised."""
        schedule = {**campaign()["campaign_schedule"], "end_date": "2026-01-14"}
        self.instantly.answers("getCampaign", campaign(campaign_schedule=schedule))
        got = self.status("out_of_schedule")
        self.assertNotIn("next_window", got)

    def test_without_the_campaign(self) -> None:
        """The diagnosis alone is a result; the campaign alone is none."""
        error = api_error(Reason.SCOPE_MISSING, "getCampaign")
        self.instantly.answers("getCampaign", error)
        got = self.status("out_of_schedule", with_ai_summary=True)
        self.assertEqual(got["state"], "waiting")
        self.assertNotIn("next_window", got)
        asked = self.instantly.calls("getCampaignSendingStatus")
        self.assertEqual(asked, [{"id": "c1", "with_ai_summary": True}])
        error = api_error(Reason.NOT_FOUND, "getCampaignSendingStatus")
        self.instantly.answers("getCampaignSendingStatus", error)
        failed = self.failure("get_campaign_sending_status", campaign_id="c1")
        self.assertEqual(failed["code"], "not_found")

    def test_summary(self) -> None:
        """Instantly's own sentence explains a status that is not known here."""
        reply = {"summary": {"status": "new", "status_message": "Because."}}
        self.instantly.answers("getCampaignSendingStatus", reply)
        got = self.value("get_campaign_sending_status", campaign_id="c1")
        self.assertEqual((got["status"], got["meaning"]), ("new", "Because."))
