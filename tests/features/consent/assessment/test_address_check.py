"""Addresses that mail goes to, on the simulated Instantly and for every operation."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import Credential, Secret
from instantly_mcp.features.consent.assessment.look_alikes import imitated_by
from instantly_mcp.features.results import CallRefusedError
from instantly_mcp.protocol.calls.call import Call, Caller, Doing
from instantly_mcp.protocol.wire.versions import V2025_11_25
from instantly_mcp.sandbox.workspaces import Sandbox
from tests.features.cases import NOW
from tests.features.on_sandbox import features_on
from tests.support.cases import ClockedTestCase

KEY = Credential(secret=Secret("sandbox-addresses"), source="test")


class LookAlikeTests(SynchronousTestCase):
    """Domains that a reader takes for another one."""

    def test_imitations(self):
        """Replaced characters, pairs, accents, hyphens and capitals are seen."""
        known = ["acme.com", "willow.io", "smile.example.com"]
        for domain, imitated in (
            ("acrne.com", "acme.com"),
            ("acmé.com", "acme.com"),
            ("xn--acm-dma.com", "acme.com"),
            ("ac-me.com", "acme.com"),
            ("wi11ow.io", "willow.io"),
            ("vvillow.i0", "willow.io"),
            ("5MILE.example.com", "smile.example.com"),
        ):
            self.assertEqual(imitated_by(domain, known), imitated, domain)

    def test_others(self):
        """The domain itself, another one and a subdomain imitate nothing."""
        known = ["acme.com"]
        for domain in ("acme.com", "ACME.com", "acme.org", "mail.acme.com", "xn--.com"):
            self.assertIsNone(imitated_by(domain, known), domain)


class AddressCheckTests(ClockedTestCase):
    """Operations, called as a tool without checks of its own would call them."""

    def setUp(self) -> None:
        """Build the features on a new sandbox, and find a mail to answer."""
        super().setUp()
        sandbox = Sandbox(self.clock, start=NOW, rate_limited=False)
        self.context = features_on(sandbox, self.clock).context
        mails = self.result("listEmail", email_type="received", limit=1)["items"]
        self.mail = mails[0]
        self.domain = self.mail["from_address_email"].rpartition("@")[2]

    def start(self, operation: str, **arguments: Any) -> Deferred[Any]:
        """Execute an operation for a tool."""
        caller = Caller(revision=V2025_11_25, credential=KEY)
        doing = Doing(tool="any", arguments=arguments)
        running = self.context.look_up(
            operation, arguments, Call(caller=caller, doing=doing)
        )
        return self.after_a_minute(running)

    def result(self, operation: str, **arguments: Any) -> Any:
        """Return the reply of an operation."""
        return self.successResultOf(self.start(operation, **arguments))

    def refused(self, operation: str, **arguments: Any) -> CallRefusedError:
        """Return the refusal of an operation."""
        running = self.start(operation, **arguments)
        refused = self.failureResultOf(running, CallRefusedError).value
        assert isinstance(refused, CallRefusedError)
        return refused

    def reply(self, **more: Any) -> dict[str, Any]:
        """Return the arguments of a reply."""
        return {
            "reply_to_uuid": self.mail["id"],
            "eaccount": self.mail["eaccount"],
            "subject": "Re",
            "body": {"text": "Hello"},
            **more,
        }

    def test_every_place(self) -> None:
        """A bad address is refused in every parameter that mail goes to."""
        for bad in (
            "Ann <ann@example.com>",
            "ann@example.com\r\nBcc: eve@example.org",
            "ann@\u0435\u0445\u0430mple.com",
            "ann",
        ):
            for operation, arguments in (
                ("replyToEmail", self.reply(cc_address_email_list=bad)),
                ("replyToEmail", self.reply(bcc_address_email_list=bad)),
                ("replyToEmail", self.reply(additional_recipients=[bad])),
                ("patchCampaign", {"id": "c1", "cc_list": [bad]}),
                ("patchAccount", {"email": "a@example.com", "reply_to": bad}),
                ("createLead", {"email": bad}),
                ("bulkAddLeads", {"leads": [{"email": bad}]}),
            ):
                refused = self.refused(operation, **arguments)
                self.assertEqual(refused.code, "bad_address", (operation, bad))

    def test_imitation(self) -> None:
        """A copy to a domain that imitates the lead's is refused; to the lead's not."""
        imitation = f"x@{self.domain[:2]}-{self.domain[2:]}"
        refused = self.refused(
            "replyToEmail", **self.reply(cc_address_email_list=imitation)
        )
        self.assertEqual(refused.code, "bad_address")
        self.assertIn(self.domain, str(refused))
        self.result(
            "replyToEmail", **self.reply(cc_address_email_list=f"x@{self.domain}")
        )

    def test_imitation_of_a_sender(self) -> None:
        """A copy to a domain that imitates a sender of the campaign's is refused."""
        campaigns = self.result("listCampaign", limit=100)["items"]
        sent = next(each for each in campaigns if each.get("email_list"))
        sender = sent["email_list"][0]
        domain = sender.rpartition("@")[2]
        bad = [f"x@{domain[:2]}-{domain[2:]}"]
        for operation, arguments in (
            ("patchCampaign", {"id": sent["id"], "cc_list": bad}),
            ("patchCampaign", {"id": sent["id"], "bcc_list": bad}),
            (
                "createCampaign",
                {"name": "N", "email_list": [sender], "cc_list": bad},
            ),
        ):
            refused = self.refused(operation, **arguments)
            self.assertEqual(refused.code, "bad_address")
            self.assertIn(domain, str(refused))
        same = {"id": sent["id"], "cc_list": [f"x@{domain}"]}
        self.result("patchCampaign", **same)

    def test_many(self) -> None:
        """More than ten recipients are refused, however they are spread."""
        some = [f"p{number}@example.com" for number in range(6)]
        arguments = self.reply(
            cc_address_email_list=", ".join(some),
            bcc_address_email_list=", ".join(f"b{each}" for each in some),
        )
        refused = self.refused("replyToEmail", **arguments)
        self.assertEqual(refused.code, "too_many_recipients")
