"""Builds the server of ``instantly-mcp sandbox``: the simulated API over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from attrs import define
from twisted.internet.defer import succeed

from ..._noop import noop
from ...metrics.registry import Metrics
from ...sandbox.app import web_resource
from ...web.http.access_log import AccessLog
from ...web.http.plain_resources import PlainSite
from ..http import web_limits
from ..logs.writer import write_within
from ..process.components import Components
from ..process.in_flight import InFlight
from ..process.readiness import Readiness
from ..process.service import DaemonService
from ..process.signals import Signals
from ..settings.settings import Settings
from ..sockets.ports import make_ports
from ..startup.announcement import remove_ready_file, write_ready_file
from ..upstream import make_sandbox


def build_sandbox_server(
    settings: Settings,
    reactor: Any,
    *,
    out: TextIO,
    give_up: Callable[[Sequence[str]], None],
    wall: Callable[[], float] = time.time,
) -> DaemonService:
    """Build the server. It does nothing until its service starts.

    :param settings: of these it uses ``listen``, ``sandbox_seed``, ``sandbox_start``,
        ``hostile_content``, ``ready_file`` and the limits of connections and bodies.
    :param out: where the addresses are printed.
    :param give_up: called with one line per error when the server cannot start.
    :param wall: returns the time in seconds since the epoch.
    """
    return DaemonService(
        reactor=reactor,
        clock=reactor,
        components=_components(settings, reactor, wall),
        announcement=SandboxAnnouncement(out, settings.ready_file),
        signals=Signals(reactor.callFromThread),
        give_up=give_up,
        warnings=settings.warnings,
    )


def _components(
    settings: Settings, reactor: Any, wall: Callable[[], float]
) -> Components:
    sandbox = make_sandbox(settings, reactor, wall)
    site = PlainSite(
        web_resource(sandbox),
        reactor,
        AccessLog(Metrics(), enabled=False),
        web_limits(settings),
        wall,
    )
    return Components(
        ports=make_ports(reactor, settings.listen, "--port"),
        factory=site,
        readiness=Readiness(),
        in_flight=InFlight(),
        timers=(),
        refuse_new=lambda refuses: site.drain(),
        may_bring_work=lambda: site.may_bring_work,
        give_up_upstream=noop,
        give_up_calls=noop,
        close_streams=noop,
        close_connections=site.when_empty,
        cut_connections=site.abort,
        close_upstream=lambda: succeed(None),
        reload=noop,
        rotate_log=noop,
    )


@define(eq=False)
class SandboxAnnouncement:
    """Announces the address of the simulated API: a block of text and a ready file."""

    out: TextIO
    ready_file: Path | None = None

    def publish(self, urls: Sequence[str]) -> None:
        """Print the addresses and write the ready file."""
        if self.ready_file is not None:
            write_ready_file(self.ready_file, "sandbox", urls)
        write_within(
            self.out,
            f"The simulated Instantly API v2 is at {urls[0]}\n"
            "  Keys begin with 'sandbox'; each key has its own workspace:\n"
            f"    curl -s -H 'Authorization: Bearer sandbox' {urls[0]}"
            "/api/v2/campaigns\n"
            f"  Mail that would have been sent: {urls[0]}/sandbox/outbox\n",
        )

    def withdraw(self) -> None:
        """Remove the ready file."""
        if self.ready_file is not None:
            remove_ready_file(self.ready_file)
