"""TLS to the upstream: a connection is used only after the handshake has succeeded.

A failure before that certainly sent nothing, and the error says why TLS failed. Twisted
decides whether a certificate is trusted; no setting or header can disable that check.
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

from ..._deferred import deferred

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
    """The upstream's certificate or TLS protocol is not accepted.

    The text says why. It contains no secret.
    """


@implementer(IOpenSSLClientConnectionCreator)
@define(eq=False)
class NamingCreator:
    """Creates connections with another creator, and gives each to its handshake.

    The handshake needs the connection to explain a failure. (A verify callback cannot
    be used for this: it would replace Twisted's, and with it the check of the host
    name.)
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
    """An endpoint that has connected only when the TLS handshake has succeeded."""

    _inner: IStreamClientEndpoint

    @deferred
    async def connect(self, protocolFactory: IProtocolFactory) -> IProtocol:
        """Connect, complete the handshake, then create the real protocol.

        Fails with `TlsRefused` when the certificate or the protocol is not accepted,
        and with `ConnectError` when the connection closes during the handshake.
        """
        handshake = await self._inner.connect(Factory.forProtocol(_Handshake))
        assert isinstance(handshake, _Handshake)
        tls = await handshake.agreed
        protocol = protocolFactory.buildProtocol(tls.getPeer())
        if protocol is None:
            tls.abortConnection()
            raise ConnectError(string="no protocol for the connection")
        tls.wrappedProtocol = protocol
        # Always abort: loseConnection waits for the peer's TLS close, so an upstream
        # that does not answer it would keep the connection.
        tls.loseConnection = tls.abortConnection  # type: ignore[method-assign]
        protocol.makeConnection(tls)
        return protocol


@implementer(IHandshakeListener)
class _Handshake(Protocol):
    """The protocol of a connection until its TLS handshake has succeeded."""

    connection: SSL.Connection | None = None
    transport: TLSMemoryBIOProtocol

    def __init__(self) -> None:
        self._over = False
        self.agreed: Deferred[TLSMemoryBIOProtocol] = Deferred(self._cancel)

    def handshakeCompleted(self) -> None:
        # A certificate for another host is also detected at this moment: then the
        # connection is already being aborted.
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
    """Return OpenSSL's result for the certificate chain; 0 if it is valid or unknown.

    pyOpenSSL has no public function for it, and its exception says only "verify
    failed". The result is used for the message only; the decision is already made.
    """
    read = getattr(SSL, "_lib", None)
    ssl = getattr(connection, "_ssl", None)
    if read is None or ssl is None or not hasattr(read, "SSL_get_verify_result"):
        return 0
    return int(read.SSL_get_verify_result(ssl))


def _library_words(error: SSL.Error) -> str:
    """Return the reasons that OpenSSL gives, which are constant texts."""
    if error.args and isinstance(error.args[0], list):
        words = [str(entry[-1]) for entry in error.args[0] if entry]
        if words:
            return ", ".join(words)
    return "the TLS handshake failed"
