"""The inbox: previews by default, and checks before real mail is sent."""

from __future__ import annotations

from typing import Any

from instantly_mcp.api.errors import Reason
from instantly_mcp.features.tools.workflows.list_emails import (
    NOT_AN_ADDRESS,
    cursor_after,
)
from tests.features.cases import ToolTestCase
from tests.support.instantly import api_error

TIME = "2026-01-15T11:00:00.000Z"
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
        """The mail that was received: our own campaign mail is not asked for."""
        self.assertEqual(
            self.asked(),
            {"limit": 40, "preview_only": True, "email_type": "received"},
        )

    def test_our_own_mail(self) -> None:
        """It is listed when a kind, a mode or a thread asks for it."""
        self.assertEqual(self.asked(email_type="sent")["email_type"], "sent")
        for given in (
            {"email_type": "all"},
            {"mode": "all"},
            {"mode": "emode_all"},
            {"scheduled_only": True},
        ):
            asked = self.asked(**given)
            self.assertNotIn("email_type", asked, given)
            self.assertTrue(asked["latest_of_thread"], given)
        self.assertEqual(self.asked(mode="focused")["email_type"], "received")
        both = self.asked(mode="all", email_type="received")
        self.assertEqual(both["email_type"], "received")

    def test_a_name_is_searched_for(self) -> None:
        """An empty page says that search takes no names, unless it was an address."""
        self.assertEqual(
            self.value("list_emails", search="Dana Frost")["warnings"], [NOT_AN_ADDRESS]
        )
        for given in ({}, {"search": "dana@example.com"}, {"search": "thread:t1"}):
            self.assertNotIn("warnings", self.value("list_emails", **given), given)
        self.instantly.answers("listEmail", {"items": [RECEIVED]})
        self.assertNotIn("warnings", self.value("list_emails", search="example"))

    def test_a_thread_is_shown_whole(self) -> None:
        """A thread is all of its mail, sent mail included."""
        mails = [{**RECEIVED, "id": f"m{n}", "ue_type": 1 + n % 2} for n in range(4)]
        self.instantly.answers("listEmail", {"items": mails})
        got = self.value("list_emails", search="thread:t1")
        ids = [each["id"] for each in got["items"]]
        self.assertEqual(ids, ["m0", "m1", "m2", "m3"])
        self.assertEqual(got["items"][0]["type"], "campaign")
        self.assertEqual(
            self.instantly.calls("listEmail"),
            [{"search": "thread:t1", "limit": 20, "preview_only": True}],
        )
        got = self.value("list_emails", search="thread:t1", latest_of_thread=True)
        self.assertEqual([each["id"] for each in got["items"]], ["m0"])

    def test_a_line_for_each_thread(self) -> None:
        """The newest mail that was received stands for its thread.

        Instantly is not asked for the latest mail of each thread: where that is our
        answer, the reply would be missing.
        """
        mails = [
            {**RECEIVED, "id": f"m{n}", "thread_id": thread}
            for n, thread in enumerate("aabacb")
        ]
        reply = {"items": mails, "next_starting_after": "x"}
        self.instantly.answers("listEmail", reply)
        got = self.value("list_emails", limit=3)
        self.assertNotIn("latest_of_thread", self.instantly.calls("listEmail")[0])
        self.assertEqual([each["id"] for each in got["items"]], ["m0", "m2", "m4"])
        page = got["page"]
        self.assertEqual((page["has_more"], page["returned"]), (True, 3))
        self.value("list_emails", limit=3, starting_after=page["next_cursor"])
        self.assertEqual(self.instantly.calls("listEmail")[1]["starting_after"], "x")
        got = self.value("list_emails", limit=2)
        self.value("list_emails", limit=2, starting_after=got["page"]["next_cursor"])
        # The fourth mail is the last that was used: the fifth begins another thread.
        self.assertEqual(self.instantly.calls("listEmail")[3]["starting_after"], "m3")

    def test_every_mail(self) -> None:
        """Without grouping, each mail has a line."""
        mails = [{**RECEIVED, "id": f"m{n}"} for n in range(3)]
        self.instantly.answers("listEmail", {"items": mails})
        got = self.value("list_emails", latest_of_thread=False)
        self.assertEqual(len(got["items"]), 3)
        self.assertEqual(self.instantly.calls("listEmail")[0]["limit"], 20)

    def test_no_mail(self) -> None:
        """An empty page has no cursor, whatever Instantly says."""
        self.instantly.answers("listEmail", {"items": [], "next_starting_after": "m9"})
        got = self.value("list_emails")
        self.assertEqual(got, {"items": [], "page": {"has_more": False, "returned": 0}})

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

    def test_a_line(self) -> None:
        """A line has what a person sees in an inbox, and the ids to go on."""
        self.instantly.answers(
            "listEmail",
            {"items": [{**RECEIVED, "is_unread": 1, "timestamp_email": TIME}]},
        )
        got = self.value("list_emails")
        self.assertEqual(
            got["items"],
            [
                {
                    "id": "m1",
                    "thread_id": "t1",
                    "from": "lead@example.org",
                    "to": "ann@example.com",
                    "subject": "Re: Hello",
                    "time": TIME,
                    "unread": True,
                    "interest": "interested",
                    "preview": "Yes.",
                }
            ],
        )

    def test_long_previews(self) -> None:
        """A preview is one short line, also without a preview of Instantly's."""
        body = {"text": "Yes,\nsend it.\n" + "x" * 500}
        odd = {**RECEIVED, "body": body, "content_preview": None, "i_status": 17}
        odd["subject"] = "Re:\n## Rules"
        self.instantly.answers("listEmail", {"items": [odd]})
        (item,) = self.value("list_emails")["items"]
        self.assertTrue(item["preview"].startswith("Yes, send it. x"))
        self.assertEqual(len(item["preview"]), 160)
        self.assertEqual(item["interest"], 17)
        self.assertEqual(item["subject"], "Re: ## Rules")

    def test_texts(self) -> None:
        """Whole texts come when they are asked for, without the HTML."""
        self.instantly.answers("listEmail", {"items": [RECEIVED]})
        (item,) = self.value("list_emails", preview_only=False)["items"]
        self.assertEqual(item["text"], "Yes.")
        self.assertNotIn("preview", item)


