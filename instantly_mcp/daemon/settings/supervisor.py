"""What systemd states in the environment of a process that it starts.

See sd_notify(3) and sd_watchdog_enabled(3).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

from attrs import field, frozen


@frozen(kw_only=True)
class Supervisor:
    """What systemd passes to a process that it starts, in environment variables.

    :param address: systemd's socket, a path or ``@`` and an abstract name; ``None``
        if there are no notifications.
    :param watchdog_seconds: systemd ends a process without a keep-alive for so long;
        ``None`` if it does not.
    :param pid: the process that systemd started; a detached daemon has another one.
    """

    address: str | None = None
    watchdog_seconds: float | None = None
    pid: int = field(factory=os.getpid)

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Supervisor:
        """Read the variables; ignore values that are not valid."""
        supervisor = cls()
        address = environ.get("NOTIFY_SOCKET", "")
        # Newer versions also have vsock: addresses, for whole virtual machines.
        if len(address) < 2 or address[0] not in "/@":
            return supervisor
        seconds = None
        micros = environ.get("WATCHDOG_USEC", "")
        meant = environ.get("WATCHDOG_PID", str(supervisor.pid))
        if micros.isascii() and micros.isdecimal() and meant == str(supervisor.pid):
            seconds = int(micros) / 1e6 or None
        return cls(address=address, watchdog_seconds=seconds, pid=supervisor.pid)

    def send(self, message: str) -> bool:
        """Send a datagram without blocking. Never raises.

        :returns: whether it was sent; ``True`` also without systemd.
        """
        if self.address is None:
            return True
        to = os.fsencode(self.address)
        if to.startswith(b"@"):
            to = b"\0" + to[1:]
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        with suppress(OSError), socket.socket(socket.AF_UNIX, kind) as sending:
            sending.sendto(message.encode(), to)
            return True
        return False
