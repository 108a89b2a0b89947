"""The command line's side: asks the running daemon, or works without one."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import UNIXClientEndpoint, connectProtocol
from twisted.internet.error import ConnectError

from ..._deferred import deferred
from ..._json_codec import Json, JsonObject
from ..state_access import user_name
from .lines import CommandCall
from .requests import CommandRefusedError
from .socket_service import socket_path, too_long

RunDirectly: TypeAlias = Callable[[str, JsonObject], Deferred[Json]]
"""Runs a command, by name and arguments, on the files of the state directory."""


ANSWER_SECONDS = 60.0
"""How long a command waits for a daemon that is stopped or blocked."""


class NoDaemonError(Exception):
    """No daemon listens on the control socket."""


@deferred
async def administer(
    reactor: Any, directory: str, name: str, arguments: JsonObject, run: RunDirectly
) -> Json:
    """Have the daemon run a command; without a daemon, run it here.

    :param directory: the state directory.
    :param run: runs the command when no daemon does.
    :raises CommandRefusedError: when the command cannot be done.
    """
    try:
        return await ask_daemon(reactor, directory, name, arguments)
    except NoDaemonError:
        pass
    refusal = foreign_owner(directory, os.geteuid())
    if refusal is not None:
        raise CommandRefusedError(refusal)
    return await run(name, arguments)


@deferred
async def ask_daemon(
    reactor: Any, directory: str, name: str, arguments: JsonObject
) -> Json:
    """Send a command to the daemon that uses a state directory; return its answer.

    :raises NoDaemonError: when there is none that can be asked.
    :raises CommandRefusedError: when the daemon refuses the command, or this user may
        not connect to it.
    """
    path = socket_path(directory)
    if too_long(path):
        raise NoDaemonError
    call = CommandCall(name, arguments)
    try:
        await connectProtocol(UNIXClientEndpoint(reactor, path), call)
    except ConnectError as error:
        if error.osError == errno.EACCES:
            raise CommandRefusedError(
                f"{path} can be used by the daemon's user and by root only: run the "
                "command as one of them"
            ) from None
        raise NoDaemonError from None
    return await call.answered.addTimeout(
        ANSWER_SECONDS, reactor, lambda _, seconds: _give_up(call, seconds)
    )


def _give_up(call: CommandCall, seconds: float) -> NoReturn:
    transport: Any = call.transport
    transport.abortConnection()
    raise CommandRefusedError(
        f"the daemon did not answer within {seconds:g} s: look at its log, and at what "
        "the command has changed, before you repeat it"
    )


def foreign_owner(directory: str, user: int) -> str | None:
    """Return why a user must not write to a state directory; ``None`` if it may.

    :param user: the numeric id of the user.
    """
    try:
        owner = os.stat(directory).st_uid
    except FileNotFoundError:
        return None
    if owner == user:
        return None
    name = user_name(owner)
    return (
        f"{directory} belongs to {name}, and a file that another user writes there "
        f"would lock the daemon out: start the daemon, or run the command as {name}"
    )