class UnreadFirstTests(ToolTestCase):
    def mails(self, ids: str, **more: Any) -> dict[str, Any]:
        """Return a reply with mails of these one-letter ids, each a thread."""
        items = [{**RECEIVED, "id": id, "thread_id": f"t{id}"} for id in ids]
        return {"items": [{**item, **more} for item in items]}

    def test_one_page(self) -> None:
        """Unread mail comes first, read mail fills the page."""
        self.instantly.answers(
            "listEmail", self.mails("ab", is_unread=1), self.mails("bcd", is_unread=0)
        )
        got = self.value("list_emails", unread_first=True, limit=3)
        self.assertEqual([each["id"] for each in got["items"]], ["a", "b", "c"])
        asked = self.instantly.calls("listEmail")
        self.assertEqual([each["is_unread"] for each in asked], [True, False])
        self.assertTrue(got["page"]["has_more"])

    def test_pages(self) -> None:
        """The pages go through the unread mail, then through the read mail."""
        self.instantly.answers(
            "listEmail",
            self.mails("abc", is_unread=1),
            self.mails("c", is_unread=1),
            self.mails("de"),
            self.mails("e"),
        )
        found, cursor = [], None
        for _ in range(3):
            more: dict[str, Any] = {"starting_after": cursor} if cursor else {}
            got = self.value("list_emails", unread_first=True, limit=2, **more)
            found.append("".join(each["id"] for each in got["items"]))
            cursor = got["page"].get("next_cursor")
        self.assertEqual((found, cursor), (["ab", "cd", "e"], None))
        asked = self.instantly.calls("listEmail")
        self.assertEqual(
            [(each["is_unread"], each.get("starting_after")) for each in asked],
            [(True, None), (True, "b"), (False, None), (False, "d")],
        )

    def test_a_page_full_of_unread_mail(self) -> None:
        """What was read has a page of its own then."""
        self.instantly.answers(
            "listEmail", self.mails("ab", is_unread=1), self.mails("c")
        )
        got = self.value("list_emails", unread_first=True, limit=2)
        self.assertEqual(len(self.instantly.calls("listEmail")), 1)
        cursor = got["page"]["next_cursor"]
        got = self.value(
            "list_emails", unread_first=True, limit=2, starting_after=cursor
        )
        self.assertEqual([each["id"] for each in got["items"]], ["c"])
        self.assertIs(self.instantly.calls("listEmail")[1]["is_unread"], False)

    def test_only_unread(self) -> None:
        """With is_unread there is nothing to put first."""
        self.instantly.answers("listEmail", self.mails("ab", is_unread=1))
        self.value("list_emails", unread_first=True, is_unread=True)
        (asked,) = self.instantly.calls("listEmail")
        self.assertIs(asked["is_unread"], True)

    def test_cursors_of_lines(self) -> None:
        """A page that is cut to size goes on in the same part of the list."""
        given = {"unread_first": True}
        for item, cursor in (
            ({"id": "a", "unread": True}, "unread:a"),
            ({"id": "a", "unread": False}, "read:a"),
        ):
            self.assertEqual(cursor_after(item, given), cursor)
            self.assertEqual(cursor_after(item, {}), "a")
            self.assertEqual(cursor_after(item, {**given, "is_unread": True}), "a")


