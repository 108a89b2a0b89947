"""Builds the client of the Instantly API, on a real connection or on the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
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
from ..sandbox.control.scenario import Scenario, ScenarioError, read_scenario
from ..sandbox.hostile import add_attacks
from ..sandbox.workspaces import Sandbox
from ..sandbox.world import World
from .process.in_flight import InFlight
from .settings.errors import ConfigurationError
from .settings.parsers import START_HOUR
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


def start_of_simulation(given: datetime | None, wall: Callable[[], float]) -> datetime:
    """Return the moment that is given; 9:00 UTC of today if it is ``None``.

    Because of the fixed hour, a sandbox that is restarted on the same day has the same
    ids.
    """
    if given is not None:
        return given
    today = datetime.fromtimestamp(wall(), UTC).date()
    return datetime.combine(today, time(START_HOUR), UTC)


def make_sandbox(
    settings: Settings, clock: IReactorTime, wall: Callable[[], float]
) -> Sandbox:
    """Return the simulated Instantly that settings and scenario describe.

    :param wall: returns the time in seconds since the epoch, for a sandbox that begins
        today.
    :raises ConfigurationError: for a scenario that cannot be used.
    """
    scenario = scenario_of(settings)
    seed, start = settings.sandbox_seed, settings.sandbox_start
    if settings.is_default("sandbox_seed") and scenario.seed is not None:
        seed = scenario.seed
    if settings.is_default("sandbox_start"):
        start = scenario.start

    def prepare(key: str, world: World) -> None:
        if scenario.is_hostile(key, settings.hostile_content):
            add_attacks(world)

    return Sandbox(
        clock,
        seed=seed,
        start=start_of_simulation(start, wall),
        prepare=prepare,
        first_faults=scenario.faults_of,
    )


def scenario_of(settings: Settings) -> Scenario:
    """Return the scenario that the settings name; an empty one without.

    :raises ConfigurationError: with one line for each mistake in the file.
    """
    path = settings.sandbox_scenario
    if path is None:
        return Scenario()
    try:
        return read_scenario(path.read_text(encoding="utf-8"))
    except ScenarioError as error:
        lines = [f"IMCP-SCENARIO {path}, {line}" for line in error.lines]
        raise ConfigurationError(*lines) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise ConfigurationError(
            f"IMCP-SCENARIO {path} cannot be read: {reason}"
        ) from None


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
