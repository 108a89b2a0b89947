"""Sending accounts, warm-up, and numbers."""

from __future__ import annotations

from typing import Any

from tests.features.cases import ToolTestCase

ANN = "ann+sales@example.com"


class AccountTests(ToolTestCase):
    def test_listing(self) -> None:
        """Filters go by name; items carry labels and leave long settings out."""
        self.instantly.answers(
            "listAccount",
            {
                "items": [
                    {
                        "email": ANN,
                        "status": 3,
                        "provider_code": 8,
                        "warmup": {"limit": 1},
                        "signature": "x",
                    }
                ],
                "next_starting_after": f"2026-01-01T00:00:00Z&{ANN}",
            },
        )
        got = self.value(
            "list_accounts", status="maintenance", provider_code="google", tag_ids="a,b"
        )
        self.assertEqual(
            self.instantly.calls("listAccount"),
            [{"limit": 25, "status": 3, "provider_code": 2, "tag_ids": "a,b"}],
        )
        self.assertEqual(
            got["items"],
            [
                {
                    "email": ANN,
                    "status": 3,
                    "status_label": "maintenance",
                    "provider_code": 8,
                    "provider_code_label": "airmail",
                }
            ],
        )
        self.assertEqual(self.cursor(got), f"2026-01-01T00:00:00Z&{ANN}")

    def test_cursors_go_back_as_they_came(self) -> None:
        """A cursor is opaque, with its ampersand and its plus sign."""
        cursor = "2026-01-01T00:00:00Z&ann+b@example.com"
        reply = {"items": [{"email": ANN}], "next_starting_after": cursor}
        self.instantly.answers("listAccount", reply)
        token = self.value("list_accounts")["page"]["next_cursor"]
        self.value("list_accounts", starting_after=token)
        asked = self.instantly.calls("listAccount")[-1]
        self.assertEqual(asked["starting_after"], cursor)

    def test_a_cut_list_goes_on_by_time_and_address(self) -> None:
        """The cursor of a cut page has the form that the API gives out."""
        self.instantly.answers(
            "listAccount",
            {
                "items": [
                    {
                        "email": f"p{n}@example.com",
                        "timestamp_created": f"2026-01-{n + 1:02d}T00:00:00.000Z",
                        "status_message": {"response": "x" * 20_000},
                    }
                    for n in range(10)
                ]
            },
        )
        got = self.value("list_accounts")
        last = got["items"][-1]
        self.assertEqual(
            self.cursor(got), f"{last['timestamp_created']}&{last['email']}"
        )

    def test_passwords_never_come_back(self) -> None:
        """The result contains no password, even if the reply does."""
        given = {
            "email": ANN,
            "first_name": "Ann",
            "last_name": "B",
            "provider_code": "imap_smtp",
            "imap_username": "u",
            "imap_password": "secret-1",
            "imap_host": "imap.example.com",
            "imap_port": 993,
            "smtp_username": "u",
            "smtp_password": "secret-2",
            "smtp_host": "smtp.example.com",
            "smtp_port": 465,
        }
        self.instantly.answers("createAccount", {**given, "provider_code": 1})
        got = self.value("create_account", **given)
        self.assertNotIn("secret", str(got))
        (sent,) = self.instantly.calls("createAccount")
        self.assertEqual(sent["imap_password"], "secret-1")
        self.assertEqual(sent["provider_code"], 1)

    def test_reset(self) -> None:
        """A setting is reset by its name, which Instantly gets as null."""
        self.value("update_account", email=ANN, reset=["daily_limit"])
        self.assertEqual(
            self.instantly.calls("patchAccount"), [{"email": ANN, "daily_limit": None}]
        )

    def test_vitals(self) -> None:
        """A test that ran is not a test that passed."""
        failed = {"domain": "example.com", "spf": False, "allPass": False}
        self.instantly.answers(
            "testAccountVitals",
            {"status": "success", "success_list": [], "failure_list": [failed]},
            {"status": "success", "success_list": [{"allPass": True}]},
            {},
        )
        got = self.value("test_account_vitals", email=ANN)
        self.assertFalse(got["all_passed"])
        self.assertEqual(got["failed"], [failed])
        self.assertTrue(self.value("test_account_vitals", email=ANN)["all_passed"])
        self.assertFalse(self.value("test_account_vitals", email=ANN)["all_passed"])

    def test_addresses_are_checked(self) -> None:
        """A new account and the address for replies are plain addresses."""
        texts = "first_name last_name imap_username imap_password imap_host "
        texts += "smtp_username smtp_password smtp_host"
        whole: dict[str, Any] = dict.fromkeys(texts.split(), "x")
        whole |= {"imap_port": 993, "smtp_port": 465, "provider_code": "imap_smtp"}
        for email, reply_to in (("Ann <ann@example.com>", ANN), (ANN, "mailto:" + ANN)):
            error = self.failure(
                "create_account", **whole, email=email, reply_to=reply_to
            )
            self.assertEqual(error["code"], "bad_address")
        error = self.failure("update_account", email=ANN, reply_to="a@b@example.com")
        self.assertEqual(error["argument"], "reply_to")
        self.assertEqual(self.instantly.executed, [])

    def test_blank_addresses(self) -> None:
        """An empty address does not validate."""
        self.assertFalse(self.allows("delete_account", {"email": ""}))

    def test_deleting(self) -> None:
        """The deletion names the address, also of one copied with spaces."""
        self.instantly.answers("getAccount", {"email": ANN, "first_name": "Ann"})
        got = self.value("delete_account", email=f" {ANN} ")
        self.assertEqual(got["deleted"], {"email": ANN, "name": "Ann"})
        self.assertEqual(self.instantly.calls("deleteAccount"), [{"email": ANN}])


