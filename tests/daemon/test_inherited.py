"""Sockets that systemd made."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import stat
import sys
import tempfile
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.endpoints import _SystemdParser
from twisted.internet.protocol import Factory
from twisted.python.systemd import ListenFDs
from twisted.trial.unittest import SynchronousTestCase, TestCase

from instantly_mcp._deferred import deferred
from instantly_mcp.daemon.listening import ListenAddress
from instantly_mcp.daemon.mistakes import Mistakes
from instantly_mcp.daemon.ports import Ports

from .processes import MODULE, ROOT, ProcessTestCase, Running

AS_SYSTEMD = (sys.executable, str(ROOT / "tests" / "daemon" / "as_systemd.py"))


def handed_over(test: SynchronousTestCase, *sockets: socket.socket) -> None:
    """Let Twisted find copies of these sockets, as systemd's."""
    files = [os.dup(each.fileno()) for each in sockets]
    names = ["instantly-mcp.socket"] * len(files)
    test.patch(_SystemdParser, "_sddaemon", ListenFDs(files, names))


def unix_socket(test: SynchronousTestCase) -> tuple[Path, socket.socket]:
    """Return a UNIX socket for one user and group, in a folder with a short name."""
    folder = tempfile.mkdtemp()
    test.addCleanup(shutil.rmtree, folder)
    path = Path(folder) / "mcp.sock"
    made = socket.socket(socket.AF_UNIX)
    test.addCleanup(made.close)
    made.bind(str(path))
    path.chmod(0o660)
    made.listen()
    return path, made


class InheritedSocketTests(TestCase):
    """What was handed over is used as it is, and left as it was."""

    def ports(self, text: str) -> Ports:
        """Return ports that listen on one endpoint."""
        return Ports(reactor, [ListenAddress.parse(text)])

    def mistake(self, text: str) -> str:
        """Return why an endpoint cannot be listened on."""
        opening = self.ports(text).open(Factory())
        (line,) = self.failureResultOf(opening, Mistakes).value.lines
        return str(line)

    @deferred
    async def test_address(self):
        """The real address is announced, and loopback is known to be local."""
        with socket.create_server(("127.0.0.1", 0)) as made:
            handed_over(self, made)
            ports = self.ports("systemd:domain=INET:index=0")
            await ports.open(Factory())
            (bound,) = ports.bound
            self.assertTrue(ports.is_local(bound.port.getHost()))
            port = made.getsockname()[1]
            self.assertEqual(ports.urls, (f"http://127.0.0.1:{port}",))
            await ports.close()

    @deferred
    async def test_goes_on_after_the_daemon(self):
        """A connection after the daemon closed its copy waits for a successor."""
        with socket.create_server(("127.0.0.1", 0)) as made:
            handed_over(self, made)
            ports = self.ports("systemd:domain=INET:index=0")
            await ports.open(Factory())
            await ports.close()
            with socket.create_connection(made.getsockname()):
                made.accept()[0].close()

    @deferred
    async def test_unix_socket(self):
        """Its rights stay as they are, and it is there after the daemon."""
        path, made = unix_socket(self)
        for wrapper in ("", "haproxy:"):
            handed_over(self, made)
            ports = self.ports(f"{wrapper}systemd:domain=UNIX:index=0")
            await ports.open(Factory())
            self.assertEqual(ports.urls, (f"unix:{path}",))
            await ports.close()
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o660)
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                made.accept()[0].close()

    def test_another_family(self):
        """A socket of another family is refused: what counts as local is read there."""
        with socket.create_server(("127.0.0.1", 0)) as made:
            for domain in ("UNIX", "INET6"):
                handed_over(self, made)
                line = self.mistake(f"systemd:domain={domain}:index=0")
                self.assertIn("is of domain=INET; sockets are counted", line)
                self.assertTrue(line.startswith("IMCP-BIND "), line)

    def test_not_listening(self):
        """Nor is a socket taken that accepts no connections."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
            handed_over(self, made)
            line = self.mistake("systemd:domain=INET:index=0")
            self.assertIn("none that accepts connections", line)

    def test_no_such_domain(self):
        """A domain that the system does not know is one line."""
        handed_over(self)
        line = self.mistake("systemd:domain=INETX:name=x")
        self.assertIn("systemd handed over no such socket", line)
        with socket.create_server(("127.0.0.1", 0)) as made:
            handed_over(self, made)
            line = self.mistake("systemd:domain=INETX:index=0")
            self.assertIn("Twisted knows no such endpoint", line)


class HandedOverTests(ProcessTestCase):
    """A real daemon on sockets that the test, as systemd, made."""

    def setUp(self) -> None:
        """Listen on loopback, as the shipped socket unit does."""
        super().setUp()
        self.sockets = [self.listening("127.0.0.1", socket.AF_INET)]
        # A machine may have no IPv6.
        with contextlib.suppress(OSError):
            self.sockets.append(self.listening("::1", socket.AF_INET6))

    def listening(self, host: str, family: socket.AddressFamily) -> socket.socket:
        """Return a listening socket."""
        made = socket.create_server((host, 0), family=family, backlog=1024)
        self.addCleanup(made.close)
        return made

    def start(self) -> Running:
        """Start a daemon on the sockets."""
        listen = [
            f"--listen=systemd:domain={domain}:index={index}"
            for index, domain in enumerate(("INET", "INET6")[: len(self.sockets)])
        ]
        how = json.dumps({"sockets": len(self.sockets)})
        command = [*AS_SYSTEMD, how, *MODULE, "run", "--sandbox", *listen]
        return self.spawn(command, sockets=self.sockets)

    @deferred
    async def test_host_is_checked_on_loopback(self):
        """A page of another name, rebound to loopback, is refused as ever."""
        running = self.start()
        (url, *_) = (await running.ready())["urls"]
        response = await self.request(b"GET", url, {"Host": "evil.example"})
        self.assertEqual(response.code, 421)
