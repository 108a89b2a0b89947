"""Which addresses of a write mail goes to."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.outgoing_addresses import outgoing
from instantly_mcp.catalog.index import BY_ID


class OutgoingTests(SynchronousTestCase):
    """By the names of parameters."""

    def found(self, operation: str, **arguments: Any) -> list[tuple[str, str]]:
        """Return what is found."""
        return list(outgoing(BY_ID[operation], arguments))

    def test_every_place(self):
        """To, cc, bcc, further recipients, reply-to, and leads."""
        one, two = "a@example.com", "b@example.com"
        for operation, name, value, expected in (
            ("replyToEmail", "cc_address_email_list", f"{one}, {two}", [one, two]),
            ("replyToEmail", "bcc_address_email_list", one, [one]),
            ("replyToEmail", "additional_recipients", [one, two], [one, two]),
            ("createCampaign", "cc_list", [one], [one]),
            ("patchCampaign", "bcc_list", [one], [one]),
            ("patchAccount", "reply_to", one, [one]),
            ("createLead", "email", one, [one]),
        ):
            self.assertEqual(
                self.found(operation, **{name: value}),
                [(name, each) for each in expected],
                (operation, name),
            )
        rows = [{"email": one}, {"first_name": "x"}, {"email": two}]
        self.assertEqual(
            self.found("bulkAddLeads", leads=rows),
            [("leads.0.email", one), ("leads.2.email", two)],
        )

    def test_names_stay_together(self):
        """A text with a display name is not split: the name may hold a comma."""
        text = '"Smith, Ann" <a@example.com>'
        self.assertEqual(
            self.found("replyToEmail", cc_address_email_list=text),
            [("cc_address_email_list", text)],
        )

    def test_not_recipients(self):
        """An account, a switch, an id and a list of senders are not recipients."""
        for operation, arguments in (
            ("pauseAccount", {"email": "a@example.com"}),
            ("createAccount", {"email": "a@example.com"}),
            ("enableWarmupForAccounts", {"emails": ["a@example.com"]}),
            ("createCampaign", {"email_list": ["a@example.com"], "text_only": True}),
            ("replyToEmail", {"eaccount": "a@example.com", "reply_to_uuid": "e1"}),
            ("moveLeads", {"to_campaign_id": "c1", "to_list_id": "l1"}),
        ):
            self.assertEqual(self.found(operation, **arguments), [], operation)
