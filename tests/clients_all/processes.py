"""The processes of one row: the daemon, and the driver of a client."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import treq
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.web.http_headers import Headers

from tests.clients.driving import Driver, Step
from tests.daemon.processes import ANY_PORT, MODULE, ROOT, Running

COMMAND_SECONDS = 60
"""When the suite stops waiting for a driver; drivers give up earlier."""


class DriverFailed(Exception):
    """A client could not execute a command."""


class CommandedDriver(Driver):
    """A driver that executes one command at a time."""

    _last = 0

    async def do(self, what: str, **facts: Any) -> Step:
        """Let it execute a command; return what it says.

        :raises DriverFailed: with what the client raised, or when it hangs or ends.
        """
        self._last += 1
        command = {"step": str(self._last), "do": what, **facts}
        process: Any = self.transport
        process.write(json.dumps(command).encode() + b"\n")
        waiting = self.step(command["step"]).addTimeout(COMMAND_SECONDS, reactor)
        try:
            step = await waiting
        except Exception as error:
            raise DriverFailed(f"the driver does not answer: {error!r}") from error
        if "failed" in step:
            raise DriverFailed(step["failed"])
        return step


def start_driver(words: Sequence[str], folder: Path, home: Path) -> CommandedDriver:
    """Start a driver; it sees nothing of the settings of the user who runs the suite.

    :param folder: where the client is installed.
    :param home: an empty folder, its home.
    """
    driver = CommandedDriver()
    bin_folder = folder / "node_modules" / ".bin"
    environ = {
        "PATH": f"{bin_folder}:{os.environ.get('PATH', '')}",
        "HOME": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    reactor.spawnProcess(driver, words[0], words, env=environ, path=str(folder))
    return driver


class Daemon:
    """A real daemon, which can be killed and started again at its address."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder, self._options = folder, options
        self._listen = ANY_PORT
        self.url = ""

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        ready = self._folder / "ready.json"
        ready.unlink(missing_ok=True)
        self.running = Running(ready)
        words = [*MODULE, "run", "--rate-limit", "0", *self._options]
        environ = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self._folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "INSTANTLY_MCP_READY_FILE": str(ready),
            "INSTANTLY_MCP_LISTEN": self._listen,
        }
        reactor.spawnProcess(self.running, words[0], words, env=environ, path=str(ROOT))
        (self.url,) = (await self.running.ready())["urls"]
        port = self.url.rpartition(":")[2].partition("/")[0]
        self._listen = f"tcp:{port}:interface=127.0.0.1"

    async def kill(self) -> None:
        """Kill it as a crash would."""
        await self.end(signal.SIGKILL)

    async def end(self, number: int = signal.SIGTERM) -> None:
        """End it, and wait."""
        if self.running.status is None:
            self.running.send(number)
            await self.running.ended

    async def ask(self, method: str, params: Any, headers: Mapping[str, str]) -> Any:
        """Return the result of a request, without any client."""
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        whole = {"Accept": "application/json", **headers}
        reply = await treq.post(
            self.url,
            json=message,
            headers=Headers({name: [text] for name, text in whole.items()}),
            persistent=False,
        )
        return (await treq.json_content(reply))["result"]

    async def call(
        self, name: str, headers: Mapping[str, str], **arguments: Any
    ) -> Any:
        """Return the structured content of a tool's result, without any client."""
        params = {"name": name, "arguments": arguments}
        result = await self.ask("tools/call", params, headers)
        return result["structuredContent"]


async def within(waiting: Deferred[None], seconds: float) -> bool:
    """Say whether something happens within a time."""
    happened = waiting.addTimeout(seconds, reactor).addCallbacks(
        lambda _: True, lambda _: False
    )
    return bool(await happened)
