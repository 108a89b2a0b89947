"""Looks at a server's certificate after it was refused, to say what is wrong with it.

This is a second connection, on which nothing is sent: OpenSSL does not keep the
certificate of a handshake that failed, and a verify callback would replace Twisted's.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from attrs import define, frozen
from cryptography import x509
from cryptography.x509.oid import NameOID
from OpenSSL import SSL
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import (
    IHandshakeListener,
    IOpenSSLClientConnectionCreator,
    IReactorTime,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from ..._deferred import deferred
from ..._visible_text import visible_line
from .address import DaemonAddress

LOOK_SECONDS = 5.0
MAX_NAME = 100


@frozen(kw_only=True)
class CertificateFacts:
    """What a certificate says, as text that can be shown.

    :param issuer: the name of the authority that issued it.
    :param self_signed: it was issued by its own subject.
    :param names: the host names and addresses that it is for.
    :param ends: when it expires.
    """

    issuer: str
    self_signed: bool
    names: tuple[str, ...]
    ends: datetime

    @classmethod
    def of(cls, certificate: x509.Certificate) -> CertificateFacts:
        """Read a certificate."""
        try:
            extension = certificate.extensions.get_extension_for_class(
                x509.SubjectAlternativeName
            )
            names = [str(each.value) for each in extension.value]
        except (x509.ExtensionNotFound, ValueError):
            names = []
        return cls(
            issuer=_name_of(certificate.issuer),
            self_signed=certificate.issuer == certificate.subject,
            names=tuple(visible_line(each, MAX_NAME) for each in names[:3]),
            ends=certificate.not_valid_after_utc,
        )

    @property
    def expired(self) -> bool:
        """Whether its time is over by this computer's clock."""
        return self.ends < datetime.now(UTC)


@deferred
async def look_at(address: DaemonAddress, reactor: object) -> CertificateFacts | None:
    """Return the facts of the certificate that the address shows; ``None`` if it fails.

    Takes at most `LOOK_SECONDS`.
    """
    host, port = address.origin.host, address.origin.port
    tcp = HostnameEndpoint(reactor, host, port, timeout=LOOK_SECONDS)
    endpoint = wrapClientTLS(_Accepting(host), tcp)
    connected: Deferred[Any] = endpoint.connect(Factory.forProtocol(_Look))
    looks: Deferred[x509.Certificate | None]
    looks = connected.addCallback(lambda look: look.seen)
    looks.addTimeout(LOOK_SECONDS, IReactorTime(reactor))
    try:
        found = await looks
    except CancelledError:
        raise
    except Exception:
        return None
    return None if found is None else CertificateFacts.of(found)


@implementer(IOpenSSLClientConnectionCreator)
@define(eq=False)
class _Accepting:
    """Accepts each certificate, because nothing is sent and nothing is believed."""

    _host: str

    def clientConnectionForTLS(
        self, tlsProtocol: TLSMemoryBIOProtocol
    ) -> SSL.Connection:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_verify(SSL.VERIFY_NONE)
        connection = SSL.Connection(context, None)
        connection.set_tlsext_host_name(self._host.encode("ascii"))
        return connection


@implementer(IHandshakeListener)
class _Look(Protocol):
    """Takes the certificate at the end of the handshake, and closes."""

    def __init__(self) -> None:
        self.seen: Deferred[x509.Certificate | None] = Deferred(self._close)

    def handshakeCompleted(self) -> None:
        transport: Any = self.transport
        shown = transport.getPeerCertificate()
        self._fire(None if shown is None else shown.to_cryptography())
        transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._fire(None)

    def _fire(self, found: x509.Certificate | None) -> None:
        if not self.seen.called:
            self.seen.callback(found)

    def _close(self, _: object) -> None:
        transport: Any = self.transport
        transport.abortConnection()


def _name_of(name: x509.Name) -> str:
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in name.get_attributes_for_oid(oid):
            return visible_line(str(attribute.value), MAX_NAME)
    return "not named"
