"""Log lines that any client can cause are limited to a few and their number."""

from __future__ import annotations

import resource
import socket
from collections.abc import Callable
from errno import EMFILE
from typing import Any, cast
from urllib.parse import urlsplit

from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.tcp import Port
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import (
    ILogObserver,
    LogEvent,
    Logger,
    formatEvent,
    globalLogPublisher,
)
from zope.interface.verify import verifyObject

from instantly_mcp._deferred import deferred
from instantly_mcp.daemon.logs.limits import LINE_KINDS, LogLimits, limit_lines
from instantly_mcp.web.http.access_log import REFUSED_LOGGER
from tests.support.cases import ClockedTestCase

from ..processes import MODULE, ProcessTestCase


class Full:
    """A listening socket of a process that has no free file descriptors."""

    def accept(self) -> Any:
        """Fail."""
        raise OSError(EMFILE, "no descriptors")


class LimitTests(ClockedTestCase):
    def setUp(self) -> None:
        """Observe through limits."""
        super().setUp()
        self.events: list[LogEvent] = []
        self.limits = LogLimits(cast(ILogObserver, self.events.append), self.clock)

    def lines(self) -> list[str]:
        """Return the lines since this was last asked."""
        lines = [formatEvent(event) for event in self.events]
        self.events.clear()
        return lines

    def test_other_lines_pass(self):
        """Lines that clients cannot cause are all written at once."""
        log = Logger("a.b", observer=self.limits)
        for number in range(100):
            log.info("{n}", n=number)
        self.assertEqual(self.lines(), [str(n) for n in range(100)])
        self.limits({"log_format": "no namespace"})
        self.assertEqual(self.lines(), ["no namespace"])

    def test_no_free_descriptors(self):
        """Of 200 failed attempts to accept, one line reports the number."""
        port = Port(0, Factory(), reactor=MemoryReactorClock())
        port.socket, port.numberAccepts = Full(), 1
        globalLogPublisher.addObserver(self.limits)
        try:
            for _ in range(200):
                port.doRead()
        finally:
            globalLogPublisher.removeObserver(self.limits)
        self.assertEqual(self.lines(), [])
        self.clock.advance(1)
        (line,) = self.lines()
        self.assertIn("failed 200 times", line)
        self.clock.advance(60)
        self.assertEqual(self.lines(), [])

    def test_twisted_still_speaks_so(self):
        """Twisted's line for each lost connection is counted, without its address."""
        log = Logger("twisted.internet.tcp.Port", observer=self.limits)
        for _ in range(3):
            log.info("EMFILE encountered; releasing reserved file descriptor.")
            for _ in range(5):
                format = "EMFILE recovery: Closed socket from {address}"
                log.info(format, address=("192.0.2.7", 1))
            log.info("Re-reserving EMFILE recovery file descriptor.")
        self.clock.advance(1)
        (line,) = self.lines()
        self.assertIn("failed 15 times", line)
        self.assertNotIn("192.0.2.7", line)
        self.clock.advance(60)

    def test_a_flood_is_a_line_a_minute(self):
        """While a flood lasts, each minute has one line with its number."""
        log = Logger("twisted.internet.tcp.Port", observer=self.limits)
        for _ in range(181):
            log.info("Could not accept new connection (EMFILE)")
            self.clock.advance(1)
        counts = [line.split()[4] for line in self.lines()]
        self.assertEqual(counts, ["1", "60", "60", "60"])
        self.clock.advance(60)
        self.clock.advance(60)

    def test_refusals(self):
        """The first refusals of a minute are written, the rest is counted."""
        log = Logger(REFUSED_LOGGER, observer=self.limits)
        for _ in range(500):
            log.info("refused")
        self.assertEqual(self.lines(), ["refused"] * 20)
        self.clock.advance(60)
        (line,) = self.lines()
        self.assertTrue(line.startswith("480 more requests were refused"), line)
        self.clock.advance(60)
        log.info("refused")
        self.assertEqual(self.lines(), ["refused"])
        self.clock.advance(60)
        self.assertEqual(self.lines(), [])

    def test_the_count_at_the_end(self):
        """What was counted is written before the process stops."""
        stops: list[Callable[[], None]] = []

        class Reactor(Clock):
            def addSystemEventTrigger(self, *trigger: Any) -> None:
                stops.append(trigger[2])

        observer = limit_lines(cast(ILogObserver, self.events.append), Reactor())
        log = Logger(REFUSED_LOGGER, observer=observer)
        for _ in range(30):
            log.info("refused")
        for stop in stops:
            stop()
        self.assertIn("10 more requests were refused", self.lines()[-1])

    def test_every_kind_has_a_logger_of_its_own(self):
        """No logger belongs to two kinds, and the limiter is a log observer."""
        loggers = [name for kind in LINE_KINDS for name in kind.loggers]
        self.assertEqual(len(loggers), len(set(loggers)))
        self.assertTrue(verifyObject(ILogObserver, self.limits))


class DaemonTests(ProcessTestCase):
    @deferred
    async def test_a_daemon_without_descriptors(self):
        """A flood of connections that cannot be accepted is one log line."""
        daemon = self.spawn((*MODULE, "run", "--sandbox"))
        url = (await daemon.ready())["urls"][0]
        address = urlsplit(url)
        before = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (3, before[1]))
        clients = [socket.socket() for _ in range(200)]
        for client in clients:
            self.addCleanup(client.close)
            client.setblocking(False)
            client.connect_ex((address.hostname, address.port))
        await daemon.said(b"Accepting a connection failed")
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, before)
        await self.get(f"http://{address.netloc}/ping")
        self.assertLess(daemon.output.count(b"Accepting a connection failed"), 3)
        self.assertNotIn(b"EMFILE", daemon.output)
        self.assertNotIn(b"Closed socket", daemon.output)
