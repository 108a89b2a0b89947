"""Mailboxes of the sandbox behave like the API's."""

from __future__ import annotations

from .calls import SandboxTestCase, in_path

NEW = {
    "email": "new@hale.example.com",
    "first_name": "New",
    "last_name": "Box",
    "provider_code": 1,
    "imap_username": "u",
    "imap_password": "imap-canary",
    "imap_host": "imap.example.com",
    "imap_port": 993,
    "smtp_username": "u",
    "smtp_password": "smtp-canary",
    "smtp_host": "smtp.example.com",
    "smtp_port": 465,
}
NORA = "nora@hale.example.com"


class AccountTests(SandboxTestCase):
    def test_seeded_accounts(self) -> None:
        """Five accounts: one with a failed login, one that began to warm up."""
        items = self.ok("GET", "/accounts", limit=100)["items"]
        self.assertEqual(len(items), 5)
        self.assertEqual([each["status"] for each in items].count(-1), 1)
        self.assertTrue(any(each["stat_warmup_score"] < 70 for each in items))

    def test_pages_by_timestamp_and_email(self) -> None:
        """The cursor is timestamp&email, and the pages list every account once."""
        first = self.ok("GET", "/accounts", limit=2)
        last = first["items"][-1]
        self.assertEqual(
            first["next_starting_after"], f"{last['timestamp_created']}&{last['email']}"
        )
        pages = self.pages("GET", "/accounts", limit=2)
        emails = [each["email"] for page in pages for each in page]
        self.assertEqual(len(emails), 5)
        self.assertEqual(len(set(emails)), 5)

    def test_invented_cursor(self) -> None:
        """An e-mail address as cursor makes the API fail with a 500."""
        self.refused(500, "GET", "/accounts", starting_after=NORA)

    def test_legacy_cursor(self) -> None:
        """A bare timestamp still works as a cursor."""
        items = self.ok("GET", "/accounts", limit=100)["items"]
        rest = self.ok("GET", "/accounts", starting_after=items[1]["timestamp_created"])
        self.assertEqual(rest["items"], items[2:])

    def test_filters(self) -> None:
        """Status, provider, search, filter and tags narrow the list."""
        for query, count in (
            ({"status": -1}, 1),
            ({"status": 1}, 4),
            ({"provider_code": 3}, 1),
            ({"search": "hale.example"}, 2),
            ({"filter": "ACC_FILTER_ERROR"}, 1),
            ({"filter": "ACC_FILTER_NO_CTD"}, 1),
            ({"filter": "ACC_FILTER_W_PAUSED"}, 1),
            ({"filter": "ACC_FILTER_DFY"}, 0),
        ):
            found = self.ok("GET", "/accounts", **query)["items"]
            self.assertEqual(len(found), count, query)

    def test_tags(self) -> None:
        """Tags are shown on request and filter with OR and with AND."""
        # The vendor's schema closes Account and then adds tags to it, so that no
        # reply with tags can be valid: it is not checked here.
        items = self.ok("GET", "/accounts", include_tags="true", checked=False)["items"]
        tags = {each["tags"][0]["label"]: each["tags"][0]["id"] for each in items}
        a, b = tags["Team A"], tags["Team B"]
        either = self.ok("GET", "/accounts", tag_ids=f"{a},{b}")["items"]
        both = self.ok("GET", "/accounts", tag_ids_all=f"{a},{b}")["items"]
        self.assertEqual((len(either), len(both)), (5, 0))

    def test_sorting_and_skipping(self) -> None:
        """With sort_by the list is paged by offset."""
        query = {"sort_by": "email", "sort_order": "asc"}
        emails = [
            each["email"] for each in self.ok("GET", "/accounts", **query)["items"]
        ]
        self.assertEqual(emails, sorted(emails))
        rest = self.ok("GET", "/accounts", skip=3, **query)["items"]
        self.assertEqual([each["email"] for each in rest], emails[3:])
        by_score = self.ok("GET", "/accounts", sort_by="stat_warmup_score")["items"]
        scores = [each["stat_warmup_score"] for each in by_score]
        self.assertEqual(scores, sorted(scores, reverse=True))

    def test_create_read_change_delete(self) -> None:
        """Create, change and delete work; null and warmup merge as documented."""
        made = self.ok("POST", "/accounts", {**NEW, "daily_limit": 12})
        path = f"/accounts/{in_path(made['email'])}"
        self.assertEqual(self.ok("GET", path), made)
        changed = self.ok(
            "PATCH",
            path,
            {
                "signature": None,
                "warmup": {"limit": 33, "advanced": {"weekday_only": True}},
                "tracking_domain_name": "t.example.com",
            },
        )
        self.assertEqual(changed["warmup"]["limit"], 33)
        self.assertEqual(changed["warmup"]["reply_rate"], 30)
        self.assertIsNone(changed["signature"])
        changed = self.ok("PATCH", path, {"remove_tracking_domain": True})
        self.assertIsNone(changed["tracking_domain_name"])
        self.assertEqual(self.ok("DELETE", path)["email"], NEW["email"])
        self.assertEqual(self.refused(404, "GET", path), "Account not found")

    def test_passwords_are_not_kept(self) -> None:
        """No reply, and nothing in the world, holds a password that was given."""
        made = self.ask("POST", "/accounts", NEW)
        self.assertNotIn(b"canary", made.body)
        self.assertNotIn("canary", repr(self.world().accounts[NEW["email"]].shown))

    def test_create_refusals(self) -> None:
        """A known address, an unreachable host and a missing field are a 400."""
        self.ok("POST", "/accounts", NEW)
        self.refused(400, "POST", "/accounts", NEW)
        far = {**NEW, "email": "far@hale.example.com", "smtp_host": "mx.invalid"}
        self.assertIn("SMTP", self.refused(400, "POST", "/accounts", far))
        short = {name: NEW[name] for name in NEW if name != "imap_port"}
        message = self.refused(400, "POST", "/accounts", short)
        self.assertEqual(message, "body must have required property 'imap_port'")

    def test_plus_address(self) -> None:
        """An address with a plus sign, percent-encoded, is found."""
        self.ok("POST", "/accounts", {**NEW, "email": "a+b@hale.example.com"})
        found = self.ok("GET", f"/accounts/{in_path('a+b@hale.example.com')}")
        self.assertEqual(found["email"], "a+b@hale.example.com")

    def test_pause_and_resume(self) -> None:
        """Pausing and resuming change the status; resuming does not clear an error."""
        path = f"/accounts/{in_path(NORA)}"
        self.assertEqual(self.ok("POST", f"{path}/pause")["status"], 2)
        self.assertEqual(self.ok("POST", f"{path}/resume")["status"], 1)
        broken = "/accounts/luis%40reach.example.com"
        self.assertEqual(self.ok("POST", f"{broken}/resume")["status"], -1)

    def test_deleted_account_leaves_campaigns(self) -> None:
        """A deleted account is removed from its campaigns."""
        self.ok("DELETE", f"/accounts/{in_path(NORA)}")
        for campaign in self.ok("GET", "/campaigns")["items"]:
            self.assertNotIn(NORA, campaign["email_list"])

    def test_vitals(self) -> None:
        """Vitals pass for a good account and fail for a broken or unknown one."""
        accounts = [NORA, "luis@reach.example.com", "who@nowhere.example.com"]
        found = self.ok("POST", "/accounts/test/vitals", {"accounts": accounts})
        self.assertEqual([each["allPass"] for each in found["success_list"]], [True])
        self.assertEqual(len(found["failure_list"]), 2)

    def test_vitals_of_nothing(self) -> None:
        """Without the field ``accounts`` nothing is tested, and it still succeeds."""
        found = self.ok("POST", "/accounts/test/vitals", {"emails": [NORA]})
        self.assertEqual(found["success_list"], [])
        self.assertEqual(found["failure_list"], [])


