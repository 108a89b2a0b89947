"""The sandbox's inbox, replies and outbox; verification; background jobs."""

from __future__ import annotations

from typing import Any

from instantly_mcp.sandbox.world import INITIAL_CREDITS

from .calls import SandboxTestCase, in_path

NORA = "nora@hale.example.com"


class EmailTests(SandboxTestCase):
    def test_forty_conversations(self) -> None:
        """Forty leads have replied; some replies are still unread."""
        pages = self.pages("GET", "/emails", limit=100, email_type="received")
        mails = [mail for page in pages for mail in page]
        self.assertEqual(len({mail["thread_id"] for mail in mails}), 40)
        unread = self.ok("GET", "/emails/unread/count")["count"]
        self.assertEqual(unread, sum(mail["is_unread"] for mail in mails))
        self.assertGreater(unread, 3)

    def test_pages_by_id_both_ways(self) -> None:
        """Newest first by default, oldest first on request, each mail once."""
        down = self.ids(self.pages("GET", "/emails", limit=100))
        up = self.ids(self.pages("GET", "/emails", limit=100, sort_order="asc"))
        self.assertEqual(down, sorted(set(down), reverse=True))
        self.assertEqual(up, down[::-1])

    def test_filters(self) -> None:
        """Each filter keeps the mails that it describes, and some of them."""
        some = self.ok("GET", "/emails", email_type="received", limit=1)["items"][0]
        domain = some["lead"].partition("@")[2]
        cases: tuple[tuple[dict[str, Any], Any], ...] = (
            ({"email_type": "sent"}, lambda mail: mail["ue_type"] == 1),
            ({"email_type": "manual"}, lambda mail: mail["ue_type"] == 3),
            ({"is_unread": "true"}, lambda mail: mail["is_unread"] == 1),
            ({"i_status": 1}, lambda mail: mail["i_status"] == 1),
            ({"eaccount": f"{NORA},x@example.com"}, lambda m: m["eaccount"] == NORA),
            ({"lead": some["lead"]}, lambda mail: mail["lead"] == some["lead"]),
            ({"search": some["lead"]}, lambda mail: mail["lead"] == some["lead"]),
            (
                {"search": f"thread:{some['thread_id']}"},
                lambda mail: mail["thread_id"] == some["thread_id"],
            ),
            (
                {"campaign_id": some["campaign_id"]},
                lambda mail: mail["campaign_id"] == some["campaign_id"],
            ),
            ({"company_domain": domain}, lambda mail: domain in mail["lead"]),
            ({"mode": "emode_others"}, lambda mail: mail["is_auto_reply"] == 1),
            ({"mode": "emode_focused"}, lambda mail: mail["is_auto_reply"] == 0),
            (
                {"min_timestamp_created": some["timestamp_created"]},
                lambda mail: mail["timestamp_created"] >= some["timestamp_created"],
            ),
            (
                {"max_timestamp_created": some["timestamp_created"]},
                lambda mail: mail["timestamp_created"] <= some["timestamp_created"],
            ),
        )
        for query, holds in cases:
            found = self.ok("GET", "/emails", limit=100, **query)["items"]
            self.assertTrue(found, query)
            self.assertTrue(all(holds(mail) for mail in found), query)
        for query in (
            {"scheduled_only": "true"},
            {"has_reminder": "true"},
            {"marked_as_done": "true"},
            {"assigned_to": "unknown"},
            {"list_id": "none"},
        ):
            self.assertEqual(self.ok("GET", "/emails", **query)["items"], [])

    def test_query_refusals(self) -> None:
        """Limits, enumerations and times are checked."""
        for query in (
            {"limit": 0},
            {"limit": 101},
            {"limit": "many"},
            {"mode": "emode_none"},
            {"is_unread": "maybe"},
            {"min_timestamp_created": "yesterday"},
            {"starting_after": "someone@example.org"},
        ):
            self.refused(400, "GET", "/emails", **query)

    def test_latest_and_preview(self) -> None:
        """One mail for each thread, with a preview in place of its body."""
        query = {"latest_of_thread": "true", "preview_only": "true", "limit": 100}
        found = self.ok("GET", "/emails", **query)["items"]
        self.assertEqual(len({mail["thread_id"] for mail in found}), len(found))
        self.assertTrue(all(mail["body"] == {} for mail in found))
        self.assertTrue(all(mail["content_preview"] for mail in found))
        whole = self.ok("GET", f"/emails/{found[0]['id']}")
        self.assertIn(whole["content_preview"][:8], whole["body"]["text"])
        self.refused(404, "GET", "/emails/none")

    def test_mark_thread_read(self) -> None:
        """The mails of a thread that is marked as read are not counted as unread."""
        before = self.ok("GET", "/emails/unread/count")["count"]
        mail = self.ok("GET", "/emails", is_unread="true", limit=1)["items"][0]
        path = f"/emails/threads/{mail['thread_id']}/mark-as-read"
        self.assertEqual(self.ok("POST", path), {"success": True})
        self.assertEqual(self.ok("GET", "/emails/unread/count")["count"], before - 1)
        self.refused(404, "POST", "/emails/threads/none/mark-as-read")

    def ids(self, pages: Any) -> list[str]:
        """The ids of all mails of all pages."""
        return [mail["id"] for page in pages for mail in page]


