"""What is wrong with a certificate that can be loaded."""

from __future__ import annotations

import time

from OpenSSL.crypto import X509, PKey
from twisted.internet.ssl import CertificateOptions
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.sockets.certificate_check import (
    Flaw,
    flaws_of,
    unsent_certificates,
)
from tests.support.certificates import Issued, issue

NOW = time.time()
DAY_SECONDS = 86400


def options(leaf: Issued, *chain: Issued) -> CertificateOptions:
    """Return what an endpoint with this certificate shows."""
    return CertificateOptions(
        privateKey=PKey.from_cryptography_key(leaf.key),
        certificate=X509.from_cryptography(leaf.public),
        extraCertChain=[X509.from_cryptography(each.public) for each in chain] or None,
    )


class FlawTests(SynchronousTestCase):
    def flaws(
        self, leaf: Issued, *chain: Issued, now: float = NOW, host: str | None = None
    ) -> list[Flaw]:
        """Return the flaws of a certificate."""
        return [*flaws_of(options(leaf, *chain), now, host)]

    def flaw(self, leaf: Issued, *chain: Issued, now: float = NOW) -> Flaw:
        """Return the only flaw."""
        (flaw,) = self.flaws(leaf, *chain, now=now)
        self.assertTrue(flaw.line.startswith("IMCP-TLS "))
        return flaw

    def test_good(self):
        """A self-signed certificate that is valid for months has no flaw."""
        self.assertEqual(self.flaws(issue(days=90)), [])

    def test_expired(self):
        """An expired certificate is fatal, from its last second on."""
        leaf = issue(days=20)
        flaw = self.flaw(leaf, now=NOW + 21 * DAY_SECONDS)
        self.assertTrue(flaw.fatal)
        self.assertIn("the certificate expired on 20", flaw.line)
        self.assertIn("renew it, then reload", flaw.line)
        end = leaf.public.not_valid_after_utc.timestamp()
        self.assertTrue(self.flaw(leaf, now=end).fatal)
        self.assertFalse(self.flaw(leaf, now=end - 1).fatal)

    def test_not_yet_valid(self):
        """A certificate that is not valid yet is fatal."""
        flaw = self.flaw(issue(begins=1, days=90))
        self.assertTrue(flaw.fatal)
        self.assertIn("is not valid before", flaw.line)

    def test_soon(self):
        """From two weeks before its end on there is a warning."""
        flaw = self.flaw(issue(days=13.5))
        self.assertFalse(flaw.fatal)
        self.assertIn("in 13 days: renew it", flaw.line)
        self.assertEqual(self.flaws(issue(days=14.1)), [])

    def test_chain(self):
        """A chain is required if the certificate has a signer; its order is checked."""
        root = issue("root", days=90)
        middle = issue("middle", by=root, days=90)
        leaf = issue("leaf", by=middle, ca=False, days=90)
        self.assertEqual(self.flaws(leaf, middle), [])
        self.assertEqual(self.flaws(leaf, middle, root), [])
        missing = self.flaw(leaf)
        self.assertFalse(missing.fatal)
        self.assertIn("no extraCertChain is given", missing.line)
        self.assertIn("signed by CN=middle", missing.line)
        self.assertIn("CN=root did not sign CN=leaf", self.flaw(leaf, root).line)
        self.assertIn("did not sign", self.flaw(leaf, root, middle).line)

    def test_chain_expired(self):
        """Each certificate of the chain is checked."""
        root = issue("root", days=90)
        middle = issue("middle", by=root, days=-1)
        flaw = self.flaw(issue("leaf", by=middle, days=90), middle)
        self.assertTrue(flaw.fatal)
        self.assertIn("CN=middle in extraCertChain expired on", flaw.line)

    def test_name(self):
        """A certificate that is not for the public name is reported."""
        leaf = issue(hosts=["mcp.example.com", "*.lan", "10.0.0.5"], days=90)
        for host in ("mcp.example.com", "MCP.example.com", "a.lan", "10.0.0.5"):
            self.assertEqual(self.flaws(leaf, host=host), [], host)
        for host in ("example.com", "a.b.lan", "lan", "10.0.0.6", "a.mcp.example.com"):
            (flaw,) = self.flaws(leaf, host=host)
            self.assertFalse(flaw.fatal)
            self.assertIn(f"is not for {host}, the host of public_url", flaw.line)

    def test_several_in_one_file(self):
        """A full chain in ``certKey``'s file is reported: only one would be sent."""
        one = issue().pem
        self.assertEqual([*unsent_certificates(one)], [])
        (flaw,) = unsent_certificates(one + issue().pem)
        self.assertIn("holds 2 certificates, of which only the first", flaw.line)
