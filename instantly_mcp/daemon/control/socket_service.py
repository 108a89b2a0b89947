"""The service that opens ``control.sock`` while the daemon runs."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from twisted.application.service import Service
from twisted.internet.defer import maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger

from ..._deferred import deferred
from .dispatch import CommandTable
from .lines import ControlFactory

SOCKET_NAME = "control.sock"

MAX_PATH_BYTES = 107
"""The longest path of a UNIX socket on Linux (``sun_path`` of unix(7))."""

_UNREACHABLE = (
    "IMCP-CONTROL commands such as instantly-mcp token cannot reach this daemon"
)


def socket_path(directory: str) -> str:
    """Return the path of the control socket in a state directory."""
    return os.path.join(directory, SOCKET_NAME)


def too_long(path: str) -> bool:
    """Say whether a path cannot be that of a UNIX socket."""
    return len(os.fsencode(path)) > MAX_PATH_BYTES


def unreachable(directory: Path | str | None) -> Sequence[str]:
    """Return a warning if commands cannot reach a daemon with this state directory.

    :param directory: ``None`` for none, which is reported elsewhere.
    """
    if directory is None or not too_long(socket_path(str(directory))):
        return ()
    length = len(os.fsencode(socket_path(str(directory))))
    return (
        f"{_UNREACHABLE}: the path of the control socket has {length} bytes, and the "
        f"system allows {MAX_PATH_BYTES}: choose a state_dir with a shorter path",
    )


class ControlService(Service):
    """Serves the commands of administration on a UNIX socket.

    A daemon that cannot open the socket serves its clients all the same, and logs why
    commands cannot reach it.

    :param directory: the state directory, which this process has locked: a socket that
        is there was left by a daemon that was killed.
    """

    log: ClassVar[Logger] = Logger()

    def __init__(self, reactor: Any, directory: str, table: CommandTable) -> None:
        self._reactor = reactor
        self._directory = directory
        self._factory = ControlFactory(table, reactor)
        self._port: IListeningPort | None = None

    def startService(self) -> None:
        """Open the socket."""
        super().startService()
        why = self._open()
        if why is not None:
            self.log.warn("{what}: {why}", what=_UNREACHABLE, why=why)

    def _open(self) -> str | None:
        path = socket_path(self._directory)
        if too_long(path):
            # Logged with the other warnings, once the daemon listens.
            return None
        try:
            _remove_stale(path)
            self._port = self._reactor.listenUNIX(path, self._factory, mode=0o600)
        except CannotListenError as error:
            return str(error.socketError)
        except OSError as error:
            return f"{error.filename or path}: {error.strerror}"
        return None

    def disconnect(self) -> None:
        """Close the open connections; a command that runs goes on."""
        self._factory.disconnect()

    @deferred
    async def stopService(self) -> None:
        """Close the socket, which removes its file."""
        super().stopService()
        port, self._port = self._port, None
        self.disconnect()
        if port is not None:
            await maybeDeferred(port.stopListening)


def _remove_stale(path: str) -> None:
    """Remove the socket that a killed daemon left."""
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.lstat(path).st_mode):
            os.unlink(path)
