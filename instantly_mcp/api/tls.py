"""TLS towards the upstream: a connection counts once trust is agreed, not before.

Whatever fails earlier has certainly sent nothing, and the refusal says why. How trust
is decided is Twisted's business; no setting or header can switch it off.
"""

from __future__ import annotations

from attrs import define
from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import (
    IHandshakeListener,
    IOpenSSLClientConnectionCreator,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from .._deferred import deferred

_VERIFY_ERRORS = {
    9: "the certificate is not valid yet",
    10: "the certificate has expired",
    18: "the certificate is self-signed",
    19: "the certificate chain ends in an unknown self-signed certificate",
    20: "the certificate's issuer is unknown",
    21: "the certificate's issuer is unknown",
    23: "the certificate is revoked",
}


class TlsRefused(Exception):
    """We do not trust the upstream's TLS. The text says why, and holds no secret."""


@implementer(IOpenSSLClientConnectionCreator)
@define(eq=False)
class NamingCreator:
    """Creates the inner creator's connections, and leaves their trust untouched.

    It only lets the handshake see its connection, so that a refusal can be explained.
    (Setting a verify callback of our own would replace Twisted's, and with it the
    check of the host name.)
    """

    _inner: IOpenSSLClientConnectionCreator

    def clientConnectionForTLS(
        self, tlsProtocol: TLSMemoryBIOProtocol
    ) -> SSL.Connection:
        """Create the connection."""
        connection = self._inner.clientConnectionForTLS(tlsProtocol)
        if isinstance(tlsProtocol.wrappedProtocol, _Handshake):
            tlsProtocol.wrappedProtocol.connection = connection
        return connection


@implementer(IStreamClientEndpoint)
@define(eq=False)
class HandshakenEndpoint:
    """Connects once TLS is agreed, and not as soon as TCP is."""

    _inner: IStreamClientEndpoint

    @deferred
    async def connect(self, protocolFactory: IProtocolFactory) -> IProtocol:
        """Connect, shake hands, then put the real protocol in place."""
        handshake = await self._inner.connect(Factory.forProtocol(_Handshake))
        assert isinstance(handshake, _Handshake)
        tls = await handshake.agreed
        protocol = protocolFactory.buildProtocol(tls.getPeer())
        if protocol is None:
            tls.abortConnection()
            raise ConnectError(string="no protocol for the connection")
        tls.wrappedProtocol = protocol
        # Closing is always abrupt here: an upstream that never answers our goodbye
        # would otherwise keep the connection.
        tls.loseConnection = tls.abortConnection  # type: ignore[method-assign]
        protocol.makeConnection(tls)
        return protocol


@implementer(IHandshakeListener)
class _Handshake(Protocol):
    """Stands in for the real protocol until TLS is agreed."""

    connection: SSL.Connection | None = None
    transport: TLSMemoryBIOProtocol

    def __init__(self) -> None:
        self._over = False
        self.agreed: Deferred[TLSMemoryBIOProtocol] = Deferred(self._cancel)

    def handshakeCompleted(self) -> None:
        # A certificate for another host is found at this very moment, too: then the
        # connection is being aborted already.
        if not self._over and not self.transport.disconnecting:
            self._over = True
            self.agreed.callback(self.transport)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._over:
            return
        self._over = True
        self.agreed.errback(self._explained(reason.value))

    def _cancel(self, agreed: Deferred[TLSMemoryBIOProtocol]) -> None:
        self._over = True
        self.transport.abortConnection()

    def _explained(self, error: BaseException | None) -> Exception:
        if isinstance(error, VerificationError):
            return TlsRefused("the certificate is for another host")
        code = _verify_result(self.connection)
        if code:
            words = _VERIFY_ERRORS.get(code, f"certificate error {code}")
            return TlsRefused(words)
        if isinstance(error, SSL.Error):
            return TlsRefused(_library_words(error))
        return ConnectError(string="the connection closed during the TLS handshake")


def _verify_result(connection: SSL.Connection | None) -> int:
    """Return OpenSSL's verdict on the chain; 0 if it is fine or cannot be had.

    pyOpenSSL has no public name for it, and the exception says no more than "verify
    failed". It only words a refusal that happened anyway.
    """
    read = getattr(SSL, "_lib", None)
    ssl = getattr(connection, "_ssl", None)
    if read is None or ssl is None or not hasattr(read, "SSL_get_verify_result"):
        return 0
    return int(read.SSL_get_verify_result(ssl))


def _library_words(error: SSL.Error) -> str:
    """Return OpenSSL's own reasons, which are constant texts."""
    if error.args and isinstance(error.args[0], list):
        words = [str(entry[-1]) for entry in error.args[0] if entry]
        if words:
            return ", ".join(words)
    return "the TLS handshake failed"
