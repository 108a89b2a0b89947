"""The control socket: who may connect, what it answers, and what it replaces."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import tempfile
from typing import Any, cast

from twisted.internet import reactor
from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import UNIXClientEndpoint, connectProtocol
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.protocols.basic import LineOnlyReceiver
from twisted.trial.unittest import TestCase

from instantly_mcp._json_codec import Json, JsonObject, loads
from instantly_mcp.daemon.control import client
from instantly_mcp.daemon.control.client import (
    NoDaemonError,
    administer,
    ask_daemon,
    foreign_owner,
)
from instantly_mcp.daemon.control.dispatch import CommandTable
from instantly_mcp.daemon.control.requests import CommandRefusedError
from instantly_mcp.daemon.control.socket_service import (
    ControlService,
    socket_path,
    too_long,
    unreachable,
)

from .test_dispatch import Steps


class Lines(LineOnlyReceiver):
    """A client that sends any line."""

    delimiter = b"\n"

    def __init__(self) -> None:
        self.received: Deferred[Json] = Deferred()

    def lineReceived(self, line: bytes) -> None:
        """Keep the answer."""
        self.received.callback(loads(line))


class SocketTests(TestCase):
    """A service on a real socket."""

    def setUp(self) -> None:
        """Have a directory with a short path, and a running service in it."""
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)
        self.logged: list[str] = []
        observer = cast(ILogObserver, self._log)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.steps = Steps()
        self.service = self.start()

    def _log(self, event: LogEvent) -> None:
        self.logged.append(formatEvent(event))

    def start(self, directory: str | None = None) -> ControlService:
        """Start a service."""
        directory = self.directory if directory is None else directory
        table = CommandTable((self.steps,))
        service = ControlService(reactor, directory, table)
        service.startService()
        self.addCleanup(service.stopService)
        return service

    def warnings(self) -> list[str]:
        """Return what was logged about a socket that cannot be used."""
        return [line for line in self.logged if "IMCP-CONTROL" in line]

    def never(self, name: str, arguments: JsonObject) -> Deferred[Json]:
        """Fail: the command must not run here."""
        raise AssertionError(name)

    async def line(self, line: bytes) -> Json:
        """Send one line and return the answer."""
        endpoint = UNIXClientEndpoint(reactor, socket_path(self.directory))
        lines = await connectProtocol(endpoint, Lines())
        transport: Any = lines.transport
        transport.write(line)
        answer = await lines.received
        transport.loseConnection()
        return answer

    async def test_ask(self) -> None:
        """A command is answered by the daemon, not run by the command line."""
        value = await administer(
            reactor, self.directory, "steps.at-once", {"name": "a"}, self.never
        )
        self.assertEqual(value, "a")

    async def test_refused(self) -> None:
        """A refusal reaches the command line with all its lines."""
        with self.assertRaises(CommandRefusedError) as raised:
            await ask_daemon(reactor, self.directory, "steps.refused", {"name": "a"})
        self.assertEqual(raised.exception.lines, ("not now",))

    async def test_lost(self) -> None:
        """A daemon that stops while a command runs leaves no one waiting."""
        asked = ask_daemon(reactor, self.directory, "steps.later", {"name": "a"})
        await self.line(b'{"command": "steps.refused", "arguments": {"name": "a"}}\n')
        self.service.disconnect()
        with self.assertRaises(CommandRefusedError) as raised:
            await asked
        self.assertIn("before it answered", raised.exception.lines[0])
        self.steps.waiting.callback(None)

    async def test_blocked(self) -> None:
        """A command does not wait for ever for a daemon that is blocked."""
        self.patch(client, "ANSWER_SECONDS", 0.0)
        with self.assertRaises(CommandRefusedError) as raised:
            await ask_daemon(reactor, self.directory, "steps.later", {"name": "a"})
        self.assertIn("did not answer within", raised.exception.lines[0])
        self.steps.waiting.callback(None)

    async def test_answer_cannot_be_sent(self) -> None:
        """The command line learns that its answer cannot be written, and ends."""
        asked = ask_daemon(
            reactor, self.directory, "steps.unsayable", {"name": "a"}
        ).addTimeout(5, reactor)
        with self.assertRaises(CommandRefusedError) as raised:
            await asked
        self.assertIn("before it answered", raised.exception.lines[0])
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 1)

    async def test_not_a_command(self) -> None:
        """A line that is not a command is refused."""
        for line in (b"\n", b"{}\n", b"[]\n", b'{"command": 1}\n', b"\xff\n"):
            self.assertEqual(
                await self.line(line), {"refused": ["a line is not a command"]}
            )

    def test_mode(self) -> None:
        """Only the daemon's user may connect."""
        mode = stat.S_IMODE(os.stat(socket_path(self.directory)).st_mode)
        self.assertEqual(mode, 0o600)

    async def test_stopped(self) -> None:
        """A stopped service leaves no file, and its directory to the next one."""
        await self.service.stopService()
        self.assertFalse(os.path.lexists(socket_path(self.directory)))
        with self.assertRaises(NoDaemonError):
            await ask_daemon(reactor, self.directory, "steps.at-once", {"name": "a"})
        self.start()
        await ask_daemon(reactor, self.directory, "steps.at-once", {"name": "a"})

    async def test_stale(self) -> None:
        """The socket of a killed daemon is not a daemon, and is replaced."""
        await self.service.stopService()
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(socket_path(self.directory))
        with self.assertRaises(NoDaemonError):
            await ask_daemon(reactor, self.directory, "steps.at-once", {"name": "a"})
        self.start()
        await ask_daemon(reactor, self.directory, "steps.at-once", {"name": "a"})
        self.assertEqual(self.warnings(), [])

    async def test_other_file(self) -> None:
        """A file that is not a socket is never removed."""
        await self.service.stopService()
        path = socket_path(self.directory)
        with open(path, "w", encoding="utf-8"):
            pass
        self.start()
        self.assertTrue(os.path.isfile(path))
        self.assertEqual(len(self.warnings()), 1)

    def test_long_path(self) -> None:
        """With a path that the system cannot use the daemon goes on, and says so."""
        deep = os.path.join(self.directory, "d" * 100)
        os.mkdir(deep)
        self.start(deep)
        self.assertEqual(self.warnings(), [])
        (warning,) = unreachable(deep)
        self.assertIn("IMCP-CONTROL", warning)
        self.assertIn("shorter path", warning)
        for directory in (None, self.directory):
            self.assertEqual(unreachable(directory), ())
        self.assertFalse(too_long("x" * 107))
        self.assertTrue(too_long("x" * 108))

    async def test_no_daemon(self) -> None:
        """Without a daemon the command runs here."""
        await self.service.stopService()

        def run(name: str, arguments: JsonObject) -> Deferred[Json]:
            return succeed([name, arguments])

        value = await administer(reactor, self.directory, "a.b", {"c": 1}, run)
        self.assertEqual(value, ["a.b", {"c": 1}])

    async def test_no_daemon_and_another_user(self) -> None:
        """Without a daemon nothing runs for a user who does not own the directory."""
        await self.service.stopService()
        own = os.geteuid()
        self.patch(os, "geteuid", lambda: own + 1)
        with self.assertRaises(CommandRefusedError):
            await administer(reactor, self.directory, "a.b", {}, self.never)

    def test_other_user(self) -> None:
        """A user who does not own the directory writes nothing there."""
        own = os.geteuid()
        self.assertIsNone(foreign_owner(self.directory, own))
        said = foreign_owner(self.directory, own + 1)
        assert said is not None
        self.assertIn("lock the daemon out", said)
