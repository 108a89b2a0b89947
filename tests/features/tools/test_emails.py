"""The inbox: previews by default, and checks before real mail is sent."""

from __future__ import annotations

from typing import Any

from instantly_mcp.api.errors import Reason
from tests.features.cases import ToolTestCase
from tests.support.instantly import api_error

RECEIVED = {
    "id": "m1",
    "thread_id": "t1",
    "eaccount": "ann@example.com",
    "from_address_email": "lead@example.org",
    "to_address_email_list": "ann@example.com",
    "lead": "lead@example.org",
    "subject": "Re: Hello",
    "ue_type": 2,
    "i_status": 1,
    "body": {"text": "Yes.", "html": "<p>Yes.</p>"},
    "content_preview": "Yes.",
    "organization_id": "o",
    "reminder_ts": None,
}
SENT = {"id": "m2", "thread_id": "t1", "subject": "Re: Hello", "body": {"text": "x"}}


class ListEmailsTests(ToolTestCase):
    def asked(self, **given: Any) -> Any:
        """Return what listing with these arguments asks of Instantly."""
        self.value("list_emails", **given)
        return self.instantly.calls("listEmail")[-1]

    def test_defaults(self) -> None:
        """Twenty previews of the latest mail of each thread."""
        self.assertEqual(
            self.asked(),
            {"limit": 20, "preview_only": True, "latest_of_thread": True},
        )

    def test_a_thread_is_shown_whole(self) -> None:
        """Searching for a thread does not hide all but its latest mail."""
        self.assertFalse(self.asked(search="thread:t1")["latest_of_thread"])
        asked = self.asked(search="thread:t1", latest_of_thread=True)
        self.assertTrue(asked["latest_of_thread"])

    def test_words_for_values(self) -> None:
        """Mode and interest go by name, a bare end date includes its day."""
        asked = self.asked(
            mode="focused",
            i_status="interested",
            max_timestamp_created="2026-01-31",
            eaccount="a@example.com,b@example.com",
        )
        self.assertEqual(asked["mode"], "emode_focused")
        self.assertEqual(asked["i_status"], 1)
        self.assertEqual(asked["max_timestamp_created"], "2026-01-31T23:59:59.999Z")
        self.assertEqual(asked["eaccount"], "a@example.com,b@example.com")
        self.assertEqual(self.asked(mode="emode_all")["mode"], "emode_all")

    def test_previews_are_short(self) -> None:
        """A preview has labels and no body; bodies come when they are asked for."""
        self.instantly.answers("listEmail", {"items": [RECEIVED]})
        (item,) = self.value("list_emails")["items"]
        self.assertEqual(item["ue_type_label"], "received")
        self.assertEqual(item["i_status_label"], "interested")
        for absent in ("body", "organization_id", "reminder_ts"):
            self.assertNotIn(absent, item)
        (item,) = self.value("list_emails", preview_only=False)["items"]
        self.assertEqual(item["body"], RECEIVED["body"])


class ReadingTests(ToolTestCase):
    def test_one_mail_as_text(self) -> None:
        """The text is enough unless the HTML is asked for, or is all there is."""
        only_html = {**RECEIVED, "body": {"html": "<p>Yes.</p>"}}
        self.instantly.answers("getEmail", RECEIVED, RECEIVED, only_html)
        got = self.value("get_email", email_id="m1")
        self.assertEqual(got["body"], {"text": "Yes."})
        got = self.value("get_email", email_id="m1", include_html=True)
        self.assertEqual(got["body"], RECEIVED["body"])
        got = self.value("get_email", email_id="m1")
        self.assertEqual(got["body"], {"html": "<p>Yes.</p>"})
        self.assertEqual(self.instantly.calls("getEmail"), [{"id": "m1"}] * 3)

    def test_counting(self) -> None:
        """The count says what it includes."""
        self.instantly.answers("countUnreadEmails", {"count": 12345})
        got = self.value("count_unread_emails")
        self.assertEqual(got["unread_count"], 12345)
        self.assertIn("automatic", got["includes"])

    def test_marking_a_thread(self) -> None:
        """The result names the thread; the API client raises a reported failure."""
        self.instantly.answers(
            "markThreadAsRead",
            {"success": True},
            api_error(Reason.REPORTED_FAILURE, "markThreadAsRead"),
        )
        got = self.value("mark_thread_as_read", thread_id="t1")
        self.assertEqual(got, {"thread_id": "t1", "marked_as_read": True})
        error = self.failure("mark_thread_as_read", thread_id="t1")
        self.assertEqual(error["code"], "reported_failure")


class ReplyTests(ToolTestCase):
    def setUp(self) -> None:
        """Let the mail be there, and let sending succeed."""
        super().setUp()
        self.instantly.answers("getEmail", RECEIVED)
        self.instantly.answers("replyToEmail", SENT)

    def reply(self, **given: Any) -> dict[str, Any]:
        """Return the arguments of a reply."""
        return {
            "reply_to_uuid": "m1",
            "subject": "Re: Hello",
            "body": {"text": "Thanks.\n\nAnn"},
            **given,
        }

    def test_sends(self) -> None:
        """The reply leaves the account that got the mail, with its line ends."""
        got = self.value("reply_to_email", **self.reply(subject="Re:\nHello"))
        self.assertEqual(
            self.instantly.calls("replyToEmail"),
            [
                {
                    "reply_to_uuid": "m1",
                    "eaccount": "ann@example.com",
                    "subject": "Re: Hello",
                    "body": {
                        "text": "Thanks.\n\nAnn",
                        "html": "<p>Thanks.</p><p>Ann</p>",
                    },
                }
            ],
        )
        self.assertEqual(got["to"], "lead@example.org")
        self.assertEqual(got["from"], "ann@example.com")
        self.assertEqual(got["id"], "m2")
        self.assertNotIn("body", got)

    def test_html_alone(self) -> None:
        """HTML is sent as it is."""
        self.value("reply_to_email", **self.reply(body={"html": "<p>Hi</p>"}))
        (sent,) = self.instantly.calls("replyToEmail")
        self.assertEqual(sent["body"], {"html": "<p>Hi</p>"})

    def test_needs_a_text(self) -> None:
        """An empty reply is refused before anything is read."""
        for body in ({}, {"text": "  "}, {"html": "", "text": ""}):
            error = self.failure("reply_to_email", **self.reply(body=body))
            self.assertEqual(error["code"], "bad_argument")
        self.assertEqual(self.instantly.executed, [])

    def test_the_wrong_account(self) -> None:
        """A reply from another account than the one written to is refused."""
        error = self.failure("reply_to_email", **self.reply(eaccount="bob@example.com"))
        self.assertEqual(error["code"], "wrong_sender")
        self.assertEqual(self.instantly.calls("replyToEmail"), [])

    def test_the_expected_recipient(self) -> None:
        """expected_recipient allows the right recipient and refuses a wrong one."""
        self.value(
            "reply_to_email", **self.reply(expected_recipient="LEAD@example.org")
        )
        error = self.failure(
            "reply_to_email", **self.reply(expected_recipient="boss@example.org")
        )
        self.assertEqual(error["code"], "unexpected_recipient")
        self.assertEqual(len(self.instantly.calls("replyToEmail")), 1)

    def test_answering_ones_own_mail(self) -> None:
        """A follow-up to a mail that the account sent goes to the lead."""
        self.instantly.answers(
            "getEmail", {**RECEIVED, "from_address_email": "ann@example.com"}
        )
        got = self.value("reply_to_email", **self.reply())
        self.assertEqual(got["to"], "lead@example.org")