class ReplyTests(SandboxTestCase):
    def setUp(self) -> None:
        """Pick a mail to answer."""
        super().setUp()
        query = {"email_type": "received", "limit": 1}
        self.mail = self.ok("GET", "/emails", **query)["items"][0]
        self.body = {
            "reply_to_uuid": self.mail["id"],
            "eaccount": self.mail["eaccount"],
            "subject": "Re: hello",
            "body": {"html": "One<br/>two &amp; three"},
        }

    def test_reply_goes_to_the_outbox(self) -> None:
        """A reply is added to the thread and the outbox, and is not sent."""
        sent = self.ok("POST", "/emails/reply", self.body)
        self.assertEqual(
            (sent["ue_type"], sent["thread_id"]), (3, self.mail["thread_id"])
        )
        self.assertEqual(sent["body"]["text"], "One\ntwo & three")
        thread = self.ok("GET", "/emails", search=f"thread:{sent['thread_id']}")
        self.assertEqual(thread["items"][0], sent)
        outbox = self.ok("GET", "/sandbox/outbox")
        self.assertEqual(outbox["count"], 1)
        entry = outbox["items"][0]
        self.assertEqual(entry["to"], [self.mail["from_address_email"]])
        self.assertEqual((entry["kind"], entry["email_id"]), ("reply", sent["id"]))
        self.assertEqual(outbox, self.sandbox.outbox_json("sandbox"))

    def test_copies_and_reminder(self) -> None:
        """Copies, further recipients, a reminder and an assignee are kept."""
        more = {
            "additional_recipients": ["more@example.org"],
            "cc_address_email_list": "a@example.org, b@example.org",
            "bcc_address_email_list": "c@example.org",
            "reminder_ts": "2026-12-01T00:00:00Z",
            "assigned_to": "user-2",
        }
        sent = self.ok("POST", "/emails/reply", {**self.body, **more})
        entry = self.sandbox.outbox()[0]
        self.assertEqual(entry["to"][1:], ["more@example.org"])
        self.assertEqual(entry["cc"], ["a@example.org", "b@example.org"])
        self.assertEqual(entry["bcc"], ["c@example.org"])
        found = self.ok("GET", "/emails", has_reminder="true")["items"]
        self.assertEqual([mail["id"] for mail in found], [sent["id"]])
        self.assertTrue(self.ok("GET", "/emails", assigned_to="user-2")["items"])

    def test_answer_to_our_own_mail(self) -> None:
        """A reply to a sent mail goes to that mail's recipient."""
        ours = self.ok("GET", "/emails", email_type="sent", limit=1)["items"][0]
        self.ok("POST", "/emails/reply", {**self.body, "reply_to_uuid": ours["id"]})
        self.assertEqual(self.sandbox.outbox()[0]["to"], [ours["lead"]])

    def test_refusals(self) -> None:
        """Unknown mail, unknown or failed account, empty body, bad copies: refused."""
        for status, change in (
            (404, {"reply_to_uuid": self.mail["thread_id"]}),
            (404, {"eaccount": "stranger@example.com"}),
            (400, {"eaccount": "luis@reach.example.com"}),
            (400, {"body": {}}),
            (400, {"cc_address_email_list": "nonsense"}),
            (400, {"subject": None}),
            (400, {"additional_recipients": ["nonsense"]}),
        ):
            self.refused(status, "POST", "/emails/reply", {**self.body, **change})
        without = {name: self.body[name] for name in self.body if name != "eaccount"}
        self.refused(400, "POST", "/emails/reply", without)
        self.assertEqual(self.sandbox.outbox(), [])


