"""Start, reload and stop of the daemon's service."""

from __future__ import annotations

import errno
import json
import os
import signal
from collections.abc import Callable
from io import StringIO
from pathlib import Path

from attrs import evolve
from twisted.application.service import Application, IService
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.logger import ILogObserver
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.logs.line_file import LineFile
from instantly_mcp.daemon.logs.observer import FORMATS, LogObserver
from instantly_mcp.daemon.logs.redaction import Redactor
from instantly_mcp.daemon.process.components import Components
from instantly_mcp.daemon.process.in_flight import InFlight
from instantly_mcp.daemon.process.periodic import Periodic
from instantly_mcp.daemon.process.readiness import Readiness, ServicePhase
from instantly_mcp.daemon.process.service import DaemonService
from instantly_mcp.daemon.process.signals import Handler, Signals
from instantly_mcp.daemon.settings.endpoints import Endpoint
from instantly_mcp.daemon.settings.errors import ConfigurationError
from instantly_mcp.daemon.sockets.ports import Ports
from instantly_mcp.daemon.startup.announcement import Announcement

from ..sockets.test_ports import SocketReactor

ORDER = ["refuse", "streams", "connections", "cut", "pool", "state"]


class Scene(SynchronousTestCase):
    """A daemon whose parts record what happens to them."""

    def setUp(self) -> None:
        """Build the daemon."""
        self.clock = Clock()
        self.reactor = SocketReactor()
        self.events: list[str] = []
        self.said: list[str] = []
        self.handlers: dict[int, Handler | signal.Handlers] = {}
        self.connections: Deferred[None] = succeed(None)
        self.opened: Deferred[None] = succeed(None)
        self.ready_file = Path(self.mktemp())
        self.out = StringIO()
        address = Endpoint.parse("tcp:3000:interface=127.0.0.1")
        self.ports = Ports(self.reactor, [address])
        self.readiness = Readiness()
        self.in_flight = InFlight()
        self.service = self.build()
        self.addCleanup(self.assert_nothing_waits)

    def assert_nothing_waits(self) -> None:
        """No timer is left behind."""
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def build(self) -> DaemonService:
        """Return the daemon."""
        components = Components(
            ports=self.ports,
            factory=Factory(),
            readiness=self.readiness,
            in_flight=self.in_flight,
            timers=[Periodic(self.clock, 15, self.note("beat"), "beat")],
            refuse_new=lambda refuses: self.events.append("refuse"),
            may_bring_work=lambda: False,
            give_up_upstream=self.note("give up upstream"),
            give_up_calls=self.note("give up calls"),
            close_streams=self.note("streams"),
            close_connections=self.close_connections,
            cut_connections=self.note("cut"),
            close_upstream=self.note("pool"),
            open_state=lambda: self.opened,
            close_state=self.note("state"),
            reload=lambda: self.events.append("reload"),
            rotate_log=lambda: self.events.append("rotate"),
        )
        redactor = Redactor()
        return DaemonService(
            reactor=self.reactor,
            clock=self.clock,
            components=components,
            announcement=Announcement(
                mode="sandbox", ready_file=self.ready_file, out=self.out
            ),
            signals=Signals(
                call=lambda function: function(), install=self.handlers.__setitem__
            ),
            observer=LogObserver(LineFile(StringIO()), FORMATS["text"], redactor),
            give_up=self.said.extend,
        )

    def note(self, event: str) -> Callable[[], Deferred[None]]:
        """Return a function that records the event."""

        def happen() -> Deferred[None]:
            self.events.append(event)
            return succeed(None)

        return happen

    def close_connections(self) -> Deferred[None]:
        """Close, as slowly as the test wants."""
        self.events.append("connections")
        return self.connections

    def prepare(self) -> None:
        """Start the daemon; the reactor does not run yet."""
        self.service.privilegedStartService()
        self.service.startService()

    def start(self) -> None:
        """Start the daemon and let the reactor run."""
        self.prepare()
        self.reactor.run()

    def signal(self, number: int) -> None:
        """Call the handler of a signal."""
        handler = self.handlers[number]
        assert callable(handler)
        handler(number, None)


