"""``instantly-mcp sandbox``: the simulated Instantly API alone, over HTTP."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from attrs import define
from twisted.internet.defer import succeed
from twisted.logger import globalLogBeginner

from .._noop import noop
from ..daemon.logs.limits import limit_lines
from ..daemon.logs.line_file import LineFile
from ..daemon.logs.observer import FORMATS, LogObserver
from ..daemon.logs.redaction import Redactor
from ..daemon.logs.writer import write_within
from ..daemon.process.components import Components
from ..daemon.process.in_flight import InFlight
from ..daemon.process.monotonic import use_monotonic_time
from ..daemon.process.readiness import Readiness
from ..daemon.process.service import DaemonService
from ..daemon.process.signals import Signals
from ..daemon.settings.endpoints import Endpoint
from ..daemon.settings.errors import ConfigurationError
from ..daemon.settings.parsers import day, whole_number
from ..daemon.sockets.port_owner import find_port_owner
from ..daemon.sockets.ports import Ports
from ..daemon.startup.announcement import remove_ready_file, write_ready_file
from ..daemon.startup.start_log import StartLog
from ..daemon.upstream import morning_of
from ..sandbox.app import web_resource
from ..sandbox.workspaces import Sandbox
from ..web.http.access_log import AccessLog
from ..web.http.limits import WebLimits
from ..web.http.plain_resources import PlainSite
from .foreground import run_service
from .options import CommandOptions

DEFAULT_PORT = "3001"


class SandboxOptions(CommandOptions):
    """The options of the sandbox server."""

    synopsis = "instantly-mcp sandbox [options]"
    optParameters = [
        ["port", None, DEFAULT_PORT, "TCP port on 127.0.0.1; 0 for a free port."],
        ["seed", None, "1", "Seed of the simulated workspaces."],
        ["start", None, "today", "First day of the simulation; it begins at 9:00 UTC."],
        ["ready-file", None, None, "JSON file written once the server listens."],
    ]

    def postOptions(self) -> None:
        """Parse the values.

        :raises ConfigurationError: when a value is wrong, with the daemon's message.
        """
        wrong = []
        for name, read in (
            ("port", whole_number(0, 65535)),
            ("seed", whole_number(0, 2**31 - 1)),
            ("start", day),
        ):
            try:
                self[name] = read(self[name])
            except ValueError as error:
                wrong.append(f"IMCP-SETTING {name} (--{name}) {error}")
        if wrong:
            raise ConfigurationError(*wrong)

    def run(self) -> int:
        """Serve until a signal stops the server; return the exit status."""
        from twisted.internet import reactor

        use_monotonic_time(reactor)
        start_log = StartLog(sys.stderr)
        observer = LogObserver(
            LineFile(sys.stderr), FORMATS["text"], Redactor(), "info"
        )
        out = sys.stdout
        start_log.use(observer)
        globalLogBeginner.beginLoggingTo([limit_lines(observer, reactor)])
        service = self.service(reactor, out, start_log)
        start_log.start_with(service)
        return run_service(reactor, service)

    def service(self, reactor: Any, out: TextIO, start_log: StartLog) -> DaemonService:
        """Return the service that serves the sandbox."""
        ready_file = self["ready-file"]
        return DaemonService(
            reactor=reactor,
            clock=reactor,
            components=self._components(reactor),
            announcement=SandboxAnnouncement(
                out, Path(ready_file) if ready_file else None
            ),
            signals=Signals(reactor.callFromThread),
            give_up=start_log.tell,
        )

    def _components(self, reactor: Any) -> Components:
        start = morning_of(self["start"], time.time)
        sandbox = Sandbox(reactor, seed=self["seed"], start=start)
        site = PlainSite(
            web_resource(sandbox, standalone=True),
            reactor,
            AccessLog(Uncounted(), enabled=False),
            WebLimits(),
            time.time,
        )
        address = Endpoint.parse(f"tcp:{self['port']}:interface=127.0.0.1")
        return Components(
            ports=Ports(
                reactor, [address], find_owner=find_port_owner, setting="--port"
            ),
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


class Uncounted:
    """A counter that does nothing: the sandbox has no metrics."""

    def exchange(self, route: str, status: int, seconds: float) -> None:
        """Ignore the request."""


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
