"""What the commands of administration have in common.

Each command is a class with its options, its `request` for the daemon, and `shown`,
which makes the answer readable. The daemon's side is in ``daemon/control/``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from twisted.internet.defer import Deferred

from ..._deferred import deferred
from ..._json_codec import Json, JsonObject, dumps
from ...daemon.control.client import administer
from ...daemon.control.direct import (
    is_empty,
    run_directly,
    run_on_nothing,
    state_directory,
)
from ...daemon.control.requests import CommandRefusedError, arguments_of
from ...daemon.settings.errors import report
from ...daemon.settings.loading import examine_process
from ..options import FILE, CommandOptions
from ..single_task import run_until_done

EX_REFUSED = 1
"""The exit status when the command cannot be done.

Nothing was changed, unless the lines say what is in effect and could not be stored.
"""


EX_IOERR = 74
"""The exit status when the command is done, and its answer cannot be printed."""


class AdminOptions(CommandOptions):
    """Base class for the options of a command of administration.

    :cvar command: the name of the command, such as ``token.add``.
    :cvar reads: it changes nothing, and creates no file where there is none.
    :ivar public_url: where clients reach the daemon, by the settings of this command.
    """

    command: str
    reads = False
    public_url: str | None = None
    takes = {"state-dir": FILE, "config": FILE}
    optFlags = [["json", None, "Print the answer as JSON."]]
    optParameters = [
        ["state-dir", None, None, "The daemon's state directory, if not the default."],
        ["config", None, None, "The daemon's TOML file, if it has one."],
    ]

    def request(self) -> object:
        """Return the request of the command, an instance of its attrs class.

        :raises usage.UsageError: for options that cannot be used.
        """
        raise AssertionError(f"{type(self).__name__} has no request")

    def shown(self, value: Json) -> Iterable[str]:
        """Return the lines that show the answer to a person."""
        return [dumps(value).decode()]

    def run(self) -> int:
        """Run the command, and print its answer; return the exit status: 0 or 1.

        :raises ConfigurationError: when there is no usable state directory.
        """
        from twisted.internet import reactor

        arguments = arguments_of(self.request())
        given = {
            name: self[option]
            for name, option in (("state_dir", "state-dir"), ("config", "config"))
            if self[option] is not None
        }
        settings, errors = examine_process(given)
        self.public_url = settings.public_url
        directory = state_directory(settings, errors, create=not self.reads)
        answers: list[Json] = []
        alone: list[str] = []

        def directly(name: str, given: JsonObject) -> Deferred[Json]:
            if self.reads and is_empty(directory):
                alone.append(nothing_stored(directory))
                return run_on_nothing()(name, given)
            run = run_directly(
                directory,
                audit_file=settings.audit_file,
                when_alone=lambda: alone.append(no_daemon(directory)),
            )
            return run(name, given)

        @deferred
        async def work() -> None:
            answers.append(
                await administer(reactor, directory, self.command, arguments, directly)
            )

        try:
            run_until_done(reactor, work)
        except CommandRefusedError as error:
            report([*error.lines, *alone], sys.stderr)
            return EX_REFUSED
        status = self._print(answers[0])
        report(alone, sys.stderr)
        return status

    def _print(self, value: Json) -> int:
        """Print an answer; return the exit status."""
        try:
            for line in self._printed(value):
                print(line)
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            # Python would report the error again when it closes standard output.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            lost = f"the command is done, but its answer is lost: {error.strerror}"
            report([lost], sys.stderr)
            return EX_IOERR
        return 0

    def _printed(self, value: Json) -> Iterable[str]:
        return [dumps(value).decode()] if self["json"] else self.shown(value)


def nothing_stored(directory: str) -> str:
    """Return what a person must know who reads where nothing is."""
    return (
        f"no daemon runs with {directory}, and nothing is stored there: if yours has "
        "another state directory, name it with --config or --state-dir"
    )


def no_daemon(directory: str) -> str:
    """Return what a person must know when no daemon was asked."""
    return (
        f"no daemon runs with {directory}: this is what the next one that does finds "
        "there; if yours runs now, name its --config or --state-dir"
    )