class StartTests(Scene):
    """The daemon is ready when it listens, and says so."""

    def test_ready(self):
        """It listens, is ready, and has written where."""
        self.start()
        self.assertIs(self.readiness.phase, ServicePhase.READY)
        record = json.loads(self.ready_file.read_bytes())
        self.assertEqual(record["urls"], ["http://127.0.0.1:3000/mcp"])
        self.assertEqual((record["pid"], record["mode"]), (os.getpid(), "sandbox"))
        self.assertIn(
            "claude mcp add --transport http instantly http://127.0.0.1:3000/mcp",
            self.out.getvalue(),
        )
        self.successResultOf(self.service.stopService())

    def test_announced_when_signals_are_handled(self):
        """Signals are handled as soon as the ready file exists."""
        self.prepare()
        self.assertFalse(self.ready_file.exists())
        self.assertEqual(self.handlers, {})
        self.reactor.run()
        self.assertTrue(self.ready_file.exists())
        self.assertIn(signal.SIGTERM, self.handlers)
        self.successResultOf(self.service.stopService())

    def test_ready_after_the_state(self):
        """It is not ready before its database is open."""
        self.opened = Deferred()
        self.start()
        self.assertFalse(self.readiness.is_ready)
        self.assertFalse(self.ready_file.exists())
        self.opened.callback(None)
        self.assertTrue(self.readiness.is_ready)
        self.assertTrue(self.ready_file.exists())
        self.successResultOf(self.service.stopService())

    def test_stopped_before_the_state_is_open(self):
        """A daemon that is stopped while it opens its database never gets ready."""
        self.opened = Deferred()
        self.start()
        self.signal(signal.SIGTERM)
        self.successResultOf(self.service.stopService())
        self.opened.callback(None)
        self.assertFalse(self.readiness.is_ready)
        self.assertFalse(self.ready_file.exists())
        self.assertEqual(self.said, [])
        self.assertEqual(self.service.exit_status, 0)

    def test_state_cannot_be_opened(self):
        """A database that cannot be opened ends the start with one line."""
        self.opened = fail(ConfigurationError("IMCP-STATE x cannot be used"))
        self.start()
        self.assertEqual(self.said, ["IMCP-STATE x cannot be used"])
        self.assertEqual(self.service.exit_status, 78)
        self.assertTrue(self.reactor.hasStopped)
        self.successResultOf(self.service.stopService())

    def test_not_ready_before(self):
        """Before it listens it is not ready."""
        self.assertFalse(self.readiness.is_ready)

    def test_port_taken(self):
        """A taken port ends the start with one line and status 78."""
        self.reactor.taken["127.0.0.1", 3000] = None
        with self.assertRaises(SystemExit) as caught:
            self.service.privilegedStartService()
        self.assertEqual(caught.exception.code, 78)
        self.assertEqual(len(self.said), 1)
        self.assertIn("127.0.0.1:3000 is already in use", self.said[0])

    def test_ready_file_cannot_be_written(self):
        """A ready file that cannot be written ends the start with one line, which names
        the setting and the file.
        """
        self.ready_file.mkdir()
        self.start()
        self.assertTrue(self.said[0].startswith("IMCP-READY ready_file "))
        self.assertIn(str(self.ready_file), self.said[0])
        self.assertEqual(self.service.exit_status, 78)
        self.assertTrue(self.reactor.hasStopped)
        self.ready_file.rmdir()
        self.successResultOf(self.service.stopService())

    def test_application_uses_the_log_observer(self):
        """The application uses the daemon's log observer."""
        application = Application("test")
        self.service.setServiceParent(application)
        self.assertIsInstance(application.getComponent(ILogObserver), LogObserver)
        self.assertIs(self.service.parent, IService(application))

    def test_timers_run(self):
        """Periodic work runs while the daemon does, and not after."""
        self.start()
        self.clock.pump([15] * 2)
        self.assertEqual(self.events, ["beat", "beat"])
        self.successResultOf(self.service.stopService())
        self.clock.pump([15] * 2)
        self.assertNotIn("beat", self.events[2:])

    def test_ready_file_of_a_successor(self):
        """A ready file that another process wrote meanwhile is not removed."""
        self.start()
        self.ready_file.write_bytes(b'{"pid": 1}\n')
        self.successResultOf(self.service.stopService())
        self.assertTrue(self.ready_file.exists())


