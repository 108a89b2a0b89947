"""Starts real daemons for tests, and watches them through the reactor."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import UNIXClientEndpoint
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase
from twisted.web.client import Agent, FileBodyProducer, readBody
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IAgentEndpointFactory, IResponse
from zope.interface import implementer

ROOT = Path(__file__).parent.parent.parent

ANY_PORT = "tcp:0:interface=127.0.0.1"
LOOK_SECONDS = 0.02
TWISTD = (sys.executable, "-c", "from twisted.scripts.twistd import run; run()")
MODULE = (sys.executable, "-m", "instantly_mcp")


class Running(ProcessProtocol):
    """One process, its output and its exit status."""

    def __init__(self, ready_file: Path) -> None:
        self.ready_file = ready_file
        self.output = b""
        self.ended: Deferred[int] = Deferred()
        self.status: int | None = None
        self.pid = 0

    def connectionMade(self) -> None:
        """Note the process id."""
        process: Any = self.transport
        self.pid = process.pid

    def outReceived(self, data: bytes) -> None:
        """Keep what the process writes."""
        self.output += data

    errReceived = outReceived

    def processEnded(self, reason: Failure) -> None:
        """Note the status; a signal that killed it counts as negative."""
        value: Any = reason.value
        self.status = -value.signal if value.signal else value.exitCode
        self.ended.callback(self.status)

    def send(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    async def said(self, text: bytes, times: int = 1) -> None:
        """Wait until the process has written a text so many times."""
        while self.output.count(text) < times:
            await deferLater(reactor, LOOK_SECONDS)

    async def ready(self) -> dict[str, Any]:
        """Wait for the ready file; return what it says."""
        while not (self.ready_file.exists() and self.ready_file.stat().st_size):
            if self.status is not None:
                raise AssertionError(f"ended with {self.status}: {self.output!r}")
            await deferLater(reactor, LOOK_SECONDS)
        record: dict[str, Any] = json.loads(self.ready_file.read_bytes())
        return record


def kill(pid: int) -> None:
    """End a process that a failed test may have left behind."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@implementer(IAgentEndpointFactory)
class OneEndpoint:
    """Reaches every URL through one endpoint."""

    def __init__(self, endpoint: UNIXClientEndpoint) -> None:
        self.endpoint = endpoint

    def endpointForURI(self, uri: object) -> UNIXClientEndpoint:
        """Return the endpoint."""
        return self.endpoint


def agent_over(path: Path) -> IAgent:
    """Return an agent for a UNIX socket.

    The socket is named by a relative path: an address has at most 107 bytes, and a
    checkout may be deep.
    """
    endpoint = UNIXClientEndpoint(reactor, os.path.relpath(path))
    agent: IAgent = Agent.usingEndpointFactory(reactor, OneEndpoint(endpoint))
    return agent


def in_checkout(path: Path) -> str:
    """Return the path as seen from where daemons run: short enough for a socket."""
    return os.path.relpath(path, ROOT)


class ProcessTestCase(TestCase):
    """A test that starts daemons and ends all of them."""

    def setUp(self) -> None:
        """Have a folder of the test's own."""
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir(parents=True)
        self.agent: IAgent = Agent(reactor)

    def spawn(
        self,
        command: Sequence[str],
        *,
        cwd: Path = ROOT,
        environ: Mapping[str, str] | None = None,
        sockets: Sequence[socket.socket] = (),
        unset: Sequence[str] = (),
    ) -> Running:
        """Start a command; its ready file and its state are the test's own.

        :param sockets: become its file descriptors from 3.
        :param unset: variables that it does not get.
        """
        running = Running(self.folder / f"ready-{len(os.listdir(self.folder))}.json")
        whole = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.folder),
            "PYTHONPATH": str(cwd),
            "PYTHONDONTWRITEBYTECODE": "1",
            "INSTANTLY_MCP_READY_FILE": str(running.ready_file),
            "INSTANTLY_MCP_LISTEN": ANY_PORT,
            **(environ or {}),
        }
        for name in unset:
            del whole[name]
        files: dict[int, Any] = {0: "w", 1: "r", 2: "r"}
        files |= {number: each.fileno() for number, each in enumerate(sockets, 3)}
        reactor.spawnProcess(
            running,
            command[0],
            list(command),
            env=whole,
            path=str(cwd),
            childFDs=files,
        )
        self.addCleanup(self._end, running)
        return running

    async def call(
        self,
        url: str,
        method: str,
        params: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """POST a JSON-RPC request, expecting 200; return what is answered."""
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
        body = self.body(message)
        types = {"Content-Type": "application/json", "Accept": "application/json"}
        whole = {**types, **(headers or {})}
        response = await self.request(b"POST", url, whole, body)
        answer = await readBody(response)
        self.assertEqual(response.code, 200, answer)
        return json.loads(answer)

    def body(self, message: Any) -> Any:
        """Return a request body."""
        return FileBodyProducer(BytesIO(json.dumps(message).encode()))

    async def until(self, true: Callable[[], object]) -> None:
        """Check repeatedly until something is true."""
        while not true():
            await deferLater(reactor, LOOK_SECONDS)

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> bytes:
        """GET a URL, expecting 200."""
        response = await self.request(b"GET", url, headers or {})
        self.assertEqual(response.code, 200)
        body: bytes = await readBody(response)
        return body

    async def request(
        self, method: bytes, url: str, headers: Mapping[str, str], body: Any = None
    ) -> IResponse:
        """Send a request on a connection of its own."""
        raw = Headers({name: [value] for name, value in headers.items()})
        return await self.agent.request(method, url.encode(), raw, body)

    def _end(self, running: Running) -> Deferred[int] | None:
        if running.status is not None:
            return None
        with suppress(ProcessLookupError):
            running.send(signal.SIGKILL)
        return running.ended
