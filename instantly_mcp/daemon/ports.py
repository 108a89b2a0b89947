"""Opens and closes the sockets that the daemon listens on. Knows no HTTP."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import ClassVar

from attrs import define, field, frozen
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IReactorTCP,
    IStreamServerEndpoint,
)
from twisted.logger import Logger

from .._deferred import deferred
from .listening import ListenAddress
from .mistakes import Mistakes


@frozen
class BoundPort:
    """A socket that listens, and the address that it was asked for."""

    address: ListenAddress
    port: IListeningPort

    @property
    def url(self) -> str:
        """Where an HTTP client finds it."""
        host = self.port.getHost()
        if not isinstance(host, IPv4Address | IPv6Address):
            return str(self.address)
        name = f"[{host.host}]" if ":" in host.host else host.host
        return f"{self.address.scheme}://{name}:{host.port}"

    def on_its_port(self, address: ListenAddress) -> ListenAddress:
        """Return `address` with the port that this socket really has."""
        host = self.port.getHost()
        if not isinstance(host, IPv4Address | IPv6Address):
            return address
        return address.on_port(host.port)


@define(eq=False)
class Ports:
    """The listening sockets of one daemon.

    :param companion: an address that is also tried, on the port that the first one
        got; a machine without it does without.
    :param retries: how many following ports are tried when one is taken.
    """

    log: ClassVar[Logger] = Logger()

    reactor: IReactorTCP
    addresses: Sequence[ListenAddress]
    retries: int = 0
    companion: ListenAddress | None = None
    bound: list[BoundPort] = field(factory=list, init=False)
    _factory: IProtocolFactory = field(init=False)

    @property
    def urls(self) -> tuple[str, ...]:
        """Where the daemon can be reached, the first address first."""
        return tuple(bound.url for bound in self.bound)

    @deferred
    async def open(self, factory: IProtocolFactory) -> None:
        """Listen everywhere. Raises `Mistakes`, with nothing left open."""
        self._factory = factory
        try:
            for address in self.addresses:
                self.bound.append(await self._open(address))
        except Mistakes:
            await self.close()
            raise
        await self._open_companion()

    @deferred
    async def close(self) -> None:
        """Accept no more connections. Those that are open stay open."""
        closing, self.bound = self.bound, []
        for bound in closing:
            await maybeDeferred(bound.port.stopListening)

    @deferred
    async def renew_certificates(self) -> None:
        """Read certificates anew; a bad one leaves the old one in use."""
        for index, bound in enumerate(self.bound):
            if bound.address.scheme != "https":
                continue
            # The string may say port 0: stay on the port that was given to us.
            address = bound.on_its_port(bound.address)
            try:
                endpoint = self._endpoint(address)
            except Mistakes as mistakes:
                self.log.error("{line}", line=mistakes.lines[0])
                continue
            await maybeDeferred(bound.port.stopListening)
            fresh = await endpoint.listen(self._factory)
            self.bound[index] = BoundPort(address, fresh)

    async def _open(self, address: ListenAddress) -> BoundPort:
        for step in range(self.retries + 1):
            candidate = address.after(step)
            if candidate is None:
                break
            try:
                port = await self._endpoint(candidate).listen(self._factory)
            except CannotListenError as error:
                if error.socketError.errno != errno.EADDRINUSE:
                    raise Mistakes(_cannot(candidate, error)) from None
            else:
                return BoundPort(candidate, port)
        raise Mistakes(self._taken(address))

    async def _open_companion(self) -> None:
        if self.companion is None or not self.bound:
            return
        address = self.bound[0].on_its_port(self.companion)
        try:
            port = await self._endpoint(address).listen(self._factory)
        except CannotListenError:
            self.log.info("{address} is not available here", address=str(address))
        else:
            self.bound.append(BoundPort(address, port))

    def _endpoint(self, address: ListenAddress) -> IStreamServerEndpoint:
        try:
            endpoint: IStreamServerEndpoint = serverFromString(
                self.reactor, str(address)
            )
            return endpoint
        except OSError as error:
            why = f"{error.filename or 'a file'}: {error.strerror}"
        except Exception as error:
            # Endpoint plugins and OpenSSL raise what they like; all of it means
            # that this string cannot be listened on.
            why = type(error).__name__
        raise Mistakes(f"IMCP-BIND cannot listen on {address}: {why}")

    def _taken(self, address: ListenAddress) -> str:
        tried = f" and {self.retries} ports after it" if self.retries else ""
        return (
            f"IMCP-BIND {_place(address)} is already in use{tried}: "
            "set listen to another port, or stop the program that uses it"
        )


def _place(address: ListenAddress) -> str:
    if address.port is None:
        return str(address)
    return f"{address.interface or '*'}:{address.port}"


def _cannot(address: ListenAddress, error: CannotListenError) -> str:
    why = error.socketError.strerror or str(error.socketError)
    return f"IMCP-BIND cannot listen on {_place(address)}: {why}"
