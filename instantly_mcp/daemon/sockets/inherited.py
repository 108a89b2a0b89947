"""Listens on sockets that systemd passes to the daemon, and leaves them unchanged.

With socket activation (sd_listen_fds(3)) systemd opens the listening sockets and keeps
them open while the daemon restarts, so that no connection is refused: those that arrive
in between wait in the queue of the socket. The daemon finds them by number: ``index=0``
is the first ``ListenStream=`` line of the unit. In turn it must not change them, and
must only stop accepting when it stops.

Twisted's own ``systemd:`` endpoint is not enough for this:

- it trusts the address family in the string; with the wrong one it misreads the
  addresses of clients. `InheritedEndpoint` compares it with the socket;
- it makes the path of a UNIX socket writable for every user when it starts;
- when it stops, it shuts the UNIX socket down and removes its path, so that the next
  process cannot use it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

from attrs import define, evolve, field
from twisted.internet import unix
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from twisted.protocols.haproxy import proxyEndpoint
from zope.interface import implementer

from ..._deferred import deferred
from ..settings.endpoints import BACKLOG, Endpoint
from ..settings.errors import ConfigurationError


def inherited_endpoint(reactor: Any, endpoint: Endpoint) -> IStreamServerEndpoint:
    """Return an endpoint for an inherited socket, also behind the PROXY protocol.

    :raises LookupError: when systemd passed no socket with this index.
    :raises ValueError: when the endpoint does not name an index and a known domain.
    :raises ConfigurationError: when the socket is of another kind.
    """
    inherited = InheritedEndpoint(reactor, _unwrapped(endpoint))
    if endpoint.kind == "systemd":
        return inherited
    wrapped: IStreamServerEndpoint = proxyEndpoint(inherited)
    return wrapped


def unserved_sockets(texts: Iterable[str]) -> Iterator[str]:
    """Yield a warning for each socket that systemd passed and no endpoint names.

    The system accepts connections on such a socket, but they are never answered. Call
    this before the daemon listens.
    """
    endpoints = map(Endpoint.parse, texts)
    served = {_fileno(each) for each in endpoints if each.inherited}
    for index in count():
        text = f"systemd:domain=INET:index={index}"
        number = _fileno(Endpoint.parse(text))
        if number is None:
            return
        if number not in served:
            yield (
                f"IMCP-BIND listen does not name the socket with index={index} that "
                "systemd passed: connections to it are never answered; name it in "
                "listen, or remove its ListenStream= line"
            )


def _unwrapped(endpoint: Endpoint) -> Endpoint:
    if endpoint.kind == "systemd":
        return endpoint
    return evolve(endpoint, kind="systemd", positional=endpoint.positional[1:])


def _fileno(endpoint: Endpoint) -> int | None:
    try:
        adopted: Any = serverFromString(None, str(_unwrapped(endpoint)))
    except (LookupError, ValueError, AttributeError):
        return None
    number: int = adopted.fileno
    return number


@implementer(IStreamServerEndpoint)
@define(eq=False)
class InheritedEndpoint:
    """Listens on one of the sockets that systemd passed.

    :raises LookupError, ValueError, ConfigurationError: as `inherited_endpoint` does.
    """

    reactor: Any
    endpoint: Endpoint
    _adopted: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Look for the socket."""
        try:
            self._adopted = serverFromString(self.reactor, str(self.endpoint))
        except AttributeError:
            raise ValueError("no such domain") from None
        with socket.socket(fileno=os.dup(self._adopted.fileno)) as handed_over:
            family = handed_over.family
            listens = handed_over.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        if not listens:
            raise ConfigurationError(
                f"IMCP-BIND cannot listen on {self.endpoint}: the socket that systemd "
                "passed does not accept connections; use ListenStream= and Accept=no"
            )
        if family != self._adopted.addressFamily:
            kind = socket.AddressFamily(family).name.removeprefix("AF_")
            raise ConfigurationError(
                f"IMCP-BIND cannot listen on {self.endpoint}: the socket that systemd "
                f"passed is of domain={kind}; sockets are counted in the order of "
                "the ListenStream= lines, from index=0"
            )

    @deferred
    async def listen(self, factory: IProtocolFactory) -> IListeningPort:
        """Accept connections."""
        if self._adopted.addressFamily != socket.AF_UNIX:
            port: IListeningPort = await self._adopted.listen(factory)
            return port
        os.set_blocking(self._adopted.fileno, False)
        port_type: Any = unix.Port
        made = port_type._fromListeningDescriptor(
            self.reactor, self._adopted.fileno, factory
        )
        os.close(self._adopted.fileno)
        # With an abstract name Twisted does not touch the path in the file system.
        # `_shouldShutdown` keeps it from shutting down a socket that others share.
        # Twisted 26.4 names the attribute `port`, later versions `_bindPath`.
        made.port = made._bindPath = b"\0inherited"
        made._shouldShutdown = False
        made.backlog = BACKLOG
        made.startListening()
        socket_port: IListeningPort = made
        return socket_port
