"""Fixtures of the fault tests: upstream, proxy, and a client on a test clock.

The agent runs on the real reactor, the client's own timers on the driven clock: nothing
waits for time to pass. No tests here.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from instantly_mcp.api.client import InstantlyClient
from instantly_mcp.api.errors import ApiError
from instantly_mcp.api.http.connection import connect_to
from instantly_mcp.api.interfaces import IDetached
from instantly_mcp.api.upstream import Upstream
from tests.support.fault_proxy import Fault, FaultProxy, Plan
from tests.support.upstream import ScriptedUpstream

from . import builders
from .builders import (
    KEY,
)

NEW = {"name": "Q4"}


@implementer(IDetached)
@define(eq=False)
class DetachedWrites:
    """Remembers the writes that were left to finish."""

    tracked: list[Deferred[object]] = field(factory=list)

    def track(self, work: Deferred[object]) -> None:
        self.tracked.append(work)

    hold = track


class FaultTestCase(TestCase):
    """A scripted upstream, a proxy in front of it, and a client on a test clock."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.detached = DetachedWrites()
        self.upstream = ScriptedUpstream()
        self.upstream.listen(reactor)
        self.addCleanup(self.upstream.close)

    def client_to(self, url: str, **others: Any) -> InstantlyClient:
        """A client over real connections to `url`."""
        connection = connect_to(Upstream.parse(url), reactor)
        self.addCleanup(connection.close)
        self.addCleanup(
            lambda: self.assertEqual(self.clock.getDelayedCalls(), [], "timers left")
        )
        return builders.client(
            connection.agent, url, self.clock, detached=self.detached, **others
        )

    def proxied(self, fault: Fault, after: int = 0, **others: Any) -> InstantlyClient:
        """A client whose connection to the upstream has a fault."""
        self.proxy = FaultProxy(self.upstream.port, Plan(fault, after))
        self.proxy.listen(reactor)
        self.addCleanup(self.proxy.close)
        return self.client_to(self.proxy.url, **others)

    async def failing(self, call: Deferred[Any]) -> ApiError:
        """The error of a call, while the clock is advanced through its pauses."""
        outcome: list[Any] = []
        call.addBoth(outcome.append)
        while not outcome:
            await deferLater(reactor, 0)
            pauses = [c for c in self.clock.getDelayedCalls() if c.getTime() < 20]
            if pauses:
                self.clock.advance(0.25)
        self.assertIsInstance(outcome[0].value, ApiError, str(outcome[0]))
        error: ApiError = outcome[0].value
        self.assertNotIn(KEY, str(error))
        return error
