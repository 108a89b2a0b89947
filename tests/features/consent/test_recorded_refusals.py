"""Every refusal of a write is a line of the audit, whatever refused it."""

from __future__ import annotations

from instantly_mcp._json_codec import JsonObject, dumps
from instantly_mcp.features.consent.guard import WriteGuard
from instantly_mcp.features.workspace.context import IWriteGuard

from .assessment.test_campaign_check import KeptLines
from .test_questions import YES, SessionCase
from .test_token_confirmation import REPLY, ConfirmCase


class RecordedRefusalTests(ConfirmCase):
    """The tools behind a guard that keeps an audit."""

    def guard(self) -> IWriteGuard:
        asking = super().guard()
        assert isinstance(asking, WriteGuard)
        self.audit = asking.audit = KeptLines()
        return asking

    def line_of(self, name: str, code: str, arguments: JsonObject) -> JsonObject:
        """Return the audit's only line, after a call that is refused."""
        error = self.failure(name, **arguments)
        self.assertEqual(error["code"], code, error)
        (line,) = self.audit.lines
        return line

    def test_imitation(self) -> None:
        """An address in a domain that imitates the lead's."""
        bad = {**REPLY, "cc_address_email_list": "x@the-irs.example"}
        line = self.line_of("reply_to_email", "bad_address", bad)
        self.assertEqual(line["kind"], "refused")
        self.assertEqual(line["code"], "bad_address")
        self.assertEqual(line["operation"], "replyToEmail")

    def test_question(self) -> None:
        """A question to a person is not a refusal."""
        self.required("reply_to_email", **REPLY)
        self.assertEqual(self.audit.lines, [])


class EndedTokenTests(SessionCase):
    """The token of a call is revoked while its user decides."""

    def guard(self) -> IWriteGuard:
        asking = super().guard()
        assert isinstance(asking, WriteGuard)
        self.audit = asking.audit = KeptLines()
        return asking

    def test_recorded(self) -> None:
        """Nothing is sent, the result says why, and the audit has the refusal."""
        received, asked = self.ask()
        self.context.rights_now = lambda rights: None
        self.answer(asked, YES)
        self.assertEqual(self.code(received), "not_allowed")
        self.assertIn("revoked", dumps(received.result).decode())
        self.assertEqual(self.sent(), 0)
        (line,) = self.audit.lines
        self.assertEqual((line["kind"], line["code"]), ("refused", "not_allowed"))
