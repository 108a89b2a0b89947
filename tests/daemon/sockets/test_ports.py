"""The sockets that the daemon listens on."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactor
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from instantly_mcp.daemon.settings.endpoints import BACKLOG, Endpoint
from instantly_mcp.daemon.settings.errors import ConfigurationError
from instantly_mcp.daemon.sockets.ports import AddressInUse, Ports
from tests.support.certificates import PemFiles, issue, pem_pair


@implementer(IListeningPort)
class FakePort:
    """A socket that remembers what was asked of it."""

    def __init__(self, reactor, host, port):
        self.reactor = reactor
        self.address = (host, port)

    def startListening(self):
        """Do nothing: it listens already."""

    def stopListening(self):
        """Free the port."""
        del self.reactor.taken[self.address]
        return succeed(None)

    def getHost(self):
        """Return the address."""
        host, port = self.address
        kind = IPv6Address if ":" in host else IPv4Address
        return kind("TCP", host or "0.0.0.0", port)


class FakeSocket(FakePort):
    """A UNIX socket of that kind."""

    def getHost(self):
        """Return the path."""
        return UNIXAddress(self.address[0].encode())


class SocketReactor(MemoryReactor):
    """A reactor on a machine where some ports are taken."""

    def __init__(self):
        super().__init__()
        self.taken: dict[tuple[str, int], object] = {}
        self.backlogs: list[int] = []
        self.without: tuple[str, ...] = ()

    def listenTCP(self, port, factory, backlog=50, interface=""):
        """Listen, unless the port is taken or the address is not there."""
        if interface in self.without:
            raise CannotListenError(
                interface, port, OSError(errno.EADDRNOTAVAIL, "No such address")
            )
        if (interface, port) in self.taken:
            raise CannotListenError(
                interface, port, OSError(errno.EADDRINUSE, "Address in use")
            )
        bound = FakePort(self, interface, port or 49152)
        self.backlogs.append(backlog)
        self.taken[bound.address] = bound
        return bound


class UnixReactor(SocketReactor):
    """A reactor whose UNIX sockets are listened on, and remembered."""

    def listenUNIX(self, address, factory, backlog=50, mode=0o666, wantPID=0):
        """Listen, unless another process has the lock, as Twisted reports it."""
        if (address, 0) in self.taken:
            raise CannotListenError(None, address, "Cannot acquire lock")
        if address.startswith("/nowhere/"):
            # As `os.symlink` says it: what the link holds, where it goes, as bytes.
            lock = os.fsencode(f"{address}.lock")
            no_such = (errno.ENOENT, "No such file", b"812", None, lock)
            raise FileNotFoundError(*no_such)
        bound = FakeSocket(self, address, 0)
        self.taken[bound.address] = bound
        return bound


class PortsTests(SynchronousTestCase):
    """Listening, on the next port where that is allowed, and not at all."""

    def setUp(self) -> None:
        """Have a machine."""
        self.reactor = SocketReactor()

    def ports(self, *texts: str, retries: int = 0, companion: str = "") -> Ports:
        """Return the ports for listen strings."""
        return Ports(
            self.reactor,
            [Endpoint.parse(text) for text in texts],
            retries,
            Endpoint.parse(companion) if companion else None,
        )

    def take(self, *endpoints: tuple[str, int]) -> None:
        """Let other programs use these ports."""
        self.reactor.taken.update(dict.fromkeys(endpoints))

    def test_every_address(self):
        """All addresses are listened on; port 0 becomes the real one."""
        ports = self.ports("tcp:3000:interface=127.0.0.1", "tcp:0:interface=\\:\\:1")
        self.successResultOf(ports.open(Factory()))
        self.assertEqual(ports.urls, ("http://127.0.0.1:3000", "http://[::1]:49152"))

    def test_backlog(self):
        """A thousand may wait to be accepted, or as many as the string says."""
        ports = self.ports("tcp:3000", "tcp:3001:backlog=5")
        self.successResultOf(ports.open(Factory()))
        self.assertEqual(self.reactor.backlogs, [BACKLOG, 5])

    def test_unix_socket_taken(self):
        """A UNIX socket that another daemon has is one line, as a port would be."""
        self.reactor = UnixReactor()
        self.take(("/run/x.sock", 0))
        errors = self.failureResultOf(
            self.ports("unix:/run/x.sock", retries=2).open(Factory()), AddressInUse
        ).value
        self.assertIn("IMCP-BIND unix:/run/x.sock is already in use", str(errors))

    def test_unknown_endpoint(self):
        """An endpoint of an unknown type is reported as such."""
        errors = self.failureResultOf(
            self.ports("bogus:1").open(Factory()), ConfigurationError
        ).value
        self.assertIn("bogus:1: this is not a valid Twisted endpoint", str(errors))

    def test_local(self):
        """The local address decides whether a connection is local, also after
        the sockets are closed.
        """
        ports = self.ports("tcp:3000:interface=127.0.0.1", "tcp:3001")
        self.successResultOf(ports.open(Factory()))
        self.successResultOf(ports.close())
        self.assertTrue(ports.is_local(IPv4Address("TCP", "127.0.0.1", 3000)))
        self.assertTrue(ports.is_local(UNIXAddress(b"/run/x")))
        for host, port in (("127.0.0.1", 3001), ("10.0.0.1", 3001), ("10.0.0.1", 3000)):
            self.assertFalse(ports.is_local(IPv4Address("TCP", host, port)))

    def test_unix_socket_nowhere(self):
        """A UNIX socket in a folder that is not there is one line."""
        self.reactor = UnixReactor()
        opening = self.ports("unix:/nowhere/x.sock").open(Factory())
        (line,) = self.failureResultOf(opening, ConfigurationError).value.lines
        self.assertIn("unix:/nowhere/x.sock: /nowhere/x.sock.lock: No such", line)

    def test_no_socket_handed_over(self):
        """If systemd did not pass the socket, one line says so."""
        opening = self.ports("systemd:domain=INET:index=0").open(Factory())
        (line,) = self.failureResultOf(opening, ConfigurationError).value.lines
        self.assertIn("systemd passed no such socket", line)

    def test_unix_socket(self):
        """A UNIX socket has no URL: its listen string stands for it."""
        self.reactor = UnixReactor()
        ports = self.ports("unix:/run/x.sock")
        self.successResultOf(ports.open(Factory()))
        self.assertEqual(ports.urls, ("unix:/run/x.sock",))
        self.successResultOf(ports.close())

    def test_taken(self):
        """A taken port is one line that names it and says what to do."""
        self.take(("127.0.0.1", 3000))
        opening = self.ports("tcp:3000:interface=127.0.0.1").open(Factory())
        (line,) = self.failureResultOf(opening, ConfigurationError).value.lines
        self.assertEqual(
            line,
            "IMCP-BIND 127.0.0.1:3000 is already in use: set listen to another port,"
            " or stop the program that uses it",
        )

    def test_owner_of_a_taken_port(self):
        """The program that has the port is named, if that can be found out."""
        self.take(("127.0.0.1", 3000))
        ports = self.ports("tcp:3000:interface=127.0.0.1")
        ports.find_owner = lambda port, interface: f"pid 812, nginx {interface}:{port}"
        (line,) = self.failureResultOf(
            ports.open(Factory()), ConfigurationError
        ).value.lines
        self.assertIn("in use (pid 812, nginx 127.0.0.1:3000): set listen", line)

    def test_next_port(self):
        """With retries the next free port is used."""
        self.take(("127.0.0.1", 3000), ("127.0.0.1", 3001))
        ports = self.ports("tcp:3000:interface=127.0.0.1", retries=2)
        self.successResultOf(ports.open(Factory()))
        self.assertEqual(ports.urls, ("http://127.0.0.1:3002",))

    def test_retries_end(self):
        """When all ports that may be tried are taken, the line says so."""
        self.take(("127.0.0.1", 3000), ("127.0.0.1", 3001))
        opening = self.ports("tcp:3000:interface=127.0.0.1", retries=1).open(Factory())
        (line,) = self.failureResultOf(opening, ConfigurationError).value.lines
        self.assertIn("and 1 ports after it", line)

    def test_nothing_stays_open(self):
        """When the second address fails, the first is closed again."""
        self.take(("", 3001))
        opening = self.ports("tcp:3000", "tcp:3001").open(Factory())
        self.failureResultOf(opening, ConfigurationError)
        self.assertNotIn(("", 3000), self.reactor.taken)

    def test_not_here(self):
        """An address that this machine does not have is said in one line."""
        self.reactor.without = ("10.9.9.9",)
        opening = self.ports("tcp:3000:interface=10.9.9.9", retries=5).open(Factory())
        (line,) = self.failureResultOf(opening, ConfigurationError).value.lines
        self.assertIn("No such address", line)

    def test_companion_follows_the_port(self):
        """The IPv6 loopback gets the port that the first address got."""
        self.take(("127.0.0.1", 3000))
        ports = self.ports(
            "tcp:3000:interface=127.0.0.1",
            retries=1,
            companion="tcp:3000:interface=\\:\\:1",
        )
        self.successResultOf(ports.open(Factory()))
        self.assertEqual(ports.urls, ("http://127.0.0.1:3001", "http://[::1]:3001"))

    def test_without_ipv6(self):
        """Without IPv6 the companion is left out."""
        self.reactor.without = ("::1",)
        ports = self.ports("tcp:3000", companion="tcp:3000:interface=\\:\\:1")
        self.successResultOf(ports.open(Factory()))
        self.assertEqual(ports.urls, ("http://0.0.0.0:3000",))

    def test_unreadable_certificate(self):
        """A certificate that is not there is one line."""
        opening = self.ports("ssl:443:privateKey=/nowhere/key.pem").open(Factory())
        (line,) = self.failureResultOf(opening, ConfigurationError).value.lines
        self.assertIn("/nowhere/key.pem", line)

    def test_unknown_kind(self):
        """An endpoint that no plugin knows is one line."""
        opening = self.ports("carrier-pigeon:1").open(Factory())
        (line,) = self.failureResultOf(opening, ConfigurationError).value.lines
        self.assertTrue(line.startswith("IMCP-BIND cannot listen on carrier-pigeon"))

    def test_close(self):
        """Closing frees every port; closing again does nothing."""
        ports = self.ports("tcp:3000", "tcp:3001")
        self.successResultOf(ports.open(Factory()))
        self.successResultOf(ports.close())
        self.successResultOf(ports.close())
        self.assertEqual(self.reactor.taken, {})

    def test_certificates_of_plain_ports(self):
        """A reload leaves ports without TLS alone."""
        ports = self.ports("tcp:3000")
        self.successResultOf(ports.open(Factory()))
        before = list(ports.bound)
        ports.renew_certificates()
        self.assertEqual(ports.bound, before)

    def test_bad_certificate(self):
        """A reload with a bad certificate is logged, and every socket stays open."""
        folder = Path(self.mktemp())
        folder.mkdir()
        files = PemFiles(folder)
        ports = self.ports("tcp:3000", files.listen(3001))
        self.successResultOf(ports.open(Factory()))
        before = list(ports.bound)
        files.cert.unlink()
        with capturedLogs() as events:
            ports.renew_certificates()
        (line,) = [event["line"] for event in events]
        self.assertIn("cert.pem: No such file", line)
        self.assertEqual(ports.bound, before)

    def test_key_of_another_certificate(self):
        """A key that does not belong to its certificate is one line that says so."""
        folder = Path(self.mktemp())
        folder.mkdir()
        files = PemFiles(folder)
        files.key.write_bytes(pem_pair()[0])
        opening = self.ports(files.listen(443)).open(Factory())
        (line,) = self.failureResultOf(opening, ConfigurationError).value.lines
        self.assertIn("do not match", line)

    def test_certificate_that_clients_refuse(self):
        """At a start and after a reload the log says what clients would refuse."""
        folder = Path(self.mktemp())
        folder.mkdir()
        files = PemFiles(folder)
        expired = issue(days=-1)
        files.key.write_bytes(expired.key_pem)
        files.cert.write_bytes(expired.pem)
        ports = self.ports(files.listen(443))
        for work in (lambda: ports.open(Factory()), ports.renew_certificates):
            with capturedLogs() as events:
                work()
            (event,) = events
            self.assertIn("IMCP-TLS the certificate expired", event["line"])
            self.assertEqual(event["log_level"].name, "error")