class WarmupTests(SandboxTestCase):
    def test_switching_is_a_job(self) -> None:
        """Warm-up is off only once the job has succeeded."""
        job = self.ok("POST", "/accounts/warmup/disable", {"emails": [NORA]})
        self.assertEqual(
            (job["status"], job["type"]), ("pending", "update-warmup-accounts")
        )
        path = f"/accounts/{in_path(NORA)}"
        self.assertEqual(self.ok("GET", path)["warmup_status"], 1)
        self.pass_time(seconds=10)
        self.assertEqual(self.ok("GET", path)["warmup_status"], 0)
        done = self.ok("GET", f"/background-jobs/{job['id']}")
        self.assertEqual((done["status"], done["progress"]), ("success", 100))
        self.ok("POST", "/accounts/warmup/enable", {"emails": [NORA]})
        self.pass_time(seconds=10)
        self.assertEqual(self.ok("GET", path)["warmup_status"], 1)

    def test_all_but(self) -> None:
        """include_all_emails selects every account that is not excluded."""
        body = {"include_all_emails": True, "excluded_emails": [NORA]}
        job = self.ok("POST", "/accounts/warmup/disable", body)
        self.pass_time(seconds=10)
        done = self.ok("GET", f"/background-jobs/{job['id']}")
        self.assertEqual(done["data"]["success_count"], 4)

    def test_selector_needed(self) -> None:
        """Without any selector the call is refused."""
        self.refused(400, "POST", "/accounts/warmup/enable", {})
        self.refused(
            400, "POST", "/accounts/warmup/enable", {"emails": ["a@example.com"] * 101}
        )

    def test_analytics_add_up(self) -> None:
        """The aggregate of each account is the sum of its days."""
        emails = [NORA, "ada@fresh.example.com"]
        found = self.ok("POST", "/accounts/warmup-analytics", {"emails": emails})
        for email in emails:
            days = found["email_date_data"][email].values()
            total = found["aggregate_data"][email]
            for name in ("sent", "received", "landed_inbox", "landed_spam"):
                self.assertEqual(sum(day[name] for day in days), total[name])
            self.assertEqual(
                total["sent"], total["landed_inbox"] + total["landed_spam"]
            )
        self.assertLess(
            len(found["email_date_data"]["ada@fresh.example.com"]),
            len(found["email_date_data"][NORA]),
        )

    def test_analytics_refusals(self) -> None:
        """No address and an unknown one are refused."""
        self.refused(400, "POST", "/accounts/warmup-analytics", {"emails": []})
        self.refused(
            404, "POST", "/accounts/warmup-analytics", {"emails": ["x@example.com"]}
        )


class MappingTests(SandboxTestCase):
    def test_campaigns_of_an_account(self) -> None:
        """Each campaign that has the account as a sender is listed once."""
        email = "nora@hale.example.com"
        made = {self.campaign(name=f"M{n}")["id"] for n in range(3)}
        path = f"/account-campaign-mappings/{email}"
        pages = self.pages("GET", path, limit=2)
        found = [each["campaign_id"] for page in pages for each in page]
        self.assertEqual(len(found), len(set(found)))
        self.assertLess(made, set(found))
        for campaign in found:
            senders = self.ok("GET", f"/campaigns/{campaign}")["email_list"]
            self.assertIn(email, senders)
        self.assertEqual(
            self.ok("GET", "/account-campaign-mappings/no@example.com")["items"], []
        )
