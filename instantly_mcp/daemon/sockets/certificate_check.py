"""Finds errors in a certificate that OpenSSL loads but clients refuse.

OpenSSL serves an expired certificate, or one without its chain, without a warning.
"""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address

from attrs import frozen
from cryptography import x509
from twisted.internet.ssl import CertificateOptions

WARN_BEFORE_EXPIRY = timedelta(days=14)
"""A certificate that expires sooner than this draws a warning."""


@frozen
class Flaw:
    """One error in a certificate.

    :param line: one sentence that begins with its ``IMCP-`` code.
    :param fatal: every client that verifies certificates refuses it.
    """

    line: str
    fatal: bool = False


def flaws_of(
    options: CertificateOptions, now: float, host: str | None = None
) -> Iterator[Flaw]:
    """Yield the errors in a certificate and its chain.

    :param now: seconds since the epoch.
    :param host: a name or an address for which the certificate must be valid.
    """
    moment = datetime.fromtimestamp(now, UTC)
    certificates = [options.certificate, *(options.extraCertChain or ())]
    leaf, *chain = [each.to_cryptography() for each in certificates if each]
    yield from _flaws_in_time(leaf, "the certificate", moment)
    for each in chain:
        yield from _flaws_in_time(each, f"{_name(each)} in extraCertChain", moment)
    yield from _flaws_in_chain(leaf, chain)
    if host is not None and not _is_good_for(leaf, host):
        yield _flaw(f"the certificate is not for {host}, the host of public_url")


def _flaws_in_time(
    certificate: x509.Certificate, what: str, now: datetime
) -> Iterator[Flaw]:
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now >= end:
        why = f"{what} expired on {end:%Y-%m-%d %H:%M} UTC, and clients refuse it"
        yield _flaw(f"{why}: renew it, then reload", fatal=True)
    elif now < begin:
        why = f"{what} is not valid before {begin:%Y-%m-%d %H:%M} UTC"
        yield _flaw(f"{why}: check this machine's clock", fatal=True)
    elif end - now < WARN_BEFORE_EXPIRY:
        why = f"{what} expires on {end:%Y-%m-%d}, in {(end - now).days} days"
        yield _flaw(f"{why}: renew it, then reload")


def _flaws_in_chain(
    leaf: x509.Certificate, chain: Sequence[x509.Certificate]
) -> Iterator[Flaw]:
    below = leaf
    for each in chain:
        if below.issuer != each.subject:
            yield _flaw(
                f"extraCertChain is not the chain of the certificate: {_name(each)} "
                f"did not sign {_name(below)}; put each issuer after what it signed"
            )
            return
        below = each
    if not chain and leaf.issuer != leaf.subject and leaf.issuer not in _roots():
        yield _flaw(
            f"the certificate was signed by {_name_of(leaf.issuer)}, which is not a "
            "root that this machine trusts, and no extraCertChain is given: name there "
            "a file with the intermediate certificates, or clients refuse it"
        )


def unsent_certificates(pem: bytes) -> Iterator[Flaw]:
    """Yield an error if the file that ``certKey`` names has more than one certificate.

    :param pem: the contents of the file. Twisted sends only its first certificate.
    """
    count = pem.count(b"-----BEGIN CERTIFICATE-----")
    if count > 1:
        yield _flaw(
            f"the file of certKey holds {count} certificates, of which only the first "
            "is sent: name a file with the others in extraCertChain"
        )


def _is_good_for(certificate: x509.Certificate, host: str) -> bool:
    try:
        names = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except x509.ExtensionNotFound:
        return False
    try:
        return ip_address(host) in names.get_values_for_type(x509.IPAddress)
    except ValueError:
        known = {name.lower() for name in names.get_values_for_type(x509.DNSName)}
    parent = host.lower().partition(".")[2]
    return host.lower() in known or f"*.{parent}" in known


@cache
def _roots() -> frozenset[x509.Name]:
    """Return the names of the root certificates that this machine trusts."""
    names: set[x509.Name] = set()
    with warnings.catch_warnings():
        # `cryptography` warns of old roots that break current rules.
        warnings.simplefilter("ignore")
        for each in ssl.create_default_context().get_ca_certs(binary_form=True):
            with suppress(ValueError):
                names.add(x509.load_der_x509_certificate(each).subject)
    return frozenset(names)


def _name(certificate: x509.Certificate) -> str:
    return _name_of(certificate.subject)


def _name_of(name: x509.Name) -> str:
    return name.rfc4514_string()[:100] or "a certificate without a name"


def _flaw(text: str, *, fatal: bool = False) -> Flaw:
    return Flaw(f"IMCP-TLS {text}", fatal)