class StopTests(Scene):
    """No answer in progress is lost."""

    def setUp(self) -> None:
        """Have a running daemon with a call in flight."""
        super().setUp()
        self.start()
        self.call: Deferred[object] = Deferred()
        self.in_flight.track(self.call)

    def test_order(self):
        """Not ready, new work is refused; the call; streams, sockets, connections."""
        stopping = self.service.stopService()
        self.assertIs(self.readiness.phase, ServicePhase.DRAINING)
        self.assertIn(("127.0.0.1", 3000), self.reactor.taken)
        self.assertFalse(self.ready_file.exists())
        self.assertEqual(self.events, ["refuse"])
        self.assertNoResult(stopping)
        self.call.callback(None)
        self.assertEqual(self.events, ORDER)
        self.assertEqual(self.reactor.taken, {})
        self.successResultOf(stopping)

    def test_keep_alives_go_on_while_draining(self):
        """An open stream is kept alive until its call is done."""
        stopping = self.service.stopService()
        self.clock.advance(15)
        self.assertEqual(self.events, ["refuse", "beat"])
        self.call.callback(None)
        self.successResultOf(stopping)

    def test_deadline(self):
        """A call that does not end is waited for at most 25 seconds."""
        stopping = self.service.stopService()
        self.clock.advance(24.9)
        self.assertNoResult(stopping)
        self.clock.advance(0.2)
        self.assertEqual(self.events[-1], "give up upstream")
        self.clock.advance(0.5)
        self.successResultOf(stopping)
        self.assertEqual(self.events[-6:], ["give up calls", *ORDER[1:]])

    def test_answered_when_given_up(self):
        """A call that answers when its upstream call is given up is not ended."""
        stopping = self.service.stopService()
        self.clock.advance(25)
        self.assertEqual(self.events[-1], "give up upstream")
        self.call.callback(None)
        self.successResultOf(stopping)
        self.assertNotIn("give up calls", self.events)
        self.assertLess(self.clock.seconds(), 30)

    def test_slow_connections(self):
        """A client that reads nothing does not hold the stop for ever."""
        self.connections = Deferred()
        stopping = self.service.stopService()
        self.call.callback(None)
        self.assertNoResult(stopping)
        self.clock.advance(2)
        self.successResultOf(stopping)

    def test_first_signal_drains(self):
        """SIGTERM stops the reactor, which stops the service, which drains."""
        self.signal(signal.SIGTERM)
        self.assertTrue(self.reactor.hasStopped)
        self.assertIs(self.readiness.phase, ServicePhase.DRAINING)
        self.call.callback(None)
        self.successResultOf(self.service.stopService())

    def test_second_signal_stops_at_once(self):
        """A second SIGTERM, or Ctrl-C, gives up calls and waits for the last bytes."""
        for second in (signal.SIGTERM, signal.SIGINT):
            self.setUp()
            self.connections = Deferred()
            self.signal(signal.SIGTERM)
            stopping = self.service.stopService()
            self.assertNoResult(stopping)
            self.signal(second)
            self.assertIn("give up upstream", self.events)
            self.assertEqual(self.events[-2:], ["streams", "connections"])
            self.clock.advance(0.5)
            self.successResultOf(stopping)

    def test_third_signal_cuts(self):
        """A third one does not even wait for the last bytes."""
        self.connections = Deferred()
        self.signal(signal.SIGTERM)
        stopping = self.service.stopService()
        self.signal(signal.SIGTERM)
        self.assertNoResult(stopping)
        self.signal(signal.SIGTERM)
        self.successResultOf(stopping)

    def test_inherited_sockets(self):
        """What was accepted before may still bring a request, which is then awaited."""
        self.call.callback(None)
        self.ports.bound = []
        bringing = [True, True, False]
        self.service._components = evolve(
            self.service._components, may_bring_work=lambda: bringing.pop(0)
        )
        stopping = self.service.stopService()
        self.clock.advance(0.1)
        self.assertNoResult(stopping)
        self.clock.advance(0.1)
        self.successResultOf(stopping)

    def test_part_that_fails(self):
        """A part that cannot be closed is logged, and the others are closed."""
        self.connections = Deferred()
        stopping = self.service.stopService()
        self.call.callback(None)
        self.connections.errback(RuntimeError("stuck"))
        self.successResultOf(stopping)
        self.assertEqual(self.events[-2:], ["pool", "state"])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_hangup(self):
        """SIGHUP reloads and stops nothing."""
        self.signal(signal.SIGHUP)
        self.assertEqual(self.events, ["reload"])
        self.assertIs(self.readiness.phase, ServicePhase.READY)
        self.call.callback(None)
        self.successResultOf(self.service.stopService())

    def test_rotation(self):
        """SIGUSR1 opens the log again and stops nothing, also while draining."""
        self.signal(signal.SIGUSR1)
        self.assertEqual(self.events, ["rotate"])
        self.assertIs(self.readiness.phase, ServicePhase.READY)
        stopping = self.service.stopService()
        self.signal(signal.SIGUSR1)
        self.assertEqual(self.events.count("rotate"), 2)
        self.call.callback(None)
        self.successResultOf(stopping)

    def test_ignored_at_the_end(self):
        """Once stopped, no signal for a running daemon ends the process early."""
        self.call.callback(None)
        self.successResultOf(self.service.stopService())
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
            self.assertIs(self.handlers[number], signal.SIG_IGN)


