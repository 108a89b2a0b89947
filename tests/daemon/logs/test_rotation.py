"""Real daemons whose log file is rotated while they serve, in every way to start."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from instantly_mcp._deferred import deferred

from ..processes import LOOK_SECONDS, MODULE, TWISTD, ProcessTestCase, Running, kill

ROUNDS = 4
REQUESTS = 25
"""In each round, before and after the signal."""


class RotationTests(ProcessTestCase):
    """SIGUSR1 and SIGHUP open the log file again; neither ends a daemon."""

    def setUp(self) -> None:
        """Choose a path for the log."""
        super().setUp()
        self.log = self.folder / "daemon.log"

    async def rotates(
        self, url: str, send: Callable[[int], object], signals: Sequence[int]
    ) -> None:
        """Rename and signal, over and over; check that every request has its line."""
        health = url.replace("/mcp", "/health")
        names = []
        for number in range(ROUNDS):
            await self.ask(health)
            name = self.log.with_suffix(f".{number}")
            names.append(self.log.rename(name))
            send(signals[number % len(signals)])
            await self.ask(health)
            await self.until(self.log.exists)
        await self.until(lambda: self.lines(names) == 2 * ROUNDS * REQUESTS)
        self.assertGreater(self.lines([]), 0)

    async def ask(self, url: str) -> None:
        """Send some requests."""
        for _ in range(REQUESTS):
            await self.get(url)

    def lines(self, names: Sequence[Path]) -> int:
        """Count the lines of requests in the log and in the files it was renamed to."""
        files = [path.read_bytes() for path in (self.log, *names) if path.exists()]
        return sum(each.count(b"GET /health 200") for each in files)

    async def lives_on(self, running: Running) -> None:
        """Check rotation, an ignored signal, and a clean end."""
        (url,) = (await running.ready())["urls"]
        await self.until(self.log.exists)
        await self.rotates(url, running.send, (signal.SIGUSR1, signal.SIGHUP))
        running.send(signal.SIGUSR2)
        await self.get(url.replace("/mcp", "/health"))
        running.send(signal.SIGTERM)
        running.send(signal.SIGUSR1)
        self.assertEqual(await running.ended, 0, running.output)

    def start(self, *command: str) -> Deferred[None]:
        """Start a command; check it."""
        options = ("--sandbox", "--rate-limit=0", f"--log-file={self.log}")
        running = self.spawn((*command, *options))
        return Deferred.fromCoroutine(self.lives_on(running))

    def test_module(self):
        """``python -m instantly_mcp run``."""
        return self.start(*MODULE, "run")

    def test_twistd(self):
        """``twistd -n``."""
        return self.start(*TWISTD, "-n", "--pidfile=", "instantly_mcp")

    def test_twist(self):
        """``twist``."""
        return self.start(sys.executable, "-m", "twisted", "instantly_mcp")

    @deferred
    async def test_twistd_log_file(self):
        """``twistd --logfile`` is rotated by twistd's own signal."""
        options = ("-n", "--pidfile=", f"--logfile={self.log}")
        running = self.spawn((*TWISTD, *options, "instantly_mcp", "--sandbox"))
        await self.lives_on(running)

    @deferred
    async def test_detached(self):
        """``twistd`` in the background: the pid file stays as long as the daemon."""
        pid_file = self.folder / "twistd.pid"
        options = (f"--pidfile={pid_file}", f"--logfile={self.log}")
        running = self.spawn(
            (*TWISTD, *options, "instantly_mcp", "--sandbox", "--rate-limit=0")
        )
        self.assertEqual(await running.ended, 0, running.output)
        while not running.ready_file.exists():
            await deferLater(reactor, LOOK_SECONDS)
        record = await running.ready()
        pid = record["pid"]
        self.addCleanup(kill, pid)
        self.assertEqual(pid_file.read_text(encoding="ascii"), str(pid))

        def send(number: int) -> None:
            os.kill(pid, number)

        await self.rotates(record["urls"][0], send, (signal.SIGUSR1, signal.SIGHUP))
        self.assertTrue(pid_file.exists())
        send(signal.SIGTERM)
        await self.until(lambda: not pid_file.exists())
        self.assertFalse(running.ready_file.exists())
        # The last lines are written after twistd has removed the pid file.
        await self.until(lambda: b"stopped" in self.log.read_bytes())
