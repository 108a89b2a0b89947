"""The way out: the Instantly client, on a real connection or on the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from random import random

from attrs import frozen
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.web.iweb import IAgent

from ..api.client import InstantlyClient
from ..api.connection import connect_to
from ..api.health import Observe, ignore
from ..api.upstream import Upstream
from ..sandbox.agent import SandboxAgent
from ..sandbox.sandbox import Sandbox
from .in_flight import InFlight
from .settings import Settings


@frozen
class Outward:
    """The client, and how to close what it holds open.

    :param sandbox: the simulation behind it, if it is one.
    """

    client: InstantlyClient
    close: Callable[[], Deferred[None]]
    sandbox: Sandbox | None = None

    def wall(
        self, clock: IReactorTime, wall: Callable[[], float]
    ) -> Callable[[], float]:
        """Return what time it is there; a sandbox has a time of its own."""
        if self.sandbox is None:
            return wall
        begun = self.sandbox.start.timestamp() - clock.seconds()
        return lambda: float(begun + clock.seconds())


def morning_of(day: date | None, wall: Callable[[], float]) -> datetime:
    """Return nine o'clock UTC of a day, of today if there is none.

    A whole day shares it, so a sandbox that is started again has the same ids.
    """
    chosen = day or datetime.fromtimestamp(wall(), UTC).date()
    return datetime.combine(chosen, time(9), UTC)


def reach_out(
    settings: Settings,
    reactor: IReactorTime,
    in_flight: InFlight,
    wall: Callable[[], float],
    observe: Observe = ignore,
) -> Outward:
    """Return the client that the settings ask for. Connects to nothing yet.

    :param wall: seconds since the epoch, for a sandbox that begins today.
    """
    base_url = settings.upstream

    def client_over(agent: IAgent) -> InstantlyClient:
        return InstantlyClient.assemble(
            agent=agent,
            base_url=base_url,
            clock=reactor,
            random=random,
            detached=in_flight,
            observe=observe,
        )

    if settings.sandbox:
        start = morning_of(settings.sandbox_start, wall)
        sandbox = Sandbox(reactor, seed=settings.sandbox_seed, start=start)
        agent = SandboxAgent(sandbox, reactor)
        return Outward(client_over(agent), lambda: succeed(None), sandbox)
    connection = connect_to(Upstream.parse(base_url), reactor)
    return Outward(client_over(connection.agent), connection.close)
