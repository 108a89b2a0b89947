"""The way out: the Instantly client, on a real connection or on the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from random import random

from attrs import frozen
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.web.iweb import IAgent

from ..api.client import InstantlyClient
from ..api.connection import connect_to
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


def reach_out(
    settings: Settings, reactor: IReactorTime, in_flight: InFlight
) -> Outward:
    """Return the client that the settings ask for. Connects to nothing yet."""
    if settings.sandbox:
        sandbox = Sandbox(reactor, seed=settings.sandbox_seed)
        agent = SandboxAgent(sandbox, reactor)
        client = _client(agent, settings.upstream, reactor, in_flight)
        return Outward(client, lambda: succeed(None), sandbox)
    connection = connect_to(Upstream.parse(settings.upstream), reactor)
    client = _client(connection.agent, settings.upstream, reactor, in_flight)
    return Outward(client, connection.close)


def _client(
    agent: IAgent, base_url: str, reactor: IReactorTime, in_flight: InFlight
) -> InstantlyClient:
    return InstantlyClient.assemble(
        agent=agent,
        base_url=base_url,
        clock=reactor,
        random=random,
        detached=in_flight,
    )
