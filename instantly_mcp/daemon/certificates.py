"""A TLS socket whose certificate can be replaced while it listens.

Closing the socket to open another would turn clients away in between, and below port
1024 the rights to open another are long gone.
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

from .listening import ListenAddress


@implementer(IOpenSSLServerConnectionCreator)
@define(eq=False)
class Certificate:
    """Begins each TLS connection with whatever is in force."""

    in_force: CertificateOptions

    def serverConnectionForTLS(self, protocol: Any) -> OpenSSL.SSL.Connection:
        """Return a connection for the server's side."""
        return self.in_force.serverConnectionForTLS(protocol)


@frozen
class _Asked:
    """What an ``ssl:`` endpoint asks of its reactor."""

    port: int
    options: CertificateOptions
    backlog: int
    interface: str


class _Questioner:
    """Stands in for a reactor, to be asked and do nothing."""

    asked: _Asked

    def listenSSL(
        self,
        port: int,
        factory: object,
        contextFactory: CertificateOptions,
        backlog: int,
        interface: str,
    ) -> None:
        """Remember what is to be listened with."""
        self.asked = _Asked(port, contextFactory, backlog, interface)


def _read(address: ListenAddress) -> _Asked:
    """Read the files that an address names; raise what Twisted and OpenSSL raise."""
    _refuse_passphrase(address)
    questioner = _Questioner()
    serverFromString(questioner, address.endpoint).listen(Factory())
    # Only making the context shows what OpenSSL thinks of the key.
    questioner.asked.options.getContext()
    return questioner.asked


def read_certificate(address: ListenAddress) -> CertificateOptions:
    """Return the certificate of an ``ssl:`` address.

    :raises Exception: whatever Twisted and OpenSSL raise for files that are no good.
    """
    return _read(address).options


def _refuse_passphrase(address: ListenAddress) -> None:
    """Refuse an encrypted key: OpenSSL would ask a terminal, and the daemon wait."""
    key = address.named.get("privateKey") or "".join(address.positional[1:2])
    if key and b"ENCRYPTED" in Path(key).read_bytes():
        raise VerifyError("the private key is encrypted: store it without a passphrase")


def tls_reason(error: Exception) -> str | None:
    """Return what is wrong with a certificate, if that is what the error is about."""
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
    """An ``ssl:`` endpoint that can be renewed.

    :raises Exception: whatever Twisted and OpenSSL raise for files that are no good.
    """

    def __init__(self, reactor: Any, address: ListenAddress) -> None:
        asked = _read(address)
        self._address = address
        self._certificate = Certificate(asked.options)
        self._endpoint = SSL4ServerEndpoint(
            reactor, asked.port, self._certificate, asked.backlog, asked.interface
        )

    @property
    def in_force(self) -> CertificateOptions:
        """The certificate that new connections are shown."""
        return self._certificate.in_force

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """Listen."""
        listening: Deferred[IListeningPort] = self._endpoint.listen(protocolFactory)
        return listening

    def renew(self) -> None:
        """Use what the files hold now for new connections.

        :raises Exception: as the constructor does; then nothing changed.
        """
        self._certificate.in_force = _read(self._address).options
