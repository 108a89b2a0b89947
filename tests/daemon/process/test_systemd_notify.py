"""Messages to systemd: in unit tests, and from real daemons to a socket."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.application.service import IService
from twisted.internet import reactor
from twisted.internet.protocol import DatagramProtocol
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._deferred import deferred
from instantly_mcp.daemon.process.systemd_notify import Notifier
from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.daemon.settings.supervisor import Supervisor
from tests.support.cases import ClockedTestCase

from ..processes import MODULE, TWISTD, kill
from ..startup.test_detached import SANDBOX, DetachedTestCase
from ..test_stopping import KEY, UpstreamTestCase, answer

URLS = ("http://127.0.0.1:3000", "http://[::1]:3000")
LISTENING = "listening on http://127.0.0.1:3000, http://[::1]:3000"


class SupervisorTests(SynchronousTestCase):
    """Odd environment variables and failed sends do no harm."""

    def test_of_the_settings(self):
        """The settings, which alone read the environment, have the supervisor."""
        environ = {"NOTIFY_SOCKET": "/run/systemd/notify", "WATCHDOG_USEC": "30000000"}
        supervisor = resolve({}, environ).supervisor
        self.assertEqual(supervisor.address, "/run/systemd/notify")
        self.assertEqual(supervisor.watchdog_seconds, 30)
        self.assertEqual(resolve({}, {}).supervisor, Supervisor())

    def test_watchdog_of_another_process(self):
        """The watchdog variables of a parent process are ignored."""
        environ = {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "2000000"}
        for pid, seconds in ((os.getpid(), 2), (os.getppid(), None), ("", None)):
            whole = {**environ, "WATCHDOG_PID": str(pid)}
            self.assertEqual(Supervisor.of(whole).watchdog_seconds, seconds)

    @given(
        address=st.text().filter(lambda text: "\0" not in text),
        micros=st.text() | st.integers().map(str),
    )
    def test_any_text(self, address, micros):
        """With any text in the variables nothing is raised and no period is zero."""
        environ = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": micros}
        supervisor = Supervisor.of(environ)
        self.assertIn((supervisor.address or "/")[0], "/@")
        if supervisor.watchdog_seconds is not None:
            self.assertGreater(supervisor.watchdog_seconds, 0)

    def test_unreachable_socket(self):
        """A missing or wrong socket, or one with too long a name, raises nothing."""
        for address in ("/nowhere/notify", "@missing", "/dev/null", f"/{'x' * 200}"):
            self.assertFalse(Supervisor(address=address).send("READY=1"))
        self.assertTrue(Supervisor().send("READY=1"))

    def test_full_queue(self):
        """Sending does not wait for a systemd that hangs."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hanging:
            hanging.bind(f"\0instantly-mcp-test-{os.getpid()}")
            supervisor = Supervisor(address=f"@instantly-mcp-test-{os.getpid()}")
            while supervisor.send("WATCHDOG=1"):
                pass


