"""No argument is silently ignored, and no value is guessed."""

from __future__ import annotations

from typing import Any

from instantly_mcp.api.errors import Reason
from tests.features.cases import ToolTestCase
from tests.features.tools.workflows.test_create_campaign import MADE, account
from tests.support.instantly import api_error

MOVE = "move_leads_to_campaign_or_list"
ANN = "ann@example.com"


class NothingIgnoredTests(ToolTestCase):
    def setUp(self) -> None:
        """Give the workspace one account that can send, and let creation succeed."""
        super().setUp()
        self.instantly.answers("listAccount", {"items": [account(ANN)]})
        self.instantly.answers("createCampaign", MADE)

    def refused(self, tool: str, **given: Any) -> Any:
        """Return the error of a call that must send no write."""
        error = self.failure(tool, **given)
        self.assertIn(error["code"], ("bad_argument", "missing_copy"))
        self.assertTrue(error["hint"])
        self.assertEqual({*self.instantly.ids} - {"listAccount", "getEmail"}, set())
        return error

    def campaign(self, **given: Any) -> dict[str, Any]:
        """Return the arguments of a campaign."""
        least = {"name": "Spring", "subject": "Hi", "body": "Hello"}
        if "steps" in given:
            least = {"name": "Spring"}
        return {**least, "email_list": [ANN], **given}

    def test_days_of_a_campaign(self) -> None:
        """An invalid date, or an end before the start, is refused before any call."""
        for days in (
            {"start_date": "01/02/2026"},
            {"end_date": "2026-13-45"},
            {"start_date": "2026-03-01", "end_date": "2026-02-01"},
        ):
            self.refused("create_campaign", **self.campaign(**days))
        self.assertEqual(self.instantly.executed, [])

    def test_a_campaign_that_is_over_already(self) -> None:
        """An end in the past is allowed, with a remark."""
        got = self.value("create_campaign", **self.campaign(end_date="2025-01-01"))
        self.assertIn("2025-01-01", got["remarks"][0])

    def test_a_wait_before_the_first_step(self) -> None:
        """The first step cannot have a wait."""
        steps: list[dict[str, Any]]
        steps = [{"subject": "Hi", "body": "x", "wait": 3}, {"body": "y"}]
        error = self.refused("create_campaign", **self.campaign(steps=steps))
        self.assertIn("first step", error["message"])
        steps[0]["wait"] = 0
        self.value("create_campaign", **self.campaign(steps=steps))

    def test_subjects_of_variants(self) -> None:
        """A variant without a subject has its step's; the first mail needs one."""
        steps: list[Any]
        steps = [{"subject": "Hi", "body": "x", "variants": [{"body": "y"}]}]
        self.value("create_campaign", **self.campaign(steps=steps))
        (sent,) = self.instantly.calls("createCampaign")
        (step,) = sent["sequences"][0]["steps"]
        self.assertEqual([each["subject"] for each in step["variants"]], ["Hi", "Hi"])
        self.instantly.executed.clear()
        steps[0]["variants"][0]["subject"] = ""
        error = self.refused("create_campaign", **self.campaign(steps=steps))
        self.assertEqual(error["code"], "missing_copy")

    def test_addresses_with_blanks(self) -> None:
        """Blanks around a sender's address come from copying."""
        self.value("create_campaign", **self.campaign(email_list=[f" {ANN} "]))
        (sent,) = self.instantly.calls("createCampaign")
        self.assertEqual(sent["email_list"], [ANN])

    def test_blank_names(self) -> None:
        """A blank name is refused."""
        for tool, given in (
            ("create_campaign", self.campaign(name="  ")),
            ("create_lead_list", {"name": " "}),
            ("update_campaign", {"campaign_id": "c", "name": ""}),
            ("update_lead_list", {"list_id": "x", "name": ""}),
        ):
            self.assertFalse(self.allows(tool, given), tool)

    def test_names_that_show_nothing(self) -> None:
        """A name of invisible characters is refused before anything is sent."""
        for tool, given in (
            ("create_campaign", self.campaign(name="\u200b")),
            ("create_lead_list", {"name": "\u200b\u2060"}),
            ("update_campaign", {"campaign_id": "c1", "name": "\U000e0041"}),
            ("update_lead_list", {"list_id": "x1", "name": "\u00ad"}),
        ):
            error = self.refused(tool, **given)
            self.assertIn("no character that a person can see", error["message"])

    def test_limits_below_one(self) -> None:
        """A daily limit that would stop an account by mistake is refused."""
        given = {"email": ANN, "daily_limit": -1}
        self.assertFalse(self.allows("update_account", given))

    def test_empty_selectors(self) -> None:
        """An empty selector does not mean the whole campaign."""
        empties: tuple[dict[str, Any], ...]
        empties = (
            {"ids": []},
            {"contacts": "[]"},
            {"queries": []},
            {"search": " "},
            {"search": ""},
            {"filter": ""},
        )
        for empty in empties:
            error = self.refused(MOVE, to_list_id="x", campaign="c", **empty)
            self.assertIn(next(iter(empty)), error["message"])

    def test_ids_that_are_empty(self) -> None:
        """An empty id is refused where it would widen or lose the selection."""
        lead = [{"email": "a@example.org"}]
        for tool, given in (
            ("list_leads", {"campaign": ""}),
            ("list_leads", {"list_id": ""}),
            (MOVE, {"to_list_id": "x", "campaign": ""}),
            (MOVE, {"to_list_id": "", "search": "x"}),
            ("create_lead", {"campaign": "c", "list_id": "", "email": "a@b.co"}),
            (
                "add_leads_to_campaign_or_list_bulk",
                {"campaign_id": "c", "list_id": "", "leads": lead},
            ),
            ("list_emails", {"campaign_id": ""}),
            ("get_campaign_analytics", {"campaign_id": ""}),
            ("get_daily_campaign_analytics", {"campaign_id": ""}),
            ("reply_to_email", {"expected_recipient": ""}),
        ):
            self.assertFalse(self.allows(tool, given), (tool, given))

    def test_no_campaigns_are_not_all_campaigns(self) -> None:
        """An empty list of campaigns is refused, it does not mean every one."""
        self.assertFalse(self.allows("get_campaign_analytics", {"campaign_ids": []}))

    def test_ranges_that_hold_nothing(self) -> None:
        """A range that ends before it starts is an error, not a row of zeros."""
        turned = {"start_date": "2026-01-10", "end_date": "2026-01-01"}
        for tool in ("get_campaign_analytics", "get_daily_campaign_analytics"):
            error = self.refused(tool, **turned)
            self.assertIn("before start_date 2026-01-10", error["message"])
        self.instantly.answers("getDailyCampaignAnalytics", [])
        day = {"start_date": "2026-01-10", "end_date": "2026-01-10"}
        self.value("get_daily_campaign_analytics", **day)

    def test_too_many_accounts(self) -> None:
        """email counts among the hundred of emails."""
        many = [f"p{n}@example.com" for n in range(100)]
        error = self.refused("get_warmup_analytics", email=ANN, emails=many)
        self.assertIn("101", error["message"])

    def test_an_address_that_was_never_verified(self) -> None:
        """check_only for a new address says how to verify it, and the cost."""
        self.instantly.answers(
            "checkVerificationStatus",
            api_error(Reason.NOT_FOUND, "checkVerificationStatus", status=404),
        )
        error = self.failure("verify_email", email=ANN, check_only=True)
        self.assertEqual(error["code"], "not_found")
        self.assertIn("without check_only", error["hint"])
        self.assertIn("credit", error["hint"])

    def test_words_for_codes(self) -> None:
        """Names and numbers are allowed wherever both exist."""
        self.value("list_leads", enrichment_status="pending", esg_code=2)
        self.value("list_leads", enrichment_status=11, esg_code="2")
        self.value("list_leads", filter="won")
        one, two, won = self.instantly.calls("listLeads")
        self.assertEqual(one, two)
        self.assertEqual(won["filter"], "FILTER_LEAD_CLOSED")

    def test_ports(self) -> None:
        """An impossible port number is refused."""
        self.assertFalse(self.allows("create_account", {"imap_port": 0}))
        self.assertFalse(self.allows("create_account", {"smtp_port": 70000}))


class ReplyTests(ToolTestCase):
    MAIL = {"id": "m", "eaccount": "ann@example.com", "from_address_email": "x@y.org"}

    def test_the_account_is_spelled_as_it_is(self) -> None:
        """Capitals in eaccount are not passed on."""
        self.instantly.answers("getEmail", self.MAIL)
        given = {"reply_to_uuid": "m", "subject": "s", "body": {"text": "x"}}
        got = self.value("reply_to_email", eaccount="ANN@Example.com", **given)
        self.assertEqual(got["from"], "ann@example.com")
        (sent,) = self.instantly.calls("replyToEmail")
        self.assertEqual(sent["eaccount"], "ann@example.com")

    def test_an_account_that_is_not_known(self) -> None:
        """Without an account nothing is sent."""
        self.instantly.answers("getEmail", {"id": "m"})
        given = {"reply_to_uuid": "m", "subject": "s", "body": {"text": "x"}}
        self.assertEqual(
            self.failure("reply_to_email", **given)["code"], "bad_argument"
        )
        self.assertEqual(self.instantly.calls("replyToEmail"), [])
