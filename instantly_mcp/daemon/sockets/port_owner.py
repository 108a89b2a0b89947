"""Finds the program that uses a port, from Linux's ``/proc`` (proc(5)).

The answer is only a hint in a message: on other systems, and without the right to read
the files of other users' processes, it is missing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from struct import pack
from typing import TypeAlias

from attrs import frozen

ListeningAddress: TypeAlias = IPv4Address | IPv6Address

PROC = Path("/proc")

_STATE_LISTEN = "0A"
_ROW = re.compile(
    r"\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) \S+ ([0-9A-F]{2}) .*"
)
_INODE_COLUMN = 9
_SOCKET = re.compile(r"socket:\[(\d+)\]")
_NOT_SHOWN = re.compile(r"[^ -~]|[()]")


@frozen
class ListeningSocket:
    """A listening TCP socket.

    :param inode: identifies it among the descriptors of a process.
    """

    address: ListeningAddress
    port: int
    inode: str


def find_port_owner(port: int, interface: str, proc: Path = PROC) -> str | None:
    """Return the program that listens on a port, such as ``pid 812, nginx``.

    :param interface: an IP address; any other text means every address.
    :returns: ``None`` when the program cannot be found.
    """
    wanted = _address(interface)
    inodes = {
        socket.inode
        for socket in listening_sockets(proc)
        if socket.port == port and _conflicts(socket.address, wanted)
    }
    if not inodes:
        return None
    pid = next(
        (pid for pid in _pids(proc) if _holds_socket(proc / str(pid), inodes)), None
    )
    if pid is None:
        return None
    if pid == os.getpid():
        return "this process"
    with suppress(OSError):
        name = (proc / str(pid) / "comm").read_text(errors="replace").strip()
        return f"pid {pid}, {_NOT_SHOWN.sub('?', name)}"
    return f"pid {pid}"


def listening_sockets(proc: Path = PROC) -> Iterator[ListeningSocket]:
    """Yield the listening TCP sockets of the tables that can be read."""
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            text = (proc / "net" / table).read_text("ascii", "replace")
            for line in text.splitlines():
                yield from _socket(line)


def _socket(line: str) -> Iterator[ListeningSocket]:
    match = _ROW.fullmatch(line)
    columns = line.split()
    if match is None or match[3] != _STATE_LISTEN or len(columns) <= _INODE_COLUMN:
        return
    words = re.findall("." * 8, match[1])
    # The kernel prints each 32-bit word in the byte order of the machine.
    raw = b"".join(pack("=I", int(word, 16)) for word in words)
    yield ListeningSocket(ip_address(raw), int(match[2], 16), columns[_INODE_COLUMN])


def _conflicts(taken: ListeningAddress, wanted: ListeningAddress | None) -> bool:
    if wanted is None or wanted.is_unspecified or taken.is_unspecified:
        return True
    return taken == wanted


def _address(text: str) -> ListeningAddress | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _pids(proc: Path) -> list[int]:
    """Return the process ids in order: usually a parent before its children."""
    try:
        return sorted(
            int(path.name) for path in proc.iterdir() if path.name.isdecimal()
        )
    except OSError:
        return []


def _holds_socket(process: Path, inodes: set[str]) -> bool:
    with suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                match = _SOCKET.fullmatch(str(descriptor.readlink()))
                if match is not None and match[1] in inodes:
                    return True
    return False
