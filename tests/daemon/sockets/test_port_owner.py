"""Which program has a port, from a simulated ``/proc`` and from the real one."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from pathlib import Path
from struct import unpack
from unittest import skipUnless

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.sockets.port_owner import (
    PROC,
    find_port_owner,
    listening_sockets,
)

LISTENS, CONNECTED = "0A", "01"
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n"


def row(address: str, port: int, inode: int, state: str = LISTENS) -> str:
    """Write a line as the kernel does."""
    raw = ip_address(address).packed
    words = unpack(f"={len(raw) // 4}I", raw)
    local = "".join(f"{word:08X}" for word in words)
    return (
        f"   0: {local}:{port:04X} 00000000:0000 {state} 00000000:00000000"
        f" 00:00000000 00000000  1000        0 {inode} 1 0000000097 100 0 0 10 0\n"
    )


class PortOwnerTests(SynchronousTestCase):
    """A machine with a few programs on it."""

    def setUp(self) -> None:
        """Have an empty machine."""
        self.proc = Path(self.mktemp())
        (self.proc / "net").mkdir(parents=True)

    def table(self, *rows: str, name: str = "tcp") -> None:
        """Write a table of sockets."""
        (self.proc / "net" / name).write_text(HEAD + "".join(rows), encoding="ascii")

    def process(self, pid: int, name: str, *inodes: int) -> None:
        """Run a program that has these sockets open."""
        folder = self.proc / str(pid) / "fd"
        folder.mkdir(parents=True)
        (self.proc / str(pid) / "comm").write_text(f"{name}\n", encoding="utf-8")
        (folder / "0").symlink_to("/dev/null")
        for number, inode in enumerate(inodes, start=3):
            (folder / str(number)).symlink_to(f"socket:[{inode}]")

    def find_owner(self, port: int = 3000, interface: str = "127.0.0.1") -> str | None:
        """Return the program that has a port."""
        return find_port_owner(port, interface, self.proc)

    def test_named(self):
        """The program that listens is named; of several the oldest."""
        self.table(row("127.0.0.1", 80, 7), row("127.0.0.1", 3000, 9))
        self.process(900, "nginx", 9)
        self.process(812, "nginx", 7, 9)
        self.process(5, "other", 7)
        self.assertEqual(self.find_owner(), "pid 812, nginx")

    def test_in_the_way(self):
        """A socket on all addresses has the port on each of them, and the reverse."""
        self.table(row("0.0.0.0", 1, 7), row("10.0.0.1", 2, 7))
        self.table(row("::", 3, 7), row("::1", 4, 7), name="tcp6")
        self.process(812, "nginx", 7)
        for port, interface, seen in (
            (1, "127.0.0.1", True),
            (2, "10.0.0.1", True),
            (2, "", True),
            (2, "0.0.0.0", True),
            (2, "127.0.0.1", False),
            (3, "127.0.0.1", True),
            (4, "::1", True),
            (4, "localhost", True),
            (4, "10.0.0.1", False),
        ):
            found = self.find_owner(port, interface)
            self.assertEqual(found is not None, seen, (port, interface))

    def test_only_listeners(self):
        """A connection from the same port does not count."""
        self.table(row("127.0.0.1", 3000, 9, CONNECTED))
        self.process(812, "curl", 9)
        self.assertIsNone(self.find_owner())

    def test_nothing_to_see(self):
        """Without tables, owner or permission no program is named."""
        self.assertIsNone(self.find_owner())
        self.table(row("127.0.0.1", 3000, 9), "nonsense\n")
        self.assertIsNone(self.find_owner())
        (self.proc / "812").mkdir()
        self.assertIsNone(self.find_owner())
        self.assertIsNone(find_port_owner(3000, "", self.proc / "nowhere"))

    def test_odd_names(self):
        """The name of a program cannot break the line that it stands in."""
        self.table(row("127.0.0.1", 3000, 9))
        self.process(812, "a\n)\x1b[1mö", 9)
        self.assertEqual(self.find_owner(), "pid 812, a???[1m?")

    def test_gone(self):
        """A program whose name cannot be read any more is named by its id."""
        self.table(row("127.0.0.1", 3000, 9))
        self.process(812, "nginx", 9)
        (self.proc / "812" / "comm").unlink()
        self.assertEqual(self.find_owner(), "pid 812")

    @given(st.ip_addresses(), st.integers(1, 65535), st.integers(1, 10**9))
    def test_rows(self, address, port, inode):
        """Every address and port is read as the kernel wrote it."""
        self.table(row(str(address), port, inode))
        (found,) = listening_sockets(self.proc)
        self.assertEqual((found.address, found.port), (address, port))
        self.assertEqual(found.inode, str(inode))

    @given(st.text(max_size=200))
    def test_nonsense(self, text):
        """Any content of a table is read without an error."""
        (self.proc / "net" / "tcp").write_text(text, encoding="utf-8")
        self.assertLessEqual(len(list(listening_sockets(self.proc))), 1)

    @skipUnless(PROC.joinpath("net/tcp").exists(), "no /proc here")
    def test_ourselves(self):
        """On the real ``/proc`` the test process finds itself."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            self.assertEqual(find_port_owner(port, "127.0.0.1"), "this process")
