"""The table of commands, and how one is run."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Protocol

from attrs import define, field, frozen
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger

from ... import __version__
from ..._deferred import deferred
from ..._json_codec import Json, JsonObject
from ..._noop import noop
from ...access.audit.records import COMMAND
from .in_effect import InEffectError
from .requests import CommandRefusedError, read_request


@frozen
class Command:
    """One command.

    :param request: the attrs class of its arguments; see `requests`.
    :param run: takes an instance of that class, and returns JSON or a Deferred of it.
        It raises `CommandRefusedError` when the command cannot be done.
    :param recorded: it changes who may do what, so the audit gets a line about it.
    """

    request: type
    run: Callable[[Any], Json | Deferred[Json]]
    recorded: bool = False


class Subject(Protocol):
    """An object with the commands of one subject, such as tokens."""

    def commands(self) -> Mapping[str, Command]:
        """Return the commands by their full names, such as ``token.add``."""
        ...


@frozen
class NoArguments:
    """The request of a command without arguments."""


@define(eq=False)
class CommandTable:
    """All commands of a daemon, or of the command line when no daemon runs.

    :param note: called with an audit line after each command that is `recorded`.
    :param lasting: whether this process goes on, so that what is in effect and could
        not be stored means anything.
    """

    log: ClassVar[Logger] = Logger()

    subjects: Iterable[Subject]
    note: Callable[[JsonObject], object] = noop
    lasting: bool = True
    _commands: dict[str, Command] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        """Collect the commands of all subjects."""
        for subject in self.subjects:
            self._commands.update(subject.commands())

    @deferred
    async def run(self, name: str, arguments: JsonObject) -> Json:
        """Run a command.

        :raises CommandRefusedError: when there is no such command, its arguments are
            wrong, it cannot be done, the database or the command failed, or it is in
            effect and could not be stored.
        """
        command = self._commands.get(name)
        if command is None:
            raise CommandRefusedError(
                "the running daemon is of another version than this command "
                f"({__version__}), and does not have it: restart the daemon"
            )
        request: object = read_request(command.request, arguments)
        try:
            value = await maybeDeferred(command.run, request)
        except CommandRefusedError:
            raise
        except InEffectError as error:
            raise self._not_stored(name, command, error) from None
        except sqlite3.Error as error:
            self.log.error("IMCP-STATE command {name}: {why}", name=name, why=error)
            raise CommandRefusedError(
                f"IMCP-STATE nothing was done, because the database failed: {error}"
            ) from None
        except Exception:
            self.log.failure("the command {name} failed", name=name)
            raise CommandRefusedError(
                "IMCP-BUG the command failed; the log says why"
            ) from None
        self._done(name, command, value)
        return value

    def _done(self, name: str, command: Command, value: Json) -> None:
        self.log.info("command {name} done", name=name)
        if command.recorded:
            self.note(_audit_line(name, value))

    def _not_stored(
        self, name: str, command: Command, error: InEffectError
    ) -> CommandRefusedError:
        self.log.error(
            "IMCP-STATE command {name} is not stored: {why}", name=name, why=error.why
        )
        if not self.lasting:
            return CommandRefusedError(
                f"nothing was changed, because it cannot be stored: {error.why}"
            )
        self._done(name, command, error.value)
        return CommandRefusedError(
            f"{error.done} in the running daemon, but that cannot be stored, and would "
            f"be lost at a restart: {error.why}. {error.then}"
        )


_NAMES = ("id", "name", "added", "removed")
"""Members of an answer that name what was changed; none of them is a secret."""


def _audit_line(command: str, value: Json) -> JsonObject:
    """Return the line about a command: what was changed, never with which secret."""
    answer: JsonObject = value if isinstance(value, dict) else {}
    named = next((answer[name] for name in _NAMES if name in answer), ())
    targets = [named] if isinstance(named, str) else list(named)
    return {"kind": COMMAND, "tool": command, "targets": targets}