class VerificationTests(SandboxTestCase):
    def test_pending_then_known(self) -> None:
        """A slow verification is pending at first; reading its outcome is free."""
        made = self.ok("POST", "/email-verification", {"email": "slow.a@example.org"})
        self.assertEqual(made["verification_status"], "pending")
        self.assertEqual(
            (made["catch_all"], made["credits"]), ("pending", INITIAL_CREDITS - 1)
        )
        path = f"/email-verification/{in_path('slow.a@example.org')}"
        self.assertEqual(self.ok("GET", path)["verification_status"], "pending")
        self.pass_time(seconds=12)
        done = self.ok("GET", path)
        self.assertIn(done["verification_status"], ("verified", "invalid"))
        self.assertEqual(done["credits"], INITIAL_CREDITS - 1)

    def test_wishes(self) -> None:
        """The first word of an address can choose the outcome."""
        for email, status, catch_all in (
            ("invalid.a@example.org", "invalid", False),
            ("catchall.a@example.org", "verified", True),
        ):
            self.ok("POST", "/email-verification", {"email": email})
            self.pass_time(seconds=12)
            found = self.ok("GET", f"/email-verification/{in_path(email)}")
            self.assertEqual(
                (found["verification_status"], found["catch_all"]), (status, catch_all)
            )

    def test_credits_run_out(self) -> None:
        """Without credits the API answers 402."""
        self.world().credits = 1
        self.ok("POST", "/email-verification", {"email": "a@example.org"})
        self.refused(402, "POST", "/email-verification", {"email": "b@example.org"})

    def test_refusals(self) -> None:
        """No or a wrong address, an unknown field, an unknown verification: refused."""
        self.refused(400, "POST", "/email-verification", {})
        self.refused(400, "POST", "/email-verification", {"email": "nonsense"})
        self.refused(400, "POST", "/email-verification", {"email": "a@b.c", "x": 1})
        self.refused(404, "GET", "/email-verification/never%40example.org")


class JobTests(SandboxTestCase):
    def test_progress(self) -> None:
        """A job waits, progresses and succeeds as time passes."""
        job = self.start()
        seen = []
        for _ in range(7):
            shown = self.ok("GET", f"/background-jobs/{job['id']}")
            seen.append((shown["status"], shown["progress"]))
            self.pass_time(seconds=1)
        self.assertEqual(
            [status for status, _ in seen], ["pending", *["in-progress"] * 5, "success"]
        )
        progress = [value for _, value in seen]
        self.assertEqual(progress, sorted(progress))
        self.assertEqual((progress[0], progress[-1]), (0, 100))
        self.refused(404, "GET", "/background-jobs/none")

    def test_data_fields(self) -> None:
        """data_fields selects fields of the data."""
        job = self.start()
        self.pass_time(seconds=10)
        found = self.ok(
            "GET", f"/background-jobs/{job['id']}", data_fields="success_count,other"
        )
        self.assertEqual(found["data"], {"success_count": 1})

    def test_list(self) -> None:
        """Jobs are paged by id, filtered by comma lists, sorted either way."""
        ids = []
        for _ in range(5):
            ids.append(self.start()["id"])
            self.pass_time(seconds=1)
        pages = self.pages("GET", "/background-jobs", limit=2)
        found = [job["id"] for page in pages for job in page]
        self.assertEqual(found, ids[::-1])
        query = {"sort_column": "updated_at", "sort_order": "asc", "limit": 2}
        pages = self.pages("GET", "/background-jobs", **query)
        self.assertEqual(len({job["id"] for page in pages for job in page}), 5)
        cases: tuple[tuple[dict[str, Any], int], ...] = (
            ({"ids": ",".join(ids[:2])}, 2),
            ({"excluded_ids": ids[0]}, 4),
            ({"status": "pending,success"}, 0),
            ({"status": "in-progress"}, 5),
            ({"type": "move-leads"}, 0),
            ({"entity_type": "workspace"}, 5),
            ({"entity_id": "none"}, 0),
        )
        for query, count in cases:
            jobs = self.ok("GET", "/background-jobs", **query)["items"]
            self.assertEqual(len(jobs), count, query)
        self.refused(400, "GET", "/background-jobs", type="nonsense")

    def start(self) -> Any:
        """Start a job."""
        return self.ok("POST", "/accounts/warmup/disable", {"emails": [NORA]})
