"""Opens and closes the sockets that the daemon listens on."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeAlias

from attrs import define, field, frozen
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import maybeDeferred
from twisted.internet.endpoints import quoteStringArgument, serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IProtocolFactory,
    IReactorTCP,
    IStreamServerEndpoint,
)
from twisted.logger import Logger, LogLevel

from ..._deferred import deferred
from ..._noop import noop
from ...access.exposure import is_local, is_loopback
from ..settings.endpoints import EXAMPLE, Endpoint
from ..settings.errors import ConfigurationError
from .certificate_check import flaws_of
from .certificates import TlsEndpoint, tls_reason
from .inherited import inherited_endpoint
from .port_owner import find_port_owner


@frozen
class BoundPort:
    """A listening socket, and the endpoint that it was opened for.

    :param tls: renews its certificate; ``None`` for a socket without TLS.
    """

    endpoint: Endpoint
    port: IListeningPort
    tls: TlsEndpoint | None = None

    @property
    def url(self) -> str:
        """The base URL for HTTP clients; a listen string for a UNIX socket."""
        host = self.port.getHost()
        if not isinstance(host, IPv4Address | IPv6Address):
            return _socket_of(self.endpoint, host)
        name = f"[{host.host}]" if ":" in host.host else host.host
        return f"{self.endpoint.scheme}://{name}:{host.port}"

    def pause(self) -> None:
        """Stop accepting but keep the socket: new connections wait in its queue."""
        port: Any = self.port
        port.stopReading()

    @deferred
    async def close(self) -> None:
        """Close the socket; an inherited one only stops accepting.

        Twisted would remove the path of a UNIX socket that systemd made. An inherited
        socket is closed when the process ends.
        """
        if self.endpoint.inherited:
            self.pause()
        else:
            await maybeDeferred(self.port.stopListening)

    def on_its_port(self, endpoint: Endpoint) -> Endpoint:
        """Return `endpoint` with the port that this socket is bound to."""
        host = self.port.getHost()
        if not isinstance(host, IPv4Address | IPv6Address):
            return endpoint
        return endpoint.on_port(host.port)


class AddressInUse(ConfigurationError):
    """The port or path is in use by another program."""


FindPortOwner: TypeAlias = Callable[[int, str], str | None]


@define(eq=False)
class Ports:
    """The listening sockets of one daemon.

    :param retries: how many following ports are tried when a port is in use.
    :param companion: an endpoint that is also opened, on the port of the first one; not
        an error where the machine does not have it.
    :param find_owner: returns which program uses a port on an interface, if known.
    :param setting: the setting or option that changes the endpoint, for messages.
    :param wall: returns the time in seconds since the epoch, to find expired
        certificates.
    """

    log: ClassVar[Logger] = Logger()

    reactor: IReactorTCP
    endpoints: Sequence[Endpoint]
    retries: int = 0
    companion: Endpoint | None = None
    find_owner: FindPortOwner = noop
    setting: str = "listen"
    wall: Callable[[], float] = time.time
    bound: list[BoundPort] = field(factory=list, init=False)
    _local: set[IAddress] = field(factory=set, init=False)

    @property
    def urls(self) -> tuple[str, ...]:
        """The URLs of the sockets, in the order of the endpoints."""
        return tuple(bound.url for bound in self.bound)

    def is_local(self, here: IAddress) -> bool:
        """Return whether only this machine can reach the socket of a connection.

        :param here: the server's end of the connection.
        """
        return isinstance(here, UNIXAddress) or here in self._local

    @deferred
    async def open(self, factory: IProtocolFactory) -> None:
        """Open all sockets.

        :raises ConfigurationError: when one cannot be opened; then all are closed.
        """
        try:
            for endpoint in self.endpoints:
                self.bound.append(await self._open(endpoint, factory))
        except ConfigurationError:
            await self.close()
            raise
        await self._open_companion(factory)

    @property
    def all_inherited(self) -> bool:
        """Whether all sockets outlive this process."""
        return all(bound.endpoint.inherited for bound in self.bound)

    def release(self) -> None:
        """Stop accepting on inherited sockets, and leave them to the next process."""
        for bound in self.bound:
            if bound.endpoint.inherited:
                bound.pause()

    @deferred
    async def close(self) -> None:
        """Close the listening sockets. Connections that are open stay open."""
        closing, self.bound = self.bound, []
        for bound in closing:
            await bound.close()

    def renew_certificates(self) -> bool:
        """Read all certificates again; log errors, and keep the old one after an error.

        :returns: whether all were renewed.
        """
        good = True
        for bound in self.bound:
            if bound.tls is None:
                continue
            try:
                bound.tls.renew()
            except Exception as error:
                line = _no_endpoint(bound.endpoint, error)
                self.log.error("kept the old certificate: {line}", line=line)
                good = False
            else:
                self._tell_flaws(bound.tls)
        return good

    async def _open(self, endpoint: Endpoint, factory: IProtocolFactory) -> BoundPort:
        for step in range(self.retries + 1):
            candidate = endpoint.after(step)
            if candidate is None:
                break
            listener = self._listener_for(candidate)
            try:
                port = await listener.listen(factory)
            except CannotListenError as error:
                if not _is_taken(error):
                    raise ConfigurationError(_cannot(candidate, error)) from None
            except OSError as error:
                # The lock file of a UNIX socket could not be created.
                raise ConfigurationError(_no_endpoint(candidate, error)) from None
            else:
                tls = listener if isinstance(listener, TlsEndpoint) else None
                if tls is not None:
                    self._tell_flaws(tls)
                host = port.getHost()
                if is_local(str(candidate)) or is_loopback(getattr(host, "host", "")):
                    self._local.add(host)
                return BoundPort(candidate, port, tls)
        raise AddressInUse(self._taken(endpoint))

    def _tell_flaws(self, tls: TlsEndpoint) -> None:
        for flaw in flaws_of(tls.current, self.wall()):
            level = LogLevel.error if flaw.fatal else LogLevel.warn
            self.log.emit(level, "{line}", line=flaw.line)

    async def _open_companion(self, factory: IProtocolFactory) -> None:
        if self.companion is None or not self.bound:
            return
        endpoint = self.bound[0].on_its_port(self.companion)
        try:
            port = await self._listener_for(endpoint).listen(factory)
        except CannotListenError:
            self.log.info("{endpoint} is not available here", endpoint=str(endpoint))
        else:
            self.bound.append(BoundPort(endpoint, port))

    def _listener_for(self, endpoint: Endpoint) -> IStreamServerEndpoint:
        # Endpoint plugins and OpenSSL raise any exception; each means that the daemon
        # cannot listen on this endpoint.
        try:
            if endpoint.scheme == "https":
                return TlsEndpoint(self.reactor, endpoint)
            if endpoint.inherited:
                return inherited_endpoint(self.reactor, endpoint)
            listener: IStreamServerEndpoint = serverFromString(
                self.reactor, endpoint.description
            )
            return listener
        except ConfigurationError:
            raise
        except Exception as error:
            raise ConfigurationError(_no_endpoint(endpoint, error)) from None

    def _taken(self, endpoint: Endpoint) -> str:
        tried = f" and {self.retries} ports after it" if self.retries else ""
        port = endpoint.port
        who = self.find_owner(port, endpoint.interface) if port else None
        by = f" ({who})" if who else ""
        what = "path" if port is None else "port"
        return (
            f"IMCP-BIND {_place(endpoint)} is already in use{by}{tried}: "
            f"set {self.setting} to another {what}, "
            "or stop the program that uses it"
        )


def _socket_of(endpoint: Endpoint, host: IAddress) -> str:
    """Return the listen string; for a socket of systemd, its path if it has one."""
    name = host.name if isinstance(host, UNIXAddress) else None
    if not endpoint.inherited or not name:
        return str(endpoint)
    return f"unix:{quoteStringArgument(os.fsdecode(name))}"


def _place(endpoint: Endpoint) -> str:
    if endpoint.port is None:
        return str(endpoint)
    return f"{endpoint.interface or '*'}:{endpoint.port}"


def _is_taken(error: CannotListenError) -> bool:
    # For a UNIX socket Twisted's lock file reports this, not the system.
    why = error.socketError
    return not isinstance(why, OSError) or why.errno == errno.EADDRINUSE


def _no_endpoint(endpoint: Endpoint, error: Exception) -> str:
    if isinstance(error, OSError):
        name = os.fsdecode(error.filename2 or error.filename or "a file")
        why = f"{name}: {error.strerror}"
    else:
        why = tls_reason(error) or _no_such(error)
    return f"IMCP-BIND cannot listen on {endpoint}: {why}"


def _no_such(error: Exception) -> str:
    if isinstance(error, LookupError):
        return (
            "systemd passed no such socket: start instantly-mcp.socket and then "
            f"instantly-mcp.service, or, without systemd, listen on {EXAMPLE}"
        )
    if isinstance(error, ValueError | TypeError):
        return f"this is not a valid Twisted endpoint; an example is {EXAMPLE}"
    return type(error).__name__


def _cannot(endpoint: Endpoint, error: CannotListenError) -> str:
    why = error.socketError.strerror or str(error.socketError)
    return f"IMCP-BIND cannot listen on {_place(endpoint)}: {why}"


def make_ports(
    reactor: IReactorTCP,
    descriptions: Sequence[str],
    setting: str,
    *,
    retries: int = 0,
    companion: Endpoint | None = None,
    find_owner: FindPortOwner = find_port_owner,
) -> Ports:
    """Return the sockets for endpoint strings. The parameters are those of `Ports`.

    :raises ValueError: when a string is not an endpoint.
    """
    endpoints = [Endpoint.parse(text) for text in descriptions]
    return Ports(reactor, endpoints, retries, companion, find_owner, setting)
