"""Sockets that systemd passes, and restarts that refuse no connection."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import _SystemdParser
from twisted.internet.protocol import Factory
from twisted.python.systemd import ListenFDs
from twisted.trial.unittest import SynchronousTestCase, TestCase

from instantly_mcp._deferred import deferred
from instantly_mcp.daemon.settings.endpoints import Endpoint
from instantly_mcp.daemon.settings.errors import ConfigurationError
from instantly_mcp.daemon.sockets.inherited import unserved_sockets
from instantly_mcp.daemon.sockets.ports import Ports

from ..processes import MODULE, ROOT, ProcessTestCase, Running

AS_SYSTEMD = (sys.executable, str(ROOT / "tests" / "daemon" / "as_systemd.py"))
CLIENTS = 4
"""On each of the sockets."""

CALLS = 6
"""Of each client, before, between and after the restarts, at least."""


def handed_over(test: SynchronousTestCase, *sockets: socket.socket) -> None:
    """Let Twisted find copies of these sockets as if systemd passed them."""
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
    """A passed socket is used as it is, and not changed."""

    def ports(self, text: str) -> Ports:
        """Return ports that listen on one endpoint."""
        return Ports(reactor, [Endpoint.parse(text)])

    def mistake(self, text: str) -> str:
        """Return why an endpoint cannot be listened on."""
        opening = self.ports(text).open(Factory())
        (line,) = self.failureResultOf(opening, ConfigurationError).value.lines
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
        """Its mode is not changed, and it is not removed when the daemon ends."""
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
        """A socket of another family is refused: the family decides what is local."""
        with socket.create_server(("127.0.0.1", 0)) as made:
            for domain in ("UNIX", "INET6"):
                handed_over(self, made)
                line = self.mistake(f"systemd:domain={domain}:index=0")
                self.assertIn("is of domain=INET; sockets are counted", line)
                self.assertTrue(line.startswith("IMCP-BIND "), line)

    def test_not_listening(self):
        """A socket that does not listen is refused."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
            handed_over(self, made)
            line = self.mistake("systemd:domain=INET:index=0")
            self.assertIn("does not accept connections", line)

    def test_socket_without_an_address(self):
        """A passed socket that no endpoint names is refused: its clients would wait."""
        with socket.create_server(("127.0.0.1", 0)) as made:
            handed_over(self, made, made, made)
            texts = ["haproxy:systemd:domain=INET:index=2", "tcp:1"]
            lines = [*unserved_sockets([*texts, "systemd:domain=INET:index=0"])]
            self.assertEqual(len(lines), 1)
            self.assertIn(
                "IMCP-BIND listen does not name the socket with index=1", *lines
            )
            self.assertEqual(len([*unserved_sockets(["tcp:1"])]), 3)
        handed_over(self)
        self.assertEqual([*unserved_sockets(["systemd:domain=INET:name=x"])], [])

    def test_no_such_domain(self):
        """A domain that the system does not know is one line."""
        handed_over(self)
        line = self.mistake("systemd:domain=INETX:name=x")
        self.assertIn("systemd passed no such socket", line)
        with socket.create_server(("127.0.0.1", 0)) as made:
            handed_over(self, made)
            line = self.mistake("systemd:domain=INETX:index=0")
            self.assertIn("not a valid Twisted endpoint", line)


class RestartTests(ProcessTestCase):
    """The test is systemd: it holds the sockets while one daemon follows another."""

    def setUp(self) -> None:
        """Listen on loopback, as the shipped socket unit does."""
        super().setUp()
        self.sockets = [self.listening("127.0.0.1", socket.AF_INET)]
        # A machine may have no IPv6.
        with contextlib.suppress(OSError):
            self.sockets.append(self.listening("::1", socket.AF_INET6))
        self.answers = [0] * (CLIENTS * len(self.sockets))
        self.stopping = False

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
        command = [
            *AS_SYSTEMD,
            how,
            *MODULE,
            "run",
            "--sandbox",
            "--rate-limit=0",
            *listen,
        ]
        return self.spawn(command, sockets=self.sockets)

    def client(self, number: int, urls: Sequence[str]) -> Deferred[None]:
        """Call again and again, each time on a new connection."""
        url = urls[number % len(urls)]
        return Deferred.fromCoroutine(self.calling(number, url))

    async def calling(self, number: int, url: str) -> None:
        """Call until the test ends. Raises if one connection or answer is lost."""
        headers: Mapping[str, str] = {"x-api-key": f"sandbox-{number}"}
        params = {"name": "list_campaigns", "arguments": {}}
        while not self.stopping:
            answer: Any = await self.call(url, "tools/call", params, headers)
            self.assertNotIn("isError", answer["result"])
            self.answers[number] += 1

    async def answered(self, more: int, calling: Deferred[Any]) -> None:
        """Wait until each client has had so many more answers."""
        least = [count + more for count in self.answers]
        await self.until(
            lambda: calling.called or all(map(int.__ge__, self.answers, least))
        )
        if calling.called:
            await calling
            raise AssertionError("the clients stopped")

    @deferred
    async def test_no_connection_is_refused(self):
        """Clients that connect all the time see two restarts only as a delay."""
        running = self.start()
        urls = (await running.ready())["urls"]
        ports = [each.getsockname()[1] for each in self.sockets]
        hosts = ("127.0.0.1", "[::1]")
        expected = [f"http://{h}:{p}/mcp" for h, p in zip(hosts, ports, strict=False)]
        self.assertEqual(urls, expected)
        clients = [self.client(number, urls) for number in range(len(self.answers))]
        calling = gatherResults(clients)
        for _ in range(2):
            await self.answered(CALLS, calling)
            running.send(signal.SIGTERM)
            self.assertEqual(await running.ended, 0, running.output)
            running = self.start()
            await running.ready()
        await self.answered(CALLS, calling)
        self.stopping = True
        await calling
        running.send(signal.SIGTERM)
        self.assertEqual(await running.ended, 0, running.output)

    @deferred
    async def test_host_is_checked_on_loopback(self):
        """A page of another name, rebound to loopback, is refused as usual. Nothing is
        said of sockets that all have an address.
        """
        running = self.start()
        (url, *_) = (await running.ready())["urls"]
        response = await self.request(b"GET", url, {"Host": "evil.example"})
        self.assertEqual(response.code, 421)
        self.assertNotIn(b"IMCP-BIND", running.output)
