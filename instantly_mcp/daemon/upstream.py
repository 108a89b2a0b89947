"""Builds the client of the Instantly API, on a real connection or on the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from random import random

from attrs import frozen
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.web.iweb import IAgent

from .._noop import noop
from ..api.client import InstantlyClient
from ..api.http.connection import connect_to
from ..api.observation import Observe
from ..api.upstream import Upstream
from ..sandbox.agent import SandboxAgent
from ..sandbox.hostile import add_attacks
from ..sandbox.workspaces import Sandbox
from .process.in_flight import InFlight
from .settings.settings import Settings


@frozen
class UpstreamClient:
    """The client of the upstream, and how to close its connections.

    :param close: fires when all connections are closed.
    :param sandbox: the simulated Instantly, if that is the upstream.
    """

    client: InstantlyClient
    close: Callable[[], Deferred[None]]
    sandbox: Sandbox | None = None

    def wall(
        self, clock: IReactorTime, wall: Callable[[], float]
    ) -> Callable[[], float]:
        """Return the upstream's wall clock; a sandbox has its own."""
        if self.sandbox is None:
            return wall
        begun = self.sandbox.start.timestamp() - clock.seconds()
        return lambda: float(begun + clock.seconds())


def morning_of(day: date | None, wall: Callable[[], float]) -> datetime:
    """Return 9:00 UTC of a day, of today if `day` is ``None``.

    Because of the fixed hour, a sandbox that is restarted on the same day has the same
    ids.
    """
    chosen = day or datetime.fromtimestamp(wall(), UTC).date()
    return datetime.combine(chosen, time(9), UTC)


def make_sandbox(
    settings: Settings, clock: IReactorTime, wall: Callable[[], float]
) -> Sandbox:
    """Return the simulated Instantly with the seed, first day and content of settings.

    :param wall: returns the time in seconds since the epoch, for a sandbox that begins
        today.
    """
    start = morning_of(settings.sandbox_start, wall)
    prepare = add_attacks if settings.hostile_content else noop
    return Sandbox(clock, seed=settings.sandbox_seed, start=start, prepare=prepare)


def connect_upstream(
    settings: Settings,
    reactor: IReactorTime,
    in_flight: InFlight,
    wall: Callable[[], float],
    observe: Observe = noop,
) -> UpstreamClient:
    """Return the client that the settings describe. It connects when it is used.

    :param wall: as for `make_sandbox`.
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
        sandbox = make_sandbox(settings, reactor, wall)
        agent = SandboxAgent(sandbox, reactor)
        return UpstreamClient(client_over(agent), lambda: succeed(None), sandbox)
    connection = connect_to(Upstream.parse(base_url), reactor)
    return UpstreamClient(client_over(connection.agent), connection.close)
