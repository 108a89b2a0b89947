"""A TLS endpoint whose certificate can be replaced while it listens.

Closing the socket and opening another would refuse clients in between, and a process
that has dropped its privileges cannot open a port below 1024 again.
"""

# Twisted's endpoints are not annotated.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

from pathlib import Path
from typing import Any

import OpenSSL.crypto
import OpenSSL.SSL
from attrs import define, frozen
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import SSL4ServerEndpoint, serverFromString
from twisted.internet.error import VerifyError
from twisted.internet.interfaces import (
    IListeningPort,
    IOpenSSLServerConnectionCreator,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from twisted.internet.protocol import Factory
from twisted.internet.ssl import CertificateOptions
from zope.interface import implementer

from ..settings.endpoints import Endpoint


@implementer(IOpenSSLServerConnectionCreator)
@define(eq=False)
class CurrentCertificate:
    """Starts each TLS connection with the current certificate."""

    current: CertificateOptions

    def serverConnectionForTLS(self, protocol: Any) -> OpenSSL.SSL.Connection:
        """Return a connection for the server's side."""
        return self.current.serverConnectionForTLS(protocol)


@frozen
class _ListenArguments:
    """The arguments with which an ``ssl:`` endpoint calls its reactor."""

    port: int
    options: CertificateOptions
    backlog: int
    interface: str


class _RecordingReactor:
    """A reactor that only records the arguments of `listenSSL`."""

    asked: _ListenArguments

    def listenSSL(
        self,
        port: int,
        factory: object,
        contextFactory: CertificateOptions,
        backlog: int,
        interface: str,
    ) -> None:
        """Record the arguments."""
        self.asked = _ListenArguments(port, contextFactory, backlog, interface)


def _read(endpoint: Endpoint) -> _ListenArguments:
    """Read the key and certificate files that an endpoint names.

    Twisted's parser reads them when the endpoint listens, so it is called with a
    reactor that records what it would listen with.
    """
    _refuse_passphrase(endpoint)
    questioner = _RecordingReactor()
    serverFromString(questioner, endpoint.description).listen(Factory())
    # OpenSSL compares key and certificate only when the context is made.
    questioner.asked.options.getContext()
    return questioner.asked


def read_certificate(endpoint: Endpoint) -> CertificateOptions:
    """Return the certificate of an ``ssl:`` endpoint.

    :raises Exception: what Twisted and OpenSSL raise for files that they cannot use.
    """
    return _read(endpoint).options


def _refuse_passphrase(endpoint: Endpoint) -> None:
    """Refuse an encrypted key: OpenSSL would wait for a passphrase on the terminal."""
    key = endpoint.named.get("privateKey") or "".join(endpoint.positional[1:2])
    if key and b"ENCRYPTED" in Path(key).read_bytes():
        raise VerifyError("the private key is encrypted: store it without a passphrase")


def tls_reason(error: Exception) -> str | None:
    """Return the reason why a certificate was refused, or ``None`` for other errors."""
    if isinstance(error, VerifyError):
        return str(error)
    if isinstance(error, ValueError) and "chain file" in str(error):
        return "the file of extraCertChain holds no certificate in PEM format"
    if not isinstance(error, OpenSSL.SSL.Error | OpenSSL.crypto.Error):
        return None
    reasons = [entry[-1] for entry in error.args[0]] if error.args else []
    return "the certificate: " + (", ".join(reasons) or "it is not PEM")


@implementer(IStreamServerEndpoint)
class TlsEndpoint:
    """An ``ssl:`` endpoint whose certificate can be replaced.

    :raises Exception: what Twisted and OpenSSL raise for files that they cannot use.
    """

    def __init__(self, reactor: Any, endpoint: Endpoint) -> None:
        asked = _read(endpoint)
        self._source = endpoint
        self._certificate = CurrentCertificate(asked.options)
        self._endpoint = SSL4ServerEndpoint(
            reactor, asked.port, self._certificate, asked.backlog, asked.interface
        )

    @property
    def current(self) -> CertificateOptions:
        """The certificate that new connections get."""
        return self._certificate.current

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """Start to listen."""
        listening: Deferred[IListeningPort] = self._endpoint.listen(protocolFactory)
        return listening

    def renew(self) -> None:
        """Read the files again and use them for new connections.

        :raises Exception: as the constructor does; the old certificate stays in use.
        """
        self._certificate.current = _read(self._source).options
