"""A client that cannot be asked confirms in a second call, with a token."""

from __future__ import annotations

import sqlite3
from typing import Any

from twisted.internet.defer import fail

from instantly_mcp.access.decisions import Decision, Policy
from instantly_mcp.api.errors import Reason
from instantly_mcp.features.consent.confirm_tokens import VALID_SECONDS
from instantly_mcp.features.workspace.context import IWriteGuard
from tests.features.cases import NOW, ToolTestCase
from tests.support.access import asking_guard
from tests.support.instantly import api_error
from tests.support.seals import new_seal

MAIL = {
    "id": "m1",
    "subject": "Your offer",
    "eaccount": "me@ours.example",
    "from_address_email": "lead@theirs.example",
}
REPLY = {"reply_to_uuid": "m1", "subject": "Re: Your offer", "body": {"text": "Yes."}}
CAMPAIGN = {"id": "c1", "name": "Spring", "status": 1}


class ConfirmCase(ToolTestCase):
    """Tools behind the policy that is the default."""

    policy = Policy()

    def setUp(self) -> None:
        """Prepare a mail and a running campaign."""
        self.now = NOW.timestamp()
        super().setUp()
        self.instantly.answers("getEmail", MAIL)
        self.instantly.answers("getWorkspace", {"name": "Ours"})
        self.instantly.answers("getCampaign", CAMPAIGN)

    def guard(self) -> IWriteGuard:
        self.asking = asking_guard(new_seal(), lambda: self.now, self.policy)
        return self.asking

    def required(self, name: str, **arguments: Any) -> Any:
        """Return the error of a call that must be confirmed first."""
        error = self.failure(name, **arguments)
        self.assertEqual(error["code"], "confirmation_required", error)
        return error

    def token(self, name: str, **arguments: Any) -> str:
        """Return the token of a call that must be confirmed first."""
        token: str = self.required(name, **arguments)["confirm_token"]
        return token

    def invalid(self, name: str, **arguments: Any) -> str:
        """Return why a token is refused."""
        error = self.failure(name, **arguments)
        self.assertEqual(error["code"], "confirmation_invalid", error)
        message: str = error["message"]
        return message


class TokenTests(ConfirmCase):
    def test_two_steps(self) -> None:
        """The first call shows what would be sent, the second one sends it."""
        error = self.required("reply_to_email", **REPLY)
        self.assertEqual(self.instantly.calls("replyToEmail"), [])
        shows = "\n".join(error["preview"]["shows"])
        for said in ("Ours", "me@ours.example", "lead@theirs.example", "Re: Your"):
            self.assertIn(said, shows)
        self.assertEqual(error["preview"]["texts"][0]["text"], "Yes.")
        token = error["confirm_token"]
        self.assertTrue(self.value("reply_to_email", **REPLY, confirm_token=token))
        self.assertEqual(len(self.instantly.calls("replyToEmail")), 1)

    def test_disk_is_full(self) -> None:
        """A token that cannot be marked as used confirms nothing, and counts later."""
        token = self.token("reply_to_email", **REPLY)
        consents = self.asking.consents
        assert consents is not None
        marks = consents.confirmations.marks
        full = sqlite3.OperationalError("database or disk is full")
        for name in ("holds", "use"):
            patched = self.patch(type(marks), name, lambda *_: fail(full))
            error = self.failure("reply_to_email", **REPLY, confirm_token=token)
            patched.restore()
            self.assertEqual(error["code"], "not_allowed")
            self.assertIn("cannot record", error["message"])
        self.assertEqual(len(self.flushLoggedErrors(sqlite3.Error)), 2)
        self.assertEqual(self.instantly.calls("replyToEmail"), [])
        self.value("reply_to_email", **REPLY, confirm_token=token)

    def test_once(self) -> None:
        """A token that was used is refused; what it confirmed is done once."""
        given = {"email": "a@example.com"}
        token = self.token("verify_email", **given)
        self.instantly.answers("createEmailVerification", {"verification_status": "ok"})
        self.value("verify_email", **given, confirm_token=token)
        self.assertIn(
            "used before", self.invalid("verify_email", **given, confirm_token=token)
        )
        self.assertEqual(len(self.instantly.calls("createEmailVerification")), 1)

    def test_other_call(self) -> None:
        """A token is for one tool and its arguments, and no other text is one."""
        token = self.token("reply_to_email", **REPLY)
        other = {**REPLY, "body": {"text": "No."}}
        for name, given in (
            ("reply_to_email", {**other, "confirm_token": token}),
            ("reply_to_email", {**REPLY, "confirm_token": "yes"}),
            ("verify_email", {"email": "a@b.example", "confirm_token": token}),
        ):
            self.invalid(name, **given)
        self.assertEqual(self.instantly.calls("replyToEmail"), [])

    def test_too_old(self) -> None:
        """A token is valid for five minutes; setting the clock back revives none."""
        token = self.token("reply_to_email", **REPLY)
        for passed, why in ((VALID_SECONDS + 1, "too old"), (0, "used before")):
            self.now = NOW.timestamp() + passed
            said = self.invalid("reply_to_email", **REPLY, confirm_token=token)
            self.assertIn(why, said)

    def test_what_changed(self) -> None:
        """If the write would do something else now, it is shown again."""
        self.instantly.answers("getLeadList", {"id": "l1", "name": "Fair"})
        self.instantly.answers("getVerificationStats", {"total_leads": 3})
        given = {"lead_list_id": "l1"}
        token = self.token("delete_lead_list", **given)
        self.instantly.answers("getVerificationStats", {"total_leads": 4})
        error = self.required("delete_lead_list", **given, confirm_token=token)
        self.assertIn("changed", error["message"])
        self.assertEqual(self.instantly.calls("deleteLeadList"), [])
        self.value("delete_lead_list", **given, confirm_token=error["confirm_token"])
        self.assertEqual(len(self.instantly.calls("deleteLeadList")), 1)

    def test_same_arguments_in_another_form(self) -> None:
        """Arguments that mean the same are the same."""
        token = self.token("verify_email", email="a@example.com")
        result = self.run_tool(
            "verify_email", confirm_token=token, email_address="a@example.com"
        )
        self.assertFalse(result.is_error, result.structured)


