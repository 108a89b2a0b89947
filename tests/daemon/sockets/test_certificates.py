"""The certificate of a TLS socket: loaded, checked, and replaced while it serves."""

from __future__ import annotations

from pathlib import Path

import OpenSSL.crypto
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from twisted.internet.error import VerifyError
from twisted.internet.interfaces import (
    IOpenSSLServerConnectionCreator,
    IStreamServerEndpoint,
)
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactor
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp.daemon.settings.endpoints import Endpoint
from instantly_mcp.daemon.sockets.certificates import (
    CurrentCertificate,
    TlsEndpoint,
    tls_reason,
)
from tests.support.certificates import PemFiles, certificate, issue, pem_pair


class TlsEndpointTests(SynchronousTestCase):
    """An ``ssl:`` endpoint on a reactor that opens nothing."""

    def setUp(self) -> None:
        """Have a key, a certificate and a socket that uses them."""
        folder = Path(self.mktemp())
        folder.mkdir()
        self.files = PemFiles(folder)
        self.reactor = MemoryReactor()
        address = Endpoint.parse(self.files.listen(443) + ":backlog=7")
        self.endpoint = TlsEndpoint(self.reactor, address)
        self.endpoint.listen(Factory())

    def shown(self) -> str:
        """Return the digest of the certificate that a new client would see."""
        (_, _, creator, _, _) = self.reactor.sslServers[0]
        return str(creator.current.certificate.digest("sha256"))

    def test_interfaces(self):
        """It is an endpoint, and what it listens with begins TLS connections."""
        self.assertTrue(verifyObject(IStreamServerEndpoint, self.endpoint))
        shown = CurrentCertificate(certificate().options())
        self.assertTrue(verifyObject(IOpenSSLServerConnectionCreator, shown))

    def test_listen(self):
        """It listens where the description says."""
        (port, _, _, backlog, interface) = self.reactor.sslServers[0]
        self.assertEqual((port, backlog, interface), (443, 7, "127.0.0.1"))

    def test_renew(self):
        """After a renewal clients see the new certificate on the same socket."""
        before = self.shown()
        self.files.replace()
        self.endpoint.renew()
        self.assertNotEqual(self.shown(), before)
        self.assertEqual(len(self.reactor.sslServers), 1)

    def test_bad_files(self):
        """The old certificate stays if files are missing, not PEM, or not a pair."""
        before = self.shown()
        _, another = pem_pair()
        self.files.cert.write_bytes(another)
        self.assertRaises(VerifyError, self.endpoint.renew)
        self.files.cert.write_bytes(b"no certificate")
        error = self.assertRaises(OpenSSL.crypto.Error, self.endpoint.renew)
        self.assertIn("start line", tls_reason(error) or "")
        self.files.cert.unlink()
        self.assertRaises(FileNotFoundError, self.endpoint.renew)
        self.assertEqual(self.shown(), before)

    def test_encrypted_key(self):
        """A key with a passphrase is refused; OpenSSL would wait for a terminal."""
        private = issue().key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        )
        self.files.key.write_bytes(private)
        error = self.assertRaises(VerifyError, self.endpoint.renew)
        self.assertIn("store it without a passphrase", tls_reason(error) or "")

    def test_empty_chain(self):
        """A chain file without a certificate is reported as such."""
        address = Endpoint.parse(
            f"{self.files.listen(443)}:extraCertChain={self.files.key}"
        )
        with self.assertRaises(ValueError) as caught:
            TlsEndpoint(self.reactor, address)
        self.assertIn("extraCertChain holds no", tls_reason(caught.exception) or "")