class AnalyticsTests(ToolTestCase):
    def test_rates(self) -> None:
        """Rates follow Instantly's definitions; there is no division by zero."""
        self.instantly.answers(
            "getCampaignAnalytics",
            [
                {
                    "campaign_id": "c",
                    "campaign_status": 1,
                    "new_leads_contacted_count": 200,
                    "emails_sent_count": 400,
                    "reply_count_unique": 9,
                    "open_count_unique": 80,
                    "bounced_count": 4,
                },
                {"campaign_id": "d", "new_leads_contacted_count": 0},
            ],
        )
        got = self.value("get_campaign_analytics")
        self.assertEqual(
            got["rows"][0]["rates"],
            {"reply_rate": 0.045, "open_rate": 0.4, "bounce_rate": 0.01},
        )
        self.assertEqual(got["rows"][0]["campaign_status_label"], "active")
        self.assertEqual(got["rows"][1]["rates"], {})
        self.assertLessEqual({"open_rate", "unit"}, set(got["definitions"]))
        self.assertEqual(self.instantly.calls("getCampaignAnalytics"), [{}])

    def test_ranges_include_their_last_day(self) -> None:
        """A bare end date includes its day; the result names the range."""
        got = self.value(
            "get_daily_campaign_analytics",
            campaign_id="c",
            start_date="2026-01-01",
            end_date="2026-01-31",
            campaign_status="paused",
        )
        asked = {
            "campaign_id": "c",
            "start_date": "2026-01-01",
            "end_date": "2026-01-31T23:59:59.999Z",
            "campaign_status": 2,
        }
        self.assertEqual(self.instantly.calls("getDailyCampaignAnalytics"), [asked])
        self.assertEqual(got["range"]["end_date"], asked["end_date"])
        self.assertEqual(got["definitions"]["days"], "in UTC")

    def test_one_or_several(self) -> None:
        """Naming one campaign in both ways is refused."""
        error = self.failure(
            "get_campaign_analytics", campaign_id="a", campaign_ids=["b"]
        )
        self.assertEqual(error["code"], "bad_argument")

    def test_warmup_needs_an_account(self) -> None:
        """One address or several, together and without repetition."""
        self.assertEqual(self.failure("get_warmup_analytics")["code"], "bad_argument")
        self.value("get_warmup_analytics", email=ANN, emails=[ANN, "b@example.com"])
        self.assertEqual(
            self.instantly.calls("getWarmupAnalytics"),
            [{"emails": [ANN, "b@example.com"]}],
        )


class JobTests(ToolTestCase):
    def test_a_running_job(self) -> None:
        """A running job says how to read it again; a finished one does not."""
        self.instantly.answers(
            "getBackgroundJob",
            {"id": "j", "status": "in-progress", "progress": 40},
            {"id": "j", "status": "success", "progress": 100},
        )
        got = self.value("get_background_job", job_id="j")
        self.assertFalse(got["job"]["ended"])
        self.assertIn("next", got)
        got = self.value("get_background_job", job_id="j")
        self.assertTrue(got["job"]["ended"])
        self.assertNotIn("next", got)

    def test_listing(self) -> None:
        """Lists of jobs leave out what they moved."""
        self.instantly.answers(
            "listBackgroundJob",
            {"items": [{"id": "j", "status": "draining", "data": {"x": ["y"]}}]},
        )
        got = self.value("list_background_jobs", status="pending,draining")
        self.assertEqual(
            got["items"], [{"id": "j", "status": "draining", "ended": False}]
        )
