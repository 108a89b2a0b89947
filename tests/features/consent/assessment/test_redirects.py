"""What redirects mail, without the simulated Instantly."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.features.consent.assessment.redirects import (
    own_domains_of,
    redirecting,
)


class RedirectingTests(SynchronousTestCase):
    """By parameters and domains."""

    def test_domains_of_everybody(self) -> None:
        """An address of a mail provider says nothing of the others in its domain."""
        people = ["a@acme.example", "b@mail.ru", "c@gmx.at", "d@yahoo.co.uk"]
        self.assertEqual(own_domains_of(people), {"acme.example"})

    def test_taken_away(self) -> None:
        """Without its own reply-to an account gets the answers: that redirects them."""
        patch = BY_ID["patchAccount"]
        for name in ("reply_to", "signature", "tracking_domain_name"):
            found = redirecting(patch, {"email": "a@x.example", name: None}, ())
            self.assertEqual([each for each, _ in found], [name])
        given = {"email": "a@x.example", "remove_tracking_domain": False}
        self.assertEqual(redirecting(patch, given, ()), ())
        copies = BY_ID["patchCampaign"]
        self.assertEqual(redirecting(copies, {"id": "c", "cc_list": []}, ()), ())
