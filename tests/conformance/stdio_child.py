"""The fixture as a child process on standard streams, for the adapter from HTTP.

Ids of different HTTP clients may be equal, and on a pipe they may not: each request
gets a new id on its way in, and its own one back on its way out.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.protocol import ProcessProtocol

ROOT = Path(__file__).parent.parent.parent
COMMAND = (sys.executable, "-m", "tests.conformance.on_stdio")
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"

Message = dict[str, Any]


class Waiting(Protocol):
    """A request of an HTTP client that waits for its response."""

    message: Message

    def notified(self, message: Message) -> None:
        """Take a notification, or a request of the server."""

    def answered(self, response: Message) -> None:
        """Take the response."""


class StdioChild(ProcessProtocol):
    """One process: lines to it, lines from it.

    :ivar unrelated: takes messages that belong to no request, if anything does.
    """

    def __init__(self, reactor: Any) -> None:
        self.unrelated: Callable[[Message], object] | None = None
        self._ids = count(1)
        self._open: dict[int, Waiting] = {}
        self._rest = b""
        reactor.spawnProcess(self, COMMAND[0], COMMAND, os.environ, str(ROOT))

    def ask(self, waiting: Waiting) -> int:
        """Send a request; return the id that it has on the pipe."""
        id = next(self._ids)
        self._open[id] = waiting
        self.write({**waiting.message, "id": id})
        return id

    def write(self, message: Any) -> None:
        """Send a line."""
        pipe: Any = self.transport
        pipe.writeToChild(0, json.dumps(message).encode() + b"\n")

    def cancel(self, id: int) -> None:
        """Cancel a request as the specification demands on stdio."""
        if self._open.pop(id, None) is not None:
            params = {"requestId": id}
            notice = {"method": "notifications/cancelled", "params": params}
            self.write({"jsonrpc": "2.0", **notice})

    def cancel_for(self, params: Message) -> None:
        """Pass on a client's own cancellation."""
        for id, waiting in list(self._open.items()):
            if waiting.message.get("id") == params.get("requestId"):
                own = {**params, "requestId": id}
                notice = {"method": "notifications/cancelled", "params": own}
                self.write({"jsonrpc": "2.0", **notice})

    def outReceived(self, data: bytes) -> None:
        """Deliver each line; anything but a message stops the adapter."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            for message in _members(line):
                self._deliver(message)

    def errReceived(self, data: bytes) -> None:
        """Show the log of the process in that of the adapter."""
        sys.stderr.write(data.decode(errors="replace"))

    def _deliver(self, message: Message) -> None:
        if "method" not in message:
            waiting = self._open.pop(message.get("id", 0), None)
            if waiting is not None:
                named = {"id": waiting.message["id"]}
                waiting.answered(_with_own_id({**message, **named}, waiting))
            return
        found = self._related(message)
        if found is not None:
            found.notified(_with_own_id(message, found))
        elif self.unrelated is not None:
            self.unrelated(message)

    def _related(self, message: Message) -> Waiting | None:
        """Return the request that a message belongs to; the newest one if in doubt."""
        params = message.get("params", {})
        meta = params.get("_meta") or {}
        if SUBSCRIPTION in meta:
            return self._open.get(meta[SUBSCRIPTION])
        method = str(message["method"])
        if method.endswith(("list_changed", "resources/updated")):
            return None
        token = params.get("progressToken")
        for waiting in reversed(self._open.values()):
            own = waiting.message.get("params", {}).get("_meta", {})
            if token is None or own.get("progressToken") == token:
                return waiting
        return None


def _members(line: bytes) -> Iterator[Message]:
    try:
        message = json.loads(line)
    except ValueError:
        sys.stderr.write(f"NOT A MESSAGE: {line!r:.300}\n")
        os._exit(1)
    yield from message if isinstance(message, list) else [message]


def _with_own_id(message: Message, waiting: Waiting) -> Message:
    """Give a subscription the id that its client knows."""
    place = "params" if "method" in message else "result"
    meta = message.get(place, {}).get("_meta") or {}
    if SUBSCRIPTION not in meta:
        return message
    own = {**meta, SUBSCRIPTION: waiting.message["id"]}
    return {**message, place: {**message[place], "_meta": own}}