class NotifierTests(ClockedTestCase):
    """When each message is sent; keep-alives follow the reactor's clock."""

    def setUp(self) -> None:
        """Keep what is sent; have calls in flight."""
        super().setUp()
        self.sent: list[str] = []
        self.heard = True
        self.calls = 0
        self.kept: Sequence[str] = ()

    def notifier(self, **supervisor: Any) -> Notifier:
        """Return a notifier with its timers running."""
        notifier = Notifier(
            Supervisor(address="@fake", **supervisor),
            lambda: self.calls,
            self.send,
            lambda: 17,
        )
        for timer in notifier.timers(self.clock):
            self.run_timer(timer)
        return notifier

    def run_timer(self, timer: IService) -> None:
        """Run a timer until the end of the test."""
        timer.startService()
        self.addCleanup(timer.stopService)

    def send(self, message: str) -> bool:
        """Stand in for systemd."""
        self.sent.append(message)
        return self.heard

    def test_ready(self):
        """READY is sent once it listens, with a status for people."""
        self.notifier().publish(URLS)
        self.assertEqual(self.sent, [f"READY=1\nSTATUS={LISTENING}"])

    def test_detached(self):
        """A daemon in the background sends its process id."""
        self.notifier(pid=os.getppid()).publish(URLS)
        self.assertIn(f"\nMAINPID={os.getpid()}\n", self.sent[0])

    def test_reload(self):
        """A reload is reported as Type=notify-reload requires."""
        notifier = self.notifier()
        notifier.publish(URLS)
        notifier.announcing(lambda: self.kept)()
        began = "RELOADING=1\nMONOTONIC_USEC=17\nSTATUS=reloading"
        self.assertEqual(self.sent[1:], [began, f"READY=1\nSTATUS={LISTENING}"])

    def test_failed_reload(self):
        """The status names what a reload could not renew until one succeeds."""
        notifier = self.notifier()
        notifier.publish(URLS)
        self.kept = ("keys", "certificates")
        notifier.announcing(lambda: self.kept)()
        status = f"STATUS=reload failed, old keys, certificates kept; {LISTENING}"
        self.assertEqual(self.sent[-1], f"READY=1\n{status}")

    def test_reload_before_and_after(self):
        """A reload while it starts or stops does not say that it is ready."""
        notifier = self.notifier()
        reload = notifier.announcing(lambda: self.kept)
        reload()
        self.assertEqual(self.sent, [])
        notifier.publish(URLS)
        notifier.withdraw()
        self.sent.clear()
        reload()
        self.assertEqual(self.sent, [])

    def test_draining(self):
        """While calls drain the status counts them, and is sent when it changes."""
        notifier = self.notifier()
        self.calls = 2
        self.clock.advance(1)
        notifier.withdraw()
        self.clock.advance(1)
        self.calls = 1
        self.clock.pump([1, 1])
        self.calls = 0
        self.clock.pump([1, 1])
        self.assertEqual(
            self.sent,
            [
                "STOPPING=1\nSTATUS=draining: 2 calls in flight",
                "STATUS=draining: 1 call in flight",
                "STATUS=stopping",
            ],
        )

    def test_lost_message(self):
        """READY is sent again if it was lost, or systemd would end the daemon."""
        notifier = self.notifier()
        self.heard = False
        notifier.publish(URLS)
        self.clock.advance(1)
        self.heard = True
        self.clock.pump([1, 1, 1])
        self.assertEqual(self.sent, [f"READY=1\nSTATUS={LISTENING}"] * 3)

    def test_watchdog(self):
        """A keep-alive comes each half of the time that systemd allows."""
        self.notifier(watchdog_seconds=5.0)
        self.clock.advance(2.4)
        self.assertEqual(self.sent, [])
        self.clock.pump([0.1, 2.5, 2.5])
        self.assertEqual(self.sent, ["WATCHDOG=1"] * 3)

    def test_blocked_reactor(self):
        """A blocked reactor sends no keep-alive, so that systemd starts it again."""
        self.notifier(watchdog_seconds=5.0)
        self.clock.rightNow += 60
        self.assertEqual(self.sent, [])

    def test_no_systemd(self):
        """Without systemd there is no timer."""
        self.assertEqual(Notifier(Supervisor(), lambda: 0).timers(self.clock), ())


