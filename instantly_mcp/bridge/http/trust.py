"""Which certificates are trusted: those of the system, or of a CA file instead."""

from __future__ import annotations

import re
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path

from OpenSSL.crypto import Error as LibraryError
from twisted.internet.ssl import Certificate, platformTrust, trustRootFromCertificates
from twisted.web.client import BrowserLikePolicyForHTTPS, HostnameCachingHTTPSPolicy
from twisted.web.iweb import IPolicyForHTTPS

MAX_CA_BYTES = 4 << 20

MACOS_CERTIFICATES = Path("/etc/ssl/cert.pem")
"""The OpenSSL that Python packages bring does not look there."""

_BLOCK = re.compile(
    rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----"
)


def policy_of(ca_file: Path | None) -> IPolicyForHTTPS:
    """Return the policy about TLS certificates.

    :param ca_file: trust the certificates in this file and no others; ``None`` for
        those of the system.
    :raises OSError: when the file cannot be read.
    :raises ValueError: when it has no certificate. The text says why.
    """
    roots = _from_system() if ca_file is None else _from_file(ca_file)
    trust = platformTrust() if roots is None else trustRootFromCertificates(roots)
    policy: IPolicyForHTTPS = HostnameCachingHTTPSPolicy(
        BrowserLikePolicyForHTTPS(trust)
    )
    return policy


def _from_file(path: Path) -> Sequence[Certificate]:
    with path.open("rb") as file:
        data = file.read(MAX_CA_BYTES)
    found = _in_pem(data)
    if not found:
        raise ValueError("it has no certificate in PEM form (BEGIN CERTIFICATE)")
    return found


def _in_pem(data: bytes) -> Sequence[Certificate]:
    try:
        return [Certificate.loadPEM(block) for block in _BLOCK.findall(data)]
    except (LibraryError, ValueError):
        raise ValueError("a certificate in it is damaged") from None


def _from_system() -> Sequence[Certificate] | None:
    """Return the system's certificates where OpenSSL does not find them itself."""
    if sys.platform == "win32":
        stores = ("ROOT", "CA")
        return [
            Certificate.load(encoded)
            for store in stores
            for encoded, kind, _ in ssl.enum_certificates(store)
            if kind == "x509_asn"
        ]
    if sys.platform == "darwin" and MACOS_CERTIFICATES.exists():
        return _in_pem(MACOS_CERTIFICATES.read_bytes())
    return None
