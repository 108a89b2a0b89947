"""The inbox and replies as sellers and models use them, in every era."""

from __future__ import annotations

from typing import Any

from instantly_mcp._json_codec import loads
from instantly_mcp.protocol.arguments.fences import FENCE
from tests.features.era_cases import ERAS, KEY, EraTestCase

MOST_TOKENS = 6_000


class InboxCases(EraTestCase):
    def mails(self) -> dict[str, int]:
        """Return the kind of each mail of the workspace, by id."""
        world = self.sandbox.workspace(KEY).current_world()
        return {id: mail["ue_type"] for id, mail in world.emails.items()}

    def test_any_replies(self) -> None:
        """One call shows the replies, newest first, a line for each thread."""
        for version in ERAS:
            result = self.result(version, "list_emails", {})
            self.assertLess(len(result["content"][0]["text"]) / 4, MOST_TOKENS)
            items = self.value(version, "list_emails")["items"]
            kinds = self.mails()
            self.assertEqual({kinds[each["id"]] for each in items}, {2}, version)
            times = [each["time"] for each in items]
            self.assertEqual(times, sorted(times, reverse=True))
            threads = [each["thread_id"] for each in items]
            self.assertEqual(len(threads), len(set(threads)))

    def test_an_answered_reply(self) -> None:
        """A thread whose latest mail is our answer still shows the reply."""
        for version in ERAS:
            self.start_server()
            first = self.value(version, "list_emails", limit=1)["items"][0]
            self.value(
                version,
                "reply_to_email",
                reply_to_uuid=first["id"],
                subject="Re",
                body={"text": "Thank you."},
            )
            again = self.value(version, "list_emails", limit=1)["items"][0]
            self.assertEqual(again["id"], first["id"])
            thread = f"thread:{first['thread_id']}"
            whole = self.value(version, "list_emails", search=thread)["items"]
            self.assertEqual(whole[0]["type"], "sent")
            self.assertGreaterEqual(len(whole), 3)

    def test_our_own_mail(self) -> None:
        """The mail of campaigns is there when it is asked for."""
        for version in ERAS:
            sent = self.value(version, "list_emails", email_type="sent")["items"]
            self.assertEqual({each["type"] for each in sent}, {"campaign"})
            lead = self.value(version, "list_emails")["items"][0]["from"]
            everything = {"mode": "all", "latest_of_thread": False, "lead": lead}
            mixed = self.value(version, "list_emails", **everything)
            kinds = {each.get("type") for each in mixed["items"]}
            self.assertTrue({None, "campaign"} <= kinds, kinds)

    def test_unread_first(self) -> None:
        """Unread mail is first, and each mail is on one page only."""
        for version in ERAS:
            found: list[Any] = []
            more: dict[str, Any] = {}
            for _ in range(20):
                page = self.value(version, "list_emails", unread_first=True, **more)
                found += page["items"]
                if not page["page"]["has_more"]:
                    break
                more = {"starting_after": page["page"]["next_cursor"]}
                self.clock.advance(4)
            unread = [each["unread"] for each in found]
            self.assertEqual(unread, sorted(unread, reverse=True))
            self.assertIn(False, unread)
            ids = [each["id"] for each in found]
            self.assertEqual(len(ids), len(set(ids)), version)


class PassedOnCases(EraTestCase):
    def test_tags_are_passed_on(self) -> None:
        """What a model copies out of a result, tags included, means what is in them."""
        for version in ERAS:
            self.start_server()
            result = self.result(version, "list_emails", {"limit": 1})
            shown = loads(result["content"][0]["text"])["items"][0]
            self.assertRegex(shown["subject"], FENCE)
            opening, closing = FENCE.findall(shown["subject"])
            self.value(
                version,
                "reply_to_email",
                reply_to_uuid=f"{opening}{shown['id']}{closing}",
                subject=f"Re: {shown['subject']}",
                body={"text": f"You wrote {shown['preview']}"},
                expected_recipient=f"{opening}{shown['from']}{closing}",
            )
            entry = self.sandbox.outbox(KEY)[0]
            plain = FENCE.sub("", shown["subject"])
            self.assertEqual(entry["subject"], f"Re: {plain}", version)
            self.assertNotRegex(entry["body"]["html"], FENCE)


class RecipientCases(EraTestCase):
    def test_recipients(self) -> None:
        """Two recipients in one address are refused before anything is sent."""
        for version in ERAS:
            mail = self.value(version, "list_emails", limit=1)["items"][0]
            given = {
                "reply_to_uuid": mail["id"],
                "subject": "Re: x",
                "body": {"text": "hi"},
            }
            for cc in (
                "a@example.com\r\nBcc: b@example.net",
                '"boss@example.com" <b@example.net>',
            ):
                before = len(self.sandbox.outbox(KEY))
                error = self.failure(
                    version, "reply_to_email", **given, cc_address_email_list=cc
                )
                self.assertEqual(error["code"], "bad_address")
                self.assertIn("cc_address_email_list", error["message"])
                self.assertEqual(len(self.sandbox.outbox(KEY)), before)

    def test_empty_reply(self) -> None:
        """A reply that shows nothing is refused: an empty mail cannot be taken back."""
        empty = (
            {"text": "\u200b"},
            {"text": "\ufeff \n"},
            {"html": "<p></p><div>&nbsp;</div>"},
            {"text": " ", "html": "<style>p {}</style>"},
        )
        for version in ERAS:
            mail = self.value(version, "list_emails", limit=1)["items"][0]
            before = len(self.sandbox.outbox(KEY))
            for body in empty:
                error = self.failure(
                    version,
                    "reply_to_email",
                    reply_to_uuid=mail["id"],
                    subject="Re: x",
                    body=body,
                )
                self.assertEqual(error["message"], "The reply has no text.", body)
            self.assertEqual(len(self.sandbox.outbox(KEY)), before)

    def test_exact_recipients(self) -> None:
        """The result lists exactly those whom the outbox has."""
        for version in ERAS:
            self.start_server()
            mail = self.value(version, "list_emails", limit=1)["items"][0]
            sent = self.value(
                version,
                "reply_to_email",
                reply_to_uuid=mail["id"],
                subject="Re: x",
                body={"text": "hi"},
                expected_recipient=mail["from"],
                additional_recipients=["more@example.org"],
                cc_address_email_list="a@example.com,b@example.com",
                bcc_address_email_list="c@example.com",
            )
            entry = self.sandbox.outbox(KEY)[0]
            for kind in ("from", "to", "cc", "bcc"):
                self.assertEqual(sent[kind], entry[kind], version)
            self.assertEqual(sent["to"], [mail["from"], "more@example.org"])
            self.assertEqual(sent["from"], mail["to"])
