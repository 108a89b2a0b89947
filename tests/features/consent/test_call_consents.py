"""What one consent covers in the rest of its call."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.act import Consent
from instantly_mcp.access.decisions import Decision
from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.catalog.operation import Risk
from instantly_mcp.features.consent.call_consents import CallConsents
from tests.access.acts import act

SENDS, SPENDS = frozenset({Risk.SENDS}), frozenset({Risk.SPENDS})
YES = Consent(how="token", by="p1", preview_digest="d")
ADDING, OTHER = BY_ID["bulkAddLeads"], BY_ID["patchLead"]
CONFIRM, APPROVE = Decision.CONFIRM, Decision.APPROVE


class CallConsentsTests(SynchronousTestCase):
    """Leads of a running campaign were confirmed."""

    def setUp(self) -> None:
        """Note the consent."""
        self.held = CallConsents()
        agreed = act("bulkAddLeads", risks=SENDS, decision=CONFIRM, consent=YES)
        self.held.add(ADDING, agreed)

    def test_covered(self) -> None:
        """The same operation with no further class, and writes without any class."""
        for operation, risks in ((ADDING, SENDS), (ADDING, ()), (OTHER, ())):
            self.assertIs(self.held.covering(operation, risks, CONFIRM), YES)

    def test_other_class(self) -> None:
        """The same operation with another class needs a consent of its own."""
        for risks in (SPENDS, SENDS | SPENDS):
            self.assertIsNone(self.held.covering(ADDING, risks, CONFIRM))

    def test_other_operation(self) -> None:
        """Another operation with a class needs a consent of its own."""
        self.assertIsNone(self.held.covering(OTHER, SENDS, CONFIRM))

    def test_stricter(self) -> None:
        """A confirmation covers nothing that a person has to approve."""
        for operation, risks in ((ADDING, SENDS), (OTHER, frozenset[Risk]())):
            self.assertIsNone(self.held.covering(operation, risks, APPROVE))

    def test_no_consent(self) -> None:
        """An act to which no one agreed is not noted."""
        self.assertRaises(ValueError, CallConsents().add, ADDING, act("bulkAddLeads"))
