"""Builds the server for one client, without a daemon: the same parts, without HTTP.

The pipe takes the place of the pipeline. Its stages judge what a request presents; here
the process has one credential, from its start: the Instantly key of the settings, or
the sandbox's. What the settings allow, they allow as in a daemon: the level and the
toolsets narrow the rights, and each write passes the guard and its rails.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from attrs import define, field
from twisted.application.service import MultiService
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout

from ..._credential import Credential, Secret
from ..._deferred import deferred
from ..._noop import noop
from ...pipeline.replies.execution import MessageExecutor
from ...pipeline.selection import Selector
from ...protocol.wire.errors import ProtocolError
from ...state.sessions import SWEEP_SECONDS
from ...transports.stdio import StdioServer
from ...transports.stdio_lines import ILineSink
from ..access.reloadable_gatekeeper import ReloadableGatekeeper
from ..mcp import McpParts, make_mcp_parts, tool_selection
from ..process.periodic import Periodic
from ..process.service import DRAIN_SECONDS, SETTLE_SECONDS
from ..settings.errors import ConfigurationError
from ..settings.settings import Settings
from .parts import StdioParts
from .state import open_stdio_state


def build_direct(
    settings: Settings,
    reactor: Any,
    output: ILineSink,
    *,
    learn: Callable[[Secret], object] = noop,
    workspace: str | None = None,
    wall: Callable[[], float] = time.time,
) -> StdioParts:
    """Build the server. It does nothing until it is started.

    :param reactor: the reactor, which is also the clock of all components.
    :param learn: called with each key, before it is used.
    :param workspace: the id of the workspace for which an admin key acts.
    :param wall: returns the time in seconds since the epoch.
    :raises ConfigurationError: without a key, and when the state cannot be used.
    """
    _require_usable(settings)
    credential = _credential(settings, workspace)
    mcp = make_mcp_parts(settings, reactor, wall, learn, open_stdio_state)
    drain = Drain(mcp, reactor)
    selector = Selector(
        level=settings.level, read_toolsets=tool_selection(settings).narrowed_to
    )
    timers = _timers(mcp, reactor)
    consumer = StdioServer(
        executor=MessageExecutor(mcp.server, reactor, mcp.in_flight),
        changes=mcp.server_features.changes,
        credential=credential,
        rights=selector.narrowed(credential.rights, ()),
        output=output,
        finish=drain.finish,
    )

    @deferred
    async def start() -> None:
        await mcp.state.start(reactor)
        timers.startService()

    @deferred
    async def close() -> None:
        if timers.running:
            timers.stopService()
        await mcp.upstream.close()
        await mcp.state.close()

    return StdioParts(consumer=consumer, start=start, hurry=drain.hurry, close=close)


def _require_usable(settings: Settings) -> None:
    if settings.api_key is None and not settings.sandbox:
        raise ConfigurationError(
            "IMCP-KEY there is no Instantly key: name a file with --api-key-file, set "
            "INSTANTLY_API_KEY, or try it with --sandbox"
        )
    if settings.asks_approvers:
        raise ConfigurationError(
            f"IMCP-APPROVAL {settings.asks_approvers} asks people for approval, which "
            "only a daemon can: run one, and connect to it with --url"
        )


def _credential(settings: Settings, workspace: str | None) -> Credential:
    admitted = ReloadableGatekeeper(settings).admit((), workspace)
    if isinstance(admitted, ProtocolError) or admitted is None:
        raise ConfigurationError("IMCP-KEY the Instantly key cannot be used")
    return admitted


def _timers(mcp: McpParts, reactor: Any) -> MultiService:
    timers = MultiService()
    sweep = mcp.server_features.tasks.sweep
    Periodic(reactor, SWEEP_SECONDS, sweep, "task sweep").setServiceParent(timers)
    return timers


@define(eq=False)
class Drain:
    """Waits for the calls in flight, and answers those that take too long."""

    mcp: McpParts
    clock: Any
    _hurried: bool = field(default=False, init=False)
    _waiting: Deferred[None] | None = field(default=None, init=False, repr=False)

    def hurry(self) -> None:
        """Wait no longer: end the calls to Instantly and answer what is left."""
        self._hurried = True
        if self._waiting is not None:
            self._waiting.cancel()

    @deferred
    async def finish(self) -> None:
        """End subscriptions, then wait for the calls in flight; see `DRAIN_SECONDS`."""
        under_way = self.mcp.upstream.client.under_way
        under_way.drain()
        self.mcp.server_features.changes.close()
        if await self._is_empty_within(0.0 if self._hurried else DRAIN_SECONDS):
            return
        self.mcp.server.log_open()
        under_way.stop()
        self._hurried = False
        if not await self._is_empty_within(SETTLE_SECONDS):
            self.mcp.server.give_up()

    async def _is_empty_within(self, seconds: float) -> bool:
        waiting = self.mcp.in_flight.when_empty()
        waiting.addTimeout(seconds, self.clock)
        self._waiting = waiting
        try:
            await waiting
        except (CancelledError, DeferredTimeout):
            return False
        finally:
            self._waiting = None
        return True