class FullDisk(StringIO):
    """A stream on a full disk."""

    def write(self, text: str, /) -> int:
        """Fail as the system does."""
        raise OSError(errno.ENOSPC, "No space left on device")


class AnnouncementTests(SynchronousTestCase):
    """The block that tells a person how to connect."""

    def block(self, **fields) -> str:
        """Return the block for a daemon on port 3000."""
        out = StringIO()
        Announcement(out=out, **fields).publish(["http://127.0.0.1:3000"])
        return out.getvalue()

    def test_address_in_a_shell(self):
        """An address with brackets is quoted: zsh would take them for a pattern."""
        out = StringIO()
        Announcement(mode="live", out=out).publish(["http://[::1]:3000"])
        self.assertIn("http instantly 'http://[::1]:3000/mcp'", out.getvalue())
        self.assertIn("curl -s 'http://[::1]:3000/health'", out.getvalue())

    def test_output_that_takes_nothing(self):
        """A full disk behind standard output does not stop a daemon."""
        ready_file = Path(self.mktemp())
        announcement = Announcement(mode="live", ready_file=ready_file, out=FullDisk())
        announcement.publish(["http://127.0.0.1:3000"])
        self.assertTrue(ready_file.exists())

    def test_ready_file_comes_last(self):
        """The text is complete when the ready file is written.

        A program that waits for the file may then limit the daemon's file descriptors.
        """
        ready_file = Path(self.mktemp())
        counted = []

        def contains():
            counted.append(ready_file.exists())
            return {"leads": 3}

        announcement = Announcement(
            mode="sandbox", ready_file=ready_file, out=StringIO(), contains=contains
        )
        announcement.publish(["http://127.0.0.1:3000"])
        self.assertEqual((counted, ready_file.exists()), ([False], True))

    def test_ready_file_that_is_not_a_file(self):
        """A device or a FIFO is not replaced by the ready file."""
        fifo = Path(self.mktemp())
        os.mkfifo(fifo)
        for path in (fifo, Path("/dev/null")):
            announcement = Announcement(mode="live", ready_file=path)
            with self.assertRaises(OSError) as caught:
                announcement.publish(["http://127.0.0.1:3000"])
            self.assertEqual(caught.exception.strerror, "it is not a regular file")
        self.assertTrue(fifo.is_fifo())

    def test_sandbox(self):
        """In the sandbox the block says that nothing leaves the machine."""
        block = self.block(mode="sandbox", contains=lambda: {"leads": 1200})
        for words in (
            "nothing leaves this machine. It has 1,200 leads.",
            "http://127.0.0.1:3000/sandbox\n",
            "http://127.0.0.1:3000/connect\n",
            "inspector --cli http://127.0.0.1:3000/mcp --transport http",
            "curl -s -X POST http://127.0.0.1:3000/sandbox/reset",
        ):
            self.assertIn(words, block)

    def test_sandbox_with_secret(self):
        """Commands that would be refused without the secret are not printed."""
        block = self.block(mode="sandbox", needs_secret=True)
        self.assertNotIn("tools/call", block)
        self.assertIn("curl -s http://127.0.0.1:3000/health", block)

    def test_live(self):
        """A live daemon says that it is live, and how callers present a key."""
        block = self.block(mode="live", brings_key=True)
        self.assertIn("Live: calls go to your Instantly workspace.", block)
        self.assertIn("'x-instantly-api-key: ${INSTANTLY_API_KEY}'", block)

    def test_upstream(self):
        """Calls that go elsewhere are not said to go to Instantly."""
        block = self.block(mode="live", upstream="http://127.0.0.1:3001")
        self.assertIn("Live: calls go to http://127.0.0.1:3001.", block)

    def test_secret(self):
        """With a server secret the command presents it."""
        block = self.block(mode="live", needs_secret=True)
        self.assertIn("Bearer ${MCP_AUTH_SECRET_KEY}", block)
        self.assertNotIn("INSTANTLY_API_KEY", block)

    def test_token(self):
        """Where connection tokens are needed, the command presents one, alone."""
        for more in ({}, {"needs_secret": True}, {"brings_key": True}):
            block = self.block(mode="live", needs_token=True, **more)
            self.assertIn("--header 'Authorization: Bearer ${INSTANTLY_TOKEN}'", block)
            self.assertEqual(block.count("--header"), 1)

    def test_secret_and_key(self):
        """A caller with its own key presents both."""
        block = self.block(mode="live", needs_secret=True, brings_key=True)
        (command,) = [line for line in block.splitlines() if "claude mcp add" in line]
        self.assertIn(
            "--header 'Authorization: Bearer ${MCP_AUTH_SECRET_KEY}'", command
        )
        self.assertIn("--header 'x-instantly-api-key: ${INSTANTLY_API_KEY}'", command)

    def test_unix_socket(self):
        """A UNIX socket has no URL; the block shows curl with its path."""
        out = StringIO()
        ready = Path(self.mktemp())
        announcement = Announcement(out=out, mode="sandbox", ready_file=ready)
        announcement.publish(["unix:/run/x.sock:mode=660"])
        block = out.getvalue()
        self.assertIn("curl -s --unix-socket /run/x.sock http://localhost/", block)
        self.assertNotIn("claude mcp add", block)
        self.assertIn(b'"urls":["unix:/run/x.sock:mode=660"]', ready.read_bytes())

    def test_public_url(self):
        """A public URL is shown in place of the socket."""
        block = self.block(mode="live", public_url="https://mcp.example.com")
        self.assertIn("https://mcp.example.com/mcp", block)
