"""Starts `instantly-mcp stdio` as a client does, and talks to it line by line."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from instantly_mcp._json_codec import Json, JsonObject, dumps

ROOT = Path(__file__).parent.parent.parent.parent
MODULE = (sys.executable, "-m", "instantly_mcp", "stdio")


class Started(ProcessProtocol):
    """One process, the messages that it wrote, and its exit status."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.errors = b""
        self.ended: Deferred[int] = Deferred()
        self.running = True
        self._rest = b""
        self._waiting: list[tuple[int, Deferred[None]]] = []

    def outReceived(self, data: bytes) -> None:
        """Keep whole lines."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.lines += lines
        self._check()

    def errReceived(self, data: bytes) -> None:
        """Keep the log."""
        self.errors += data

    def processEnded(self, reason: Failure) -> None:
        """Note the status; a signal that killed it counts as negative."""
        value: Any = reason.value
        self.running = False
        self._check()
        self.ended.callback(-value.signal if value.signal else value.exitCode)

    def send(self, *messages: Json) -> None:
        """Send messages, or bytes as they are."""
        for message in messages:
            line = message if isinstance(message, bytes) else dumps(message) + b"\n"
            self._process.writeToChild(0, line)

    def close(self) -> None:
        """Close its standard input."""
        self._process.closeStdin()

    def signal(self, number: int) -> None:
        """Send a signal."""
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, number)

    def kill(self) -> Deferred[int] | None:
        """End it, if it has not ended."""
        if not self.running:
            return None
        self.signal(signal.SIGKILL)
        return self.ended

    async def wrote(self, count: int) -> Sequence[JsonObject]:
        """Wait until it has written so many messages; return all."""
        waiter: Deferred[None] = Deferred()
        self._waiting.append((count, waiter))
        self._check()
        await waiter
        return self.messages

    @property
    def messages(self) -> Sequence[JsonObject]:
        """What it wrote; raises if a line is not a message."""
        found = [json.loads(line) for line in self.lines]
        assert not self._rest, self._rest
        for message in found:
            for each in message if isinstance(message, list) else [message]:
                assert each["jsonrpc"] == "2.0", each
        return found

    @property
    def _process(self) -> Any:
        return self.transport

    def _check(self) -> None:
        for count, waiter in list(self._waiting):
            if len(self.lines) >= count or not self.running:
                self._waiting.remove((count, waiter))
                if len(self.lines) >= count:
                    waiter.callback(None)
                else:
                    why = f"ended after {self.lines!r:.500}: {self.errors!r:.2000}"
                    waiter.errback(AssertionError(why))


def start(
    home: Path,
    command: Sequence[str],
    environ: Mapping[str, str] | None = None,
    files: Mapping[int, Any] | None = None,
) -> Started:
    """Start a command.

    :param files: descriptors to use instead of pipes.
    """
    started = Started()
    whole = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        **(environ or {}),
    }
    streams: dict[int, Any] = {0: "w", 1: "r", 2: "r", **(files or {})}
    reactor.spawnProcess(
        started, command[0], command, env=whole, path=str(ROOT), childFDs=streams
    )
    return started


class PipeTestCase(TestCase):
    """A test that starts processes and ends all of them."""

    def setUp(self) -> None:
        """Have a folder of the test's own."""
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir(parents=True)

    def start(
        self,
        *options: str,
        command: Sequence[str] = MODULE,
        environ: Mapping[str, str] | None = None,
        files: Mapping[int, Any] | None = None,
    ) -> Started:
        """Start the command with options."""
        words = [*command, *options]
        started = start(self.folder, words, environ, files)
        self.addCleanup(started.kill)
        return started
