"""Name resolution that falls back on the last good answer.

When the resolver fails or is slow, the addresses that it returned last are used.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHostnameResolver,
    IHostResolution,
    IReactorPluggableNameResolver,
    IReactorTCP,
    IReactorTime,
    IResolutionReceiver,
)
from zope.interface import implementer

FRESH_ANSWER_SECONDS = 2.0
"""How long to wait for a fresh answer when there is an old one to fall back on."""


@implementer(IResolutionReceiver)
@define(eq=False)
class _Answer:
    """One lookup: passes on the fresh answer, or else the last good one."""

    _owner: LastGoodResolver
    _name: str
    _receiver: IResolutionReceiver
    _found: list[IAddress] = field(factory=list, init=False)
    _timer: IDelayedCall | None = field(default=None, init=False)
    _finished: bool = field(default=False, init=False)

    def wait_at_most(self, clock: IReactorTime, seconds: float) -> None:
        self._timer = clock.callLater(seconds, self._fall_back)

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:
        self._receiver.resolutionBegan(resolutionInProgress)

    def addressResolved(self, address: IAddress) -> None:
        self._found.append(address)

    def resolutionComplete(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._found:
            self._owner.remember(self._name, self._found)
        self._finish(self._found or self._owner.last(self._name))

    def _fall_back(self) -> None:
        self._finish(self._owner.last(self._name))

    def _finish(self, addresses: Sequence[IAddress]) -> None:
        if self._finished:
            return
        self._finished = True
        for address in addresses:
            self._receiver.addressResolved(address)
        self._receiver.resolutionComplete()


@implementer(IHostnameResolver)
@define(eq=False)
class LastGoodResolver:
    """Asks the reactor's resolver; without an answer, returns the last good one.

    Its memory needs no limit: it is used for one upstream, so for one or two names.
    """

    _inner: IHostnameResolver
    _clock: IReactorTime
    _known: dict[str, tuple[IAddress, ...]] = field(factory=dict, init=False)

    def last(self, name: str) -> Sequence[IAddress]:
        """Return the addresses that `name` had when it was last resolved."""
        return self._known.get(name, ())

    def remember(self, name: str, addresses: Sequence[IAddress]) -> None:
        """Remember a fresh answer."""
        self._known[name] = tuple(addresses)

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        """Resolve a name; use the last good answer if a fresh one takes too long."""
        answer = _Answer(self, hostName, resolutionReceiver)
        if self.last(hostName):
            answer.wait_at_most(self._clock, FRESH_ANSWER_SECONDS)
        return self._inner.resolveHostName(
            answer, hostName, portNumber, addressTypes, transportSemantics
        )


@implementer(IReactorPluggableNameResolver)
class ResolvingReactor:
    """The part of a reactor that ``HostnameEndpoint`` needs, with our resolver."""

    def __init__(self, reactor: object) -> None:
        time = IReactorTime(reactor)
        inner = IReactorPluggableNameResolver(reactor).nameResolver
        self.nameResolver: IHostnameResolver = LastGoodResolver(inner, time)
        self.connectTCP = IReactorTCP(reactor).connectTCP
        self.callLater = time.callLater
        self.seconds = time.seconds

    def installNameResolver(self, resolver: IHostnameResolver) -> IHostnameResolver:
        """Replace the resolver (required by the interface)."""
        previous, self.nameResolver = self.nameResolver, resolver
        return previous
