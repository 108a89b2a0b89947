"""Self-signed certificates, made where a test needs one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from twisted.internet.ssl import PrivateCertificate


def pem_pair(address: str = "127.0.0.1", days: int = 10) -> tuple[bytes, bytes]:
    """Return a new key and a certificate of it for an address.

    :param days: until it expires; a negative number is in the past.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, made.public_bytes(Encoding.PEM)


def certificate(address: str = "127.0.0.1", days: int = 10) -> PrivateCertificate:
    """Return a new certificate together with its key."""
    loaded: PrivateCertificate = PrivateCertificate.loadPEM(
        b"".join(reversed(pem_pair(address, days)))
    )
    return loaded


class PemFiles:
    """A key and its certificate in two files, as an operator has them."""

    def __init__(self, folder: Path) -> None:
        self.key = folder / "key.pem"
        self.cert = folder / "cert.pem"
        self.replace()

    def replace(self) -> None:
        """Put a new pair in place of the old one."""
        private, public = pem_pair()
        self.key.write_bytes(private)
        self.cert.write_bytes(public)

    def listen(self, port: int = 0) -> str:
        """Return a description of an endpoint that uses them."""
        files = f"privateKey={self.key}:certKey={self.cert}"
        return f"ssl:{port}:{files}:interface=127.0.0.1"