class ReadingTests(ToolTestCase):
    def test_names_for_ids(self) -> None:
        """A name in the place of an id is refused, and says where ids come from."""
        for tool, given in (
            ("get_email", {"email_id": "Dana Frost"}),
            ("mark_thread_as_read", {"thread_id": "a thread"}),
            ("get_background_job", {"job_id": "the import"}),
        ):
            error = self.failure(tool, **given)
            self.assertIn("is not an id", error["message"])
            self.assertIn("list tool", error["hint"])
        for contact in ("Dana Frost", "Dana"):
            error = self.failure("search_campaigns_by_contact", contact_email=contact)
            self.assertEqual(error["message"], "contact_email is not an address.")
        self.assertEqual(self.instantly.executed, [])

    def test_one_mail_as_text(self) -> None:
        """A mail is shown as text, unless its HTML is asked for."""
        only_html = {**RECEIVED, "body": {"html": "<p>Yes.</p>"}}
        self.instantly.answers("getEmail", RECEIVED, RECEIVED, only_html)
        got = self.value("get_email", email_id="m1")
        self.assertEqual(got["body"], {"text": "Yes."})
        got = self.value("get_email", email_id="m1", include_html=True)
        self.assertEqual(got["body"], RECEIVED["body"])
        got = self.value("get_email", email_id="m1")
        self.assertEqual(got["body"], {"text": "Yes."})
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


class ReplyCase(ToolTestCase):
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


class ReplyTests(ReplyCase):
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
        self.assertEqual(got["to"], ["lead@example.org"])
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
        self.assertEqual(got["to"], ["lead@example.org"])


class BodyTests(ReplyCase):
    """The body as models send it."""

    def sent(self, body: Any) -> Any:
        """Return the body that is sent."""
        self.value("reply_to_email", **self.reply(body=body))
        return self.instantly.calls("replyToEmail")[-1]["body"]

    def test_plain_text(self) -> None:
        """Plain text is the text of the body."""
        for text in ("Thanks {{you}}.\n\nAnn", "a < b and {c}", "5", "true"):
            self.assertEqual(self.sent(text)["text"], text)

    def test_object_as_text(self) -> None:
        """An object that was encoded as text is that object."""
        self.assertEqual(self.sent('{"text": "Thanks."}')["text"], "Thanks.")
        self.assertIn("<b>", self.sent(' {"html": "<b>Thanks.</b>"}')["html"])

    def test_code_is_not_sent(self) -> None:
        """Text in which people would read code is refused, and nothing is sent."""
        for body in (
            '{"text": "Thanks.',
            '{"text": "a", "text": "b"}',
            '{"text": "a", "subject": "b"}',
            '{"text": 5}',
            '"{\\"text\\": \\"a\\"}"',
            "{'text': 'a'}",
            "<p>Thanks.</p>",
            "Thanks.<br/>Ann",
        ):
            error = self.failure("reply_to_email", **self.reply(body=body))
            self.assertEqual(error["message"], "body is not plain text.", body)
        self.assertEqual(self.instantly.executed, [])

    def test_blank_text(self) -> None:
        """A blank text does not validate."""
        for body in ("", " \n"):
            self.assertFalse(self.allows("reply_to_email", self.reply(body=body)))


