"""A restart under systemd refuses no connection and loses no answer.

The sockets are systemd's and exist before and after the daemon. Clients that connect
while no process accepts wait in their queue.
"""

from __future__ import annotations

import json
import signal
import socket
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.web.client import Agent, HTTPConnectionPool

from instantly_mcp._deferred import deferred

from .processes import MODULE, ProcessTestCase, Running
from .sockets.test_inherited import AS_SYSTEMD
from .test_stopping import KEY, UpstreamTestCase, answer

CLIENTS = 3
"""Each keeps its connection; `test_inherited` has those that make one each time."""

ROUNDS = 5
"""Requests of each client before and after each restart, at least."""

NO_STREAM = {"Accept": "application/json, text/event-stream;q=0"}
"""The answer is JSON, however slow the machine is."""

CALL = {"name": "list_campaigns", "arguments": {}}
LISTEN = "systemd:domain=INET:index=0"


class SocketUnit(ProcessTestCase):
    """Plays systemd: has a socket, and starts daemons on it."""

    def setUp(self) -> None:
        """Listen, as a ``.socket`` unit does."""
        super().setUp()
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.addCleanup(self.socket.close)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/mcp"

    def activated(self, *options: str) -> Running:
        """Start a daemon on the socket."""
        how = json.dumps({"sockets": 1})
        command = (*AS_SYSTEMD, how, *MODULE, "run", f"--listen={LISTEN}", *options)
        return self.spawn(command, sockets=(self.socket,))


class RestartTests(SocketUnit):
    """Clients call without a pause while daemons come and go."""

    def setUp(self) -> None:
        """Have clients that never try a request again."""
        super().setUp()
        self.answered = 0
        self.over = False
        self.pool = HTTPConnectionPool(reactor)
        self.pool.retryAutomatically = False
        self.addCleanup(self.pool.closeCachedConnections)

    async def client(self) -> None:
        """Call until the test is over; anything but an answer fails the test."""
        while not self.over:
            answered = await self.call(self.url, "tools/call", CALL)
            self.assertNotIn("isError", answered["result"])
            self.answered += 1

    async def more(self) -> None:
        """Wait for some more answers."""
        enough = self.answered + CLIENTS * ROUNDS
        await self.until(lambda: self.answered >= enough or self.failed)

    @deferred
    async def test_restart(self):
        """Two restarts: every request of every client is answered with 200."""
        self.failed = False
        running = self.activated("--sandbox", "--rate-limit=0")
        await running.ready()
        self.agent = Agent(reactor, pool=self.pool)
        clients = gatherResults(
            [Deferred.fromCoroutine(self.client()) for _ in range(CLIENTS)],
            consumeErrors=True,
        )
        clients.addErrback(self.note)
        for _ in range(2):
            await self.more()
            running.send(signal.SIGTERM)
            self.assertEqual(await running.ended, 0, running.output)
            running = self.activated("--sandbox", "--rate-limit=0")
        await self.more()
        self.over = True
        await clients
        self.assertFalse(self.failed)

    def note(self, failure: Any) -> Any:
        """Do not wait for more answers."""
        self.failed = True
        return failure


class HandoverTests(SocketUnit, UpstreamTestCase):
    """A daemon that drains, and its successor, at the same time."""

    def setUp(self) -> None:
        """Have both the socket and an upstream."""
        super().setUp()
        self.options = ("--upstream", self.base)

    @deferred
    async def test_successor_answers_while_the_first_drains(self):
        """A client that connects after SIGTERM is answered by the successor.

        It has a state directory of its own: that of the first is still in use.
        """
        first = self.activated(*self.options)
        await first.ready()
        early = self.list_campaigns(self.url, x_api_key=KEY, **NO_STREAM)
        held = await self.upstream.asked.get()
        first.send(signal.SIGTERM)
        await first.said(b"draining")
        # It waits in the queue of the socket: nothing accepts it.
        late = self.list_campaigns(self.url, x_api_key=KEY, **NO_STREAM)
        second = self.activated(*self.options, f"--state-dir={self.folder}/second")
        answer(await self.upstream.asked.get())
        self.assertIn("content", (await late)["result"])
        await second.said(b"POST /mcp 200")
        self.assertIsNone(first.status)
        await second.ready()
        answer(held)
        self.assertIn("content", (await early)["result"])
        self.assertEqual(await first.ended, 0, first.output)
        self.assertTrue(second.ready_file.exists())
