"""The two ends of a control connection: one line of JSON each way, then it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime
from twisted.internet.protocol import Factory, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure

from ..._json_codec import Json, JsonObject, dumps, loads
from .dispatch import CommandTable
from .requests import CommandRefusedError

MAX_REQUEST_BYTES = 1 << 20
MAX_REPLY_BYTES = 64 << 20
"""Limits of one line, so that a mistaken peer cannot fill the memory."""


MAX_CONNECTIONS = 64
"""Beyond it, a connection is refused: each takes a file descriptor of the daemon."""

PEER_SECONDS = 30.0
"""How long the command line may take to send its command, and to read the answer."""


class ControlLines(LineOnlyReceiver, TimeoutMixin):
    """The daemon's end: runs one command, answers, and closes the connection.

    What follows the first line is ignored. A connection that is lost while its command
    runs does not undo the command.

    :param connected: the open connections.
    """

    log: ClassVar[Logger] = Logger()
    delimiter = b"\n"
    MAX_LENGTH = MAX_REQUEST_BYTES

    def __init__(
        self, table: CommandTable, connected: set[ControlLines], clock: IReactorTime
    ) -> None:
        self._table = table
        self._connected = connected
        self._clock = clock
        self._asked = False

    def callLater(self, period: float, func: Callable[[], object]) -> IDelayedCall:
        """Use the clock that was passed, as `TimeoutMixin` suggests."""
        return self._clock.callLater(period, func)

    def connectionMade(self) -> None:
        """Join the open connections, if there are not too many."""
        if len(self._connected) >= MAX_CONNECTIONS:
            self._asked = True
            self._answer({"refused": ["too many commands run now: repeat this one"]})
            return
        self._connected.add(self)
        self.setTimeout(PEER_SECONDS)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Leave the open connections."""
        self.connected = 0
        self._connected.discard(self)
        self.setTimeout(None)

    def timeoutConnection(self) -> None:
        """Close the connection of a peer that sends no command, or reads no answer."""
        transport: Any = self.transport
        transport.abortConnection()

    def lineReceived(self, line: bytes) -> None:
        """Run the command of a line, and answer."""
        if self._asked:
            return
        self._asked = True
        self.setTimeout(None)
        try:
            name, arguments = _command_in(line)
        except ValueError:
            self._answer({"refused": ["a line is not a command"]})
            return
        running = self._table.run(name, arguments)
        running.addCallbacks(lambda value: {"value": value}, _refusal)
        running.addCallback(self._answer)
        running.addErrback(self._without_answer)

    def _without_answer(self, failure: Failure) -> None:
        """Close the connection, so that the command line does not wait for ever."""
        self.log.failure("no answer", failure)
        self._end()

    def _answer(self, reply: JsonObject) -> None:
        if self.connected:
            transport: Any = self.transport
            transport.write(dumps(reply) + b"\n")
            self._end()

    def _end(self) -> None:
        if self.connected:
            transport: Any = self.transport
            transport.loseConnection()
            self.setTimeout(PEER_SECONDS)


def _command_in(line: bytes) -> tuple[str, JsonObject]:
    value = loads(line)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    name, arguments = value.get("command"), value.get("arguments", {})
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise ValueError("not a command")
    return name, arguments


def _refusal(failure: Failure) -> JsonObject:
    failure.trap(CommandRefusedError)
    refused: Any = failure.value
    return {"refused": list(refused.lines)}


class ControlFactory(Factory):
    """Makes the daemon's end of each connection."""

    noisy = False

    def __init__(self, table: CommandTable, clock: IReactorTime) -> None:
        self._table = table
        self._clock = clock
        self._connected: set[ControlLines] = set()

    def buildProtocol(self, address: IAddress | None) -> ControlLines:
        """Return the protocol of a new connection."""
        return ControlLines(self._table, self._connected, self._clock)

    def disconnect(self) -> None:
        """Close the open connections."""
        for connection in tuple(self._connected):
            transport: Any = connection.transport
            transport.loseConnection()


class CommandCall(LineOnlyReceiver):
    """The command line's end: sends one command and waits for its answer.

    :ivar answered: fires with the value, or fails with `CommandRefusedError`.
    """

    delimiter = b"\n"
    MAX_LENGTH = MAX_REPLY_BYTES

    def __init__(self, name: str, arguments: JsonObject) -> None:
        self._line = dumps({"command": name, "arguments": arguments})
        self.answered: Deferred[Json] = Deferred()

    def connectionMade(self) -> None:
        """Send the command."""
        transport: Any = self.transport
        transport.write(self._line + b"\n")

    def lineReceived(self, line: bytes) -> None:
        """Read the answer."""
        if self.answered.called:
            return
        reply = loads(line)
        if "refused" in reply:
            self.answered.errback(CommandRefusedError(*reply["refused"]))
        else:
            self.answered.callback(reply["value"])
        transport: Any = self.transport
        transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Fail if there is no answer yet."""
        if not self.answered.called:
            self.answered.errback(
                CommandRefusedError(
                    "the connection to the daemon ended before it answered: look at "
                    "its log, and at what the command has changed, before you repeat it"
                )
            )