class RecipientTests(ReplyCase):
    def test_all_recipients(self) -> None:
        """The result lists each recipient once; Instantly gets checked addresses."""
        got = self.value(
            "reply_to_email",
            **self.reply(
                additional_recipients=["boss@example.org", "LEAD@example.org"],
                cc_address_email_list="a@example.com, b@example.com,A@example.com",
                bcc_address_email_list=["c@example.com", "b@example.com"],
            ),
        )
        (sent,) = self.instantly.calls("replyToEmail")
        self.assertEqual(sent["cc_address_email_list"], "a@example.com,b@example.com")
        self.assertEqual(sent["bcc_address_email_list"], "c@example.com")
        self.assertEqual(sent["additional_recipients"], ["boss@example.org"])
        self.assertEqual(got["to"], ["lead@example.org", "boss@example.org"])
        self.assertEqual(got["cc"], ["a@example.com", "b@example.com"])
        self.assertEqual(got["bcc"], ["c@example.com"])

    def test_what_instantly_says(self) -> None:
        """If Instantly names other recipients, the result has those."""
        reply = {**SENT, "to_address_email_list": "other@example.org"}
        self.instantly.answers("replyToEmail", reply)
        got = self.value("reply_to_email", **self.reply())
        self.assertEqual(got["to"], ["other@example.org"])

    def test_tricks(self) -> None:
        """What could be read as another recipient is refused, by name of argument."""
        for name, value in (
            ("cc_address_email_list", "a@example.com\r\nBcc: b@example.net"),
            ("cc_address_email_list", "a@example.com\nb@example.net"),
            ("cc_address_email_list", '"boss@example.com" <b@example.net>'),
            ("cc_address_email_list", "a@example.com,b"),
            ("bcc_address_email_list", "a@example.com;\tb@example.net"),
            ("bcc_address_email_list", "mailto:a@example.com"),
            ("bcc_address_email_list", ["a@example.com, b@example.net"]),
            ("additional_recipients", ["a@exam\u200bple.com"]),
            ("additional_recipients", ["a@example.com\r\nBcc: b@example.net"]),
            ("additional_recipients", ["boss@\u0435xample.com"]),
        ):
            with self.subTest(name=name, value=value):
                error = self.failure("reply_to_email", **self.reply(**{name: value}))
                self.assertEqual(error["code"], "bad_address")
                self.assertTrue(error["message"].startswith(name), error["message"])
        self.assertEqual(self.instantly.executed, [])

    def test_too_many(self) -> None:
        """All fields together have at most ten recipients."""
        cc = [f"a{n}@example.com" for n in range(10)]
        error = self.failure("reply_to_email", **self.reply(cc_address_email_list=cc))
        self.assertEqual(error["code"], "too_many_recipients")
        self.assertEqual(self.instantly.calls("replyToEmail"), [])

    def test_a_mail_with_a_false_sender(self) -> None:
        """A mail whose sender is not a plain address is not answered."""
        for sender in (
            "boss@example.com\r\nBcc: b@example.net",
            '"boss@example.com" <b@example.net>',
            "lead@example.org, b",
        ):
            mail = {**RECEIVED, "from_address_email": sender}
            self.instantly.answers("getEmail", mail)
            error = self.failure("reply_to_email", **self.reply())
            self.assertEqual(error["code"], "bad_address")
            self.assertIn("reply_to_uuid", error["message"])
        self.assertEqual(self.instantly.calls("replyToEmail"), [])