class WhatAsksTests(ConfirmCase):
    def test_only_running_campaigns(self) -> None:
        """A lead for a draft needs no confirmation, one for a running campaign does."""
        given = {"campaign": "c1", "email": "a@example.com"}
        error = self.required("create_lead", **given)
        self.assertIn("running campaign", error["preview"]["says"])
        self.assertIn("Spring", "\n".join(error["preview"]["shows"]))
        for status in (0, 2):
            self.instantly.answers("getCampaign", {**CAMPAIGN, "status": status})
            self.value("create_lead", **given)

    def test_unclear_campaigns(self) -> None:
        """What may send counts as running: completed, stopped, unknown, unreadable."""
        given = {"campaign": "c1", "email": "a@example.com"}
        for status in (3, 4, -1, -2, -99, 77, None, True, "0"):
            self.instantly.answers("getCampaign", {**CAMPAIGN, "status": status})
            self.required("create_lead", **given)
        unreadable = api_error(Reason.SCOPE_MISSING, "getCampaign", status=403)
        self.instantly.answers("getCampaign", unreadable)
        error = self.required("create_lead", **given)
        self.assertIn("treated as active", "\n".join(error["preview"]["shows"]))
        self.assertEqual(self.instantly.calls("createLead"), [])

    def test_stopping_never_asks(self) -> None:
        """A campaign is paused at once."""
        self.value("pause_campaign", campaign_id="c1")

    def test_dry_run_never_asks(self) -> None:
        """What only looks does not ask."""
        self.instantly.answers("getLead", {"id": "l1", "email": "a@example.com"})
        got = self.value("delete_lead", lead_id="l1", dry_run=True)
        self.assertIn("would_delete", got)

    def test_copies_within_the_company(self) -> None:
        """A copy to the lead's own company redirects nothing; one to others does."""
        own = {**REPLY, "cc_address_email_list": "boss@theirs.example"}
        self.required("reply_to_email", **own)
        self.asking.policy = Policy(redirects=Decision.DENY)
        self.required("reply_to_email", **own)
        far = {**REPLY, "cc_address_email_list": "boss@others.example"}
        self.assertEqual(self.failure("reply_to_email", **far)["code"], "not_allowed")
        self.instantly.answers(
            "getEmail", {**MAIL, "from_address_email": "x@gmail.com"}
        )
        shared = {**REPLY, "cc_address_email_list": "y@gmail.com"}
        error = self.failure("reply_to_email", **shared)
        self.assertEqual(error["code"], "not_allowed")
