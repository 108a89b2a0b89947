"""Processes of ``instantly-mcp stdio``: what they print, and how they end."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from twisted.internet import reactor

from instantly_mcp._deferred import deferred
from tests.conformance.on_stdio import NOISE
from tests.support.messages import call, initialize, modern, notice, request
from tests.support.upstream import Scripted, ScriptedUpstream

from .pipes import PipeTestCase, Started

FIXTURE = (sys.executable, "-m", "tests.conformance.on_stdio")
KEY = "canary-key-of-the-operator"
CREATED = (
    b'{"id": "l1", "name": "Once", "timestamp_created": "2026-01-01T00:00:00.000Z"}'
)
CLIENT = """
import subprocess, sys, time
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
server.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\\n')
server.stdin.flush()
sys.stdout.buffer.write(server.stdout.readline())
sys.stdout.flush()
time.sleep(600)
"""
"""A client that never closes anything itself."""


class SandboxProcessTests(PipeTestCase):
    """With the sandbox."""

    @deferred
    async def test_both_eras(self):
        """Requests of both eras are answered; at the end of the input it ends with 0.

        The last line counts without a line feed. Without a problem nothing is logged.
        """
        started = self.start("--sandbox")
        started.send(initialize(id=1), notice("notifications/initialized"))
        started.send(call("get_server_info", id=2), modern(request("server/discover")))
        started.send(b'{"jsonrpc":"2.0","id":9,"method":"ping"}')
        started.close()
        self.assertEqual(await started.ended, 0)
        answers = {str(each["id"]): each for each in started.messages}
        self.assertEqual(answers.keys(), {"1", "2", "9"})
        self.assertEqual(len(started.messages), 4)
        self.assertEqual(started.errors, b"")

    @deferred
    async def test_unusable_lines(self):
        """Garbage, binary data and a huge line are answered; then it goes on."""
        started = self.start("--sandbox")
        started.send(b"garbage\n", b"\xff\xfe\n", b"\n", b"[]\n", b"\0\n")
        started.send(b'{"jsonrpc":"2.0","id":7,"x":"' + b"x" * (11 << 20) + b'"}\n')
        started.send(request("ping", id=8))
        *errors, answer = await started.wrote(6)
        codes = [each["error"]["code"] for each in errors]
        self.assertEqual(codes, [-32700, -32700, -32600, -32700, -32600])
        self.assertEqual((errors[-1]["id"], answer["id"]), (7, 8))

    @deferred
    async def test_files(self):
        """Input and output may be regular files."""
        source, target = self.folder / "in", self.folder / "out"
        source.write_bytes(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        with source.open("rb") as incoming, target.open("wb") as outgoing:
            files = {0: incoming.fileno(), 1: outgoing.fileno()}
            started = self.start("--sandbox", files=files)
        self.assertEqual(await started.ended, 0, started.errors)
        self.assertEqual(target.read_bytes(), b'{"jsonrpc":"2.0","id":1,"result":{}}\n')

    @deferred
    async def test_output_closed(self):
        """When the client closes the output, it ends, although the input is open."""
        reader, writer = os.pipe()
        started = self.start("--sandbox", files={1: writer})
        os.close(writer)
        os.close(reader)
        started.send(request("ping"))
        self.assertEqual(await started.ended, 0, started.errors)

    @deferred
    async def test_killed_client(self):
        """A client that is killed leaves no process behind.

        The end of the server is seen by its standard error, which it shares.
        """
        server = (sys.executable, "-m", "instantly_mcp", "stdio", "--sandbox")
        client = self.start(*server, command=(sys.executable, "-c", CLIENT))
        await client.wrote(1)
        client.signal(signal.SIGKILL)
        self.assertEqual(await client.ended, -signal.SIGKILL)

    @deferred
    async def test_hang_up(self):
        """It ends with 0 when its terminal is closed (SIGHUP)."""
        started = self.start("--sandbox")
        started.send(request("ping"))
        await started.wrote(1)
        started.signal(signal.SIGHUP)
        self.assertEqual(await started.ended, 0, started.errors)

    @deferred
    async def test_wrong_settings(self):
        """Wrong settings end it with 78, one line for each mistake, and no message."""
        started = self.start("--access=none", "--log-level=loud")
        self.assertEqual(await started.ended, 78)
        self.assertEqual(started.lines, [])
        self.assertRegex(started.errors, rb"\A(instantly-mcp: IMCP-[^\n]+\n){2}\Z")


class FixtureProcessTests(PipeTestCase):
    """With the fixture, which has tools that take time."""

    @deferred
    async def test_purity(self):
        """What a library prints never gets between the messages."""
        started = self.start("--noisy", command=FIXTURE)
        started.send(*(request("tools/list", id=id) for id in range(50)))
        await started.wrote(50)
        progress = call("test_tool_with_progress", {}, id="p", token="t")
        started.send(progress)
        await started.wrote(54)
        started.close()
        self.assertEqual(await started.ended, 0)
        self.assertNotIn(NOISE, str(started.messages))
        self.assertGreater(started.errors.count(NOISE.encode()), 3)

    @deferred
    async def test_cancelled(self):
        """A call that is cancelled is not answered, and does not delay the end."""
        started = self.start(command=FIXTURE)
        for wrap in (dict, modern):
            started.send(wrap(call("slow_compute", {"seconds": 600}, id="slow")))
            started.send(notice("notifications/cancelled", {"requestId": "slow"}))
        started.send(request("ping"))
        started.close()
        self.assertEqual(await started.ended, 0)
        self.assertEqual([each["id"] for each in started.messages], [1])


class LiveProcessTests(PipeTestCase):
    """With a key, and a server that stands in for Instantly."""

    def setUp(self) -> None:
        """Start that server."""
        super().setUp()
        self.upstream = ScriptedUpstream()
        self.upstream.listen(reactor)
        self.addCleanup(deferred(self.upstream.close))

    def live(self, *options: str) -> Started:
        """Start a process with the key in its environment."""
        return self.start(
            *("--upstream", self.upstream.url, *options),
            environ={"INSTANTLY_API_KEY": KEY},
        )

    def writing(self, id: int, wrap=dict):
        """Return a call that writes."""
        return wrap(call("create_lead_list", {"name": f"Once {id}"}, id=id))

    @deferred
    async def test_end_during_a_write(self):
        """A write is finished and answered, however the process is ended."""
        ends = {
            "close": lambda each: each.close(),
            "SIGTERM": lambda each: each.signal(signal.SIGTERM),
        }
        for number, (name, end) in enumerate(ends.items(), 1):
            started = self.live()
            self.upstream.script.append(Scripted(body=CREATED, held=True))
            started.send(self.writing(number, modern))
            await self.upstream.arrived.reach(number)
            end(started)
            self.upstream.release()
            self.assertEqual(await started.ended, 0, started.errors)
            (answer,) = started.messages
            self.assertIn("Once", str(answer["result"]), name)
            self.assertEqual(self.upstream.dropped.count, 0)

    @deferred
    async def test_second_signal(self):
        """A second signal ends the wait; each call is answered with what is known."""
        started = self.live()
        self.upstream.script.append(Scripted(held=True))
        started.send(call("list_campaigns", {}, id=1))
        await self.upstream.arrived.reach(1)
        started.signal(signal.SIGTERM)
        started.signal(signal.SIGTERM)
        started.signal(signal.SIGINT)
        self.assertEqual(await started.ended, 0, started.errors)
        self.assertEqual([each["id"] for each in started.messages], [1])

    @deferred
    async def test_key(self):
        """The key is sent to Instantly, and appears nowhere else."""
        started = self.live("--log-level=debug")
        started.send(call("list_campaigns", {}, id=1))
        started.send(f'{{"key":"{KEY}"'.encode() + b"\n")
        await started.wrote(2)
        started.close()
        self.assertEqual(await started.ended, 0)
        sent = self.upstream.requests[0].headers.getRawHeaders("authorization")
        self.assertEqual(sent, [f"Bearer {KEY}"])
        self.assertNotIn(KEY.encode(), started.errors)
        self.assertNotIn(KEY.encode(), b"\n".join(started.lines))
        for path in self.folder.rglob("*"):
            if path.is_file():
                self.assertNotIn(KEY.encode(), path.read_bytes(), path)
                self.assertNotIn(KEY, str(path))

    @deferred
    async def test_audit(self):
        """Each process has an audit file, and several run at a time."""
        running = [self.live() for _ in range(2)]
        for number, started in enumerate(running, 1):
            self.upstream.script.append(Scripted(body=CREATED))
            started.send(self.writing(number))
            await started.wrote(1)
        for started in running:
            started.close()
            self.assertEqual(await started.ended, 0, started.errors)
            self.assertEqual(started.errors, b"")
        files = sorted(self.folder.rglob("audit.jsonl"))
        folders = [path.parent.name for path in files]
        self.assertEqual(folders, ["process-1", "process-2"])
        for path in files:
            self.assertIn("create_lead_list", Path(path).read_text(encoding="utf-8"))
