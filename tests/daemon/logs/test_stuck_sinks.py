"""A real daemon whose log, standard output or standard error is not read."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from twisted.internet import reactor
from twisted.web.client import Agent, HTTPConnectionPool

from instantly_mcp._deferred import deferred

from ..processes import MODULE, TWISTD, ProcessTestCase, Running

REQUESTS = 1500
"""Their lines are three times what a pipe holds."""


TALKS = """
import sys, threading, warnings
from twisted.internet import reactor
from instantly_mcp.cli import main

class Broken:
    def __del__(self):
        raise RuntimeError("cannot be raised")

def fail():
    raise RuntimeError("in a thread")

def talk():
    for stream in (sys.stdout, sys.stderr):
        print("printed " * 20_000, file=stream)
    warnings.warn("a warning")
    Broken()
    threading.Thread(target=fail).start()

reactor.callWhenRunning(lambda: reactor.callLater(0, talk))
sys.argv = ["instantly-mcp", "run", "--sandbox", "--log-format=json", *sys.argv[1:]]
main()
"""


class StuckSinkTests(ProcessTestCase):
    def setUp(self) -> None:
        """Keep connections open: there are many requests."""
        super().setUp()
        self.pool = HTTPConnectionPool(reactor)
        self.addCleanup(self.pool.closeCachedConnections)
        self.agent = Agent(reactor, pool=self.pool)

    def fifo(self) -> Path:
        """Return a FIFO with a reader that never reads."""
        path = self.folder / f"fifo-{len(os.listdir(self.folder))}"
        os.mkfifo(path)
        self.addCleanup(os.close, os.open(path, os.O_RDWR | os.O_NONBLOCK))
        return path

    def full_fifo(self) -> Path:
        """Return a FIFO with no room left."""
        path = self.fifo()
        writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        try:
            while os.write(writer, b"x" * 4096):
                pass
        except BlockingIOError:
            os.close(writer)
        return path

    def writing_to(self, path: Path, command: Sequence[str]) -> Sequence[str]:
        """Return the command with both outputs redirected to a path."""
        return ("/bin/sh", "-c", 'exec "$@" >"$0" 2>&1', str(path), *command)

    async def serves_on(self, running: Running) -> None:
        """Check that it answers more requests than its pipe holds lines, and ends."""
        (url,) = (await running.ready())["urls"]
        health = url.replace("/mcp", "/health")
        for _ in range(REQUESTS):
            await self.get(health)
        running.send(signal.SIGTERM)
        self.assertEqual(await running.ended, 0, running.output)
        self.assertFalse(running.ready_file.exists())

    @deferred
    async def test_standard_error(self):
        """An unread pipe costs log lines only; requests and SIGTERM are handled."""
        command = [*MODULE, "--sandbox", "--rate-limit=0"]
        await self.serves_on(self.spawn(self.writing_to(self.fifo(), command)))

    @deferred
    async def test_outputs_that_are_full_from_the_start(self):
        """The daemon does not wait to write the first line or the start block."""
        for command in (
            [*MODULE, "--sandbox"],
            [*TWISTD, "-n", "--pidfile=", "instantly_mcp", "--sandbox"],
            [sys.executable, "-m", "twisted", "instantly_mcp", "--sandbox"],
        ):
            running = self.spawn(self.writing_to(self.full_fifo(), command))
            (url,) = (await running.ready())["urls"]
            await self.get(url.replace("/mcp", "/health"))
            running.send(signal.SIGTERM)
            self.assertEqual(await running.ended, 0)

    @deferred
    async def test_what_python_prints(self):
        """Prints, warnings and tracebacks become log lines and do not block either."""
        program = self.folder / "talks.py"
        program.write_text(TALKS, encoding="utf-8")
        command = [sys.executable, str(program)]
        running = self.spawn(self.writing_to(self.full_fifo(), command))
        (url,) = (await running.ready())["urls"]
        await self.get(url.replace("/mcp", "/health"))
        running.send(signal.SIGTERM)
        self.assertEqual(await running.ended, 0)
        log = self.folder / "log"
        running = self.spawn([*command, f"--log-file={log}"])
        await running.ready()
        await self.until(lambda: b"in a thread" in log.read_bytes())
        running.send(signal.SIGTERM)
        self.assertEqual(await running.ended, 0)
        said = log.read_text(encoding="utf-8")
        for line in said.splitlines():
            json.loads(line)
        for text in ("printed", "a warning", "cannot be raised", "in a thread"):
            self.assertIn(text, said)
            self.assertNotIn(text, running.output.decode())

    @deferred
    async def test_log_file(self):
        """The daemon goes on when the reader of a log FIFO stops."""
        log = self.fifo()
        command = [*MODULE, "--sandbox", "--rate-limit=0", f"--log-file={log}"]
        await self.serves_on(self.spawn(command))

    @deferred
    async def test_fifo_without_reader(self):
        """A log file that is a FIFO without a reader is refused with 78."""
        path = self.folder / "log"
        os.mkfifo(path)
        running = self.spawn([*MODULE, "--sandbox", f"--log-file={path}"])
        self.assertEqual(await running.ended, 78, running.output)
        self.assertIn(b"IMCP-LOG", running.output)
        self.assertIn(b"FIFO", running.output)

    @deferred
    async def test_reason_that_cannot_be_written(self):
        """A daemon that cannot start ends although its pipe is full."""
        other = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(other.close)
        listen = f"tcp:{other.getsockname()[1]}:interface=127.0.0.1"
        for options in (["--listen", listen], ["--rate-limit", "x"]):
            command = [*MODULE, "--sandbox", *options]
            running = self.spawn(self.writing_to(self.full_fifo(), command))
            self.assertEqual(await running.ended, 78)


class StartMistakeTests(ProcessTestCase):
    """The reason of a failed start is in the log file as well."""

    def commands(self, log: Path, *options: str) -> Sequence[Sequence[str]]:
        """Return the ways to start with a log file."""
        whole = ("--sandbox", f"--log-file={log}", *options)
        twistd = (*TWISTD, "-n", "--pidfile=")
        return (
            (*MODULE, *whole),
            (*twistd, "instantly_mcp", *whole),
            (*twistd, f"--logfile={log}", "instantly_mcp", "--sandbox", *options),
        )

    async def said_in_both(self, options: Sequence[str], code: str) -> None:
        """Check each way to start: 78, and the line in both places, once."""
        for number, _ in enumerate(self.commands(self.folder)):
            log = self.folder / f"{code}-{number}.log"
            await self.says(self.commands(log, *options)[number], log, code)

    async def says(self, command: Sequence[str], log: Path, code: str) -> None:
        """Check that a command ends with 78 and says so in both places, once."""
        running = self.spawn(command)
        self.assertEqual(await running.ended, 78, running.output)
        for text in (running.output.decode(), log.read_text(encoding="utf-8")):
            self.assertEqual(text.count(code), 1, text)

    @deferred
    async def test_settings(self):
        """A mistake in the settings, once the log file is known."""
        await self.said_in_both(["--rate-limit", "x"], "IMCP-SETTING")

    @deferred
    async def test_taken_port(self):
        """A mistake that is found when listening."""
        other = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(other.close)
        listen = f"tcp:{other.getsockname()[1]}:interface=127.0.0.1"
        await self.said_in_both(["--listen", listen], "IMCP-BIND")

    @deferred
    async def test_state(self):
        """A mistake that is found when the parts are put together."""
        file = self.folder / "file"
        file.write_text("no folder", encoding="utf-8")
        await self.said_in_both(["--state-dir", str(file)], "IMCP-STATE")

    @deferred
    async def test_ready_file(self):
        """A mistake that is found once it listens."""
        log = self.folder / "log"
        environ = {"INSTANTLY_MCP_READY_FILE": "/nowhere/at/all"}
        command = [*MODULE, "--sandbox", f"--log-file={log}"]
        running = self.spawn(command, environ=environ)
        self.assertEqual(await running.ended, 78, running.output)
        for text in (running.output.decode(), log.read_text(encoding="utf-8")):
            self.assertEqual(text.count("IMCP-READY"), 1, text)