class Systemd(DatagramProtocol):
    """Plays systemd's notification socket."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def datagramReceived(self, datagram: bytes, addr: object) -> None:
        """Keep a message."""
        self.messages.append(datagram.decode())

    def has(self, *lines: str) -> bool:
        """Say whether some message has all these lines."""
        return any(set(lines) <= set(text.split("\n")) for text in self.messages)

    def firsts(self) -> Iterator[str]:
        """Yield the first line of each message except keep-alives and status."""
        for text in self.messages:
            first = text.split("\n")[0]
            if first != "WATCHDOG=1" and not first.startswith("STATUS="):
                yield first


def systemd_at(test: Any, name: str) -> Systemd:
    """Listen where a daemon sends to; ``@`` begins an abstract name."""
    systemd = Systemd()
    path = f"\0{name[1:]}" if name.startswith("@") else name
    port: Any = reactor
    listening = port.listenUNIXDatagram(path, systemd)
    test.addCleanup(listening.stopListening)
    return systemd


class NotifyingDaemonTests(UpstreamTestCase):
    """The real daemon under a fake systemd, whichever way it is started."""

    def short_folder(self) -> Path:
        """Return a folder whose name fits into the address of a socket."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        return Path(folder)

    @deferred
    async def lives(self, command: Sequence[str], address: str) -> None:
        """Check all messages from its start to its end."""
        systemd = systemd_at(self, address)
        environ = {
            "NOTIFY_SOCKET": address,
            "WATCHDOG_USEC": "200000",
            "INSTANTLY_MCP_UPSTREAM": self.base,
        }
        running = self.spawn(command, environ=environ)
        await self.until(lambda: systemd.messages or running.status is not None)
        (url,) = (await running.ready())["urls"]
        where = f"STATUS=listening on {url.removesuffix('/mcp')}"
        self.assertTrue(systemd.has("READY=1", where), systemd.messages)
        await self.until(lambda: systemd.has("WATCHDOG=1"))
        running.send(signal.SIGHUP)
        await self.until(lambda: systemd.has("RELOADING=1", "STATUS=reloading"))
        await self.until(lambda: [*systemd.firsts()].count("READY=1") == 2)
        calling = self.list_campaigns(url, x_api_key=KEY)
        held = await self.upstream.asked.get()
        running.send(signal.SIGTERM)
        draining = ("STOPPING=1", "STATUS=draining: 1 call in flight")
        await self.until(lambda: systemd.has(*draining))
        answer(held)
        await calling
        self.assertEqual(await running.ended, 0, running.output)
        said = ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]
        self.assertEqual([*systemd.firsts()], said)

    def test_run(self):
        """``instantly-mcp run``, and a socket in the file system."""
        return self.lives([*MODULE, "run"], str(self.short_folder() / "notify"))

    def test_twistd(self):
        """``twistd -n``, and an abstract socket."""
        return self.lives(
            [*TWISTD, "-n", "--pidfile=", "instantly_mcp"],
            f"@instantly-mcp-test-{os.getpid()}",
        )

    @deferred
    async def test_failed_start(self):
        """A daemon that cannot start never says that it is ready."""
        address = f"@instantly-mcp-failed-{os.getpid()}"
        systemd = systemd_at(self, address)
        environ = {"NOTIFY_SOCKET": address, "INSTANTLY_MCP_LISTEN": "unix:/no/where"}
        running = self.spawn([*MODULE, "run"], environ={**SANDBOX, **environ})
        self.assertEqual(await running.ended, 78, running.output)
        self.assertNotIn("READY=1", [*systemd.firsts()])


class DetachedNotifyTests(DetachedTestCase):
    """In the background the daemon is another process than the one started."""

    @deferred
    async def test_main_process(self):
        """It sends its process id once it listens, and then keep-alives."""
        address = f"@instantly-mcp-detached-{os.getpid()}"
        systemd = systemd_at(self, address)
        environ: Mapping[str, str] = {
            "NOTIFY_SOCKET": address,
            "WATCHDOG_USEC": "200000",
        }
        running, _, _ = self.twistd(**environ)
        self.assertEqual(await running.ended, 0, running.output)
        record = await running.ready()
        self.addCleanup(kill, record["pid"])
        await self.until(lambda: systemd.has("READY=1", f"MAINPID={record['pid']}"))
        await self.until(lambda: systemd.has("WATCHDOG=1"))
        os.kill(record["pid"], signal.SIGTERM)
        await self.until(lambda: systemd.has("STOPPING=1"))
