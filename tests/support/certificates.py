"""Self-signed certificates, made where a test needs one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from attrs import frozen
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


@frozen(kw_only=True)
class Issued:
    """A certificate and its key.

    :param key: the private key.
    :param public: the certificate.
    """

    key: ec.EllipticCurvePrivateKey
    public: x509.Certificate

    @property
    def key_pem(self) -> bytes:
        """The private key, as a file holds it."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def pem(self) -> bytes:
        """The certificate, as a file holds it."""
        return self.public.public_bytes(Encoding.PEM)


def issue(
    name: str = "test",
    *,
    hosts: Sequence[str] = ("127.0.0.1",),
    by: Issued | None = None,
    ca: bool = True,
    begins: float = -100,
    days: float = 10,
) -> Issued:
    """Return a new certificate.

    :param hosts: the addresses and names that it is valid for.
    :param by: the certificate that signs it; ``None`` for a self-signed one.
    :param ca: whether it may sign others.
    :param begins: days until it is valid; a negative number is in the past.
    :param days: days until it expires; a negative number is in the past.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    alternative = x509.SubjectAlternativeName([*map(_general_name, hosts)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by is None else by.public.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(key if by is None else by.key, hashes.SHA256())
    )
    return Issued(key=key, public=made)


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def pem_pair(address: str = "127.0.0.1", days: float = 10) -> tuple[bytes, bytes]:
    """Return a new key and a certificate of it for an address or a name.

    :param days: until it expires; a negative number is in the past.
    """
    issued = issue(hosts=[address], days=days)
    return issued.key_pem, issued.pem


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
