"""Keys and secrets are replaced while clients are connected: old ones are not used."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from pathlib import Path

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import dumps, loads
from tests.support.messages import call, initialize, modern, modern_headers, request

from . import sockets
from .cases import Daemon, LiveTestCase
from .raw_wires import ModernWire, RawWire, SessionWire, StreamWire
from .sockets import BOTH, Reply
from .story import value_of

JSON = {"Content-Type": "application/json", "Accept": BOTH}
FIRST, SECOND = "sandbox-canary-first", "sandbox-canary-second"
OLD, NEW = "canary-old-server-secret", "canary-new-server-secret"
LIST = call("list_campaigns", {"limit": 1})


class RotationTests(LiveTestCase):
    """Each key has its own workspace, so that the test sees which key was used."""

    keys = ("canary",)
    reloads = 0

    def file(self, name: str, text: str) -> Path:
        """Write a file with a secret."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    async def reload(self, daemon: Daemon) -> None:
        """Let the daemon read its files, and wait until it has."""
        self.reloads += 1
        daemon.running.send(signal.SIGHUP)
        await daemon.running.said(b"reloaded", self.reloads)

    async def lists(self, upstream: Daemon, key: str) -> str:
        """Return the lead lists in the workspace of a key."""
        headers = {"Authorization": f"Bearer {key}"}
        url = f"{upstream.base}/api/v2/lead-lists?limit=100"
        found: str = json.dumps(json.loads(await self.get(url, headers)))
        return found

    @deferred
    async def test_operators_key(self) -> None:
        """After a rotation, existing sessions and streams use the new key."""
        path = self.file("key", FIRST)
        daemon, upstream = await self.live(f"--api-key-file={path}")
        wires: Mapping[str, RawWire] = {
            "session": SessionWire(daemon.url),
            "stateless": ModernWire(daemon.url),
            "stream": StreamWire(daemon.url),
        }
        for name, wire in wires.items():
            self.addCleanup(wire.drop)
            await wire.connect()
            await wire.call("create_lead_list", {"name": f"before {name}"})
        self.file("key", SECOND)
        await self.reload(daemon)
        for name, wire in wires.items():
            result = await wire.call("create_lead_list", {"name": f"after {name}"})
            self.assertNotIn("isError", result)
        first, second = [await self.lists(upstream, key) for key in (FIRST, SECOND)]
        for name in wires:
            self.assertIn(f"before {name}", first)
            self.assertNotIn(f"after {name}", first)
            self.assertIn(f"after {name}", second)

    @deferred
    async def test_server_secret(self) -> None:
        """With the old secret, neither a session nor a stream continues."""
        options = (
            f"--api-key-file={self.file('key', FIRST)}",
            f"--server-secret-file={self.file('secret', OLD)}",
        )
        daemon, _ = await self.live(*options)
        old, new = ({"Authorization": f"Bearer {each}"} for each in (OLD, NEW))
        connection = await sockets.connect(daemon.port)
        self.addCleanup(connection.drop)

        async def asked(target: str, headers: Mapping[str, str]) -> Reply:
            whole = {**JSON, **headers}
            return await connection.ask(
                sockets.request("POST", target, whole, dumps(LIST))
            )

        stream = await sockets.connect(daemon.port)
        self.addCleanup(stream.drop)
        await stream.send(
            sockets.request("GET", "/sse", {**old, "Accept": "text/event-stream"})
        )
        events = stream.events()
        posts = (await anext(events)).data
        self.assertEqual((await asked(posts, {})).status, 401)
        self.assertEqual((await asked(posts, old)).status, 202)
        self.assertEqual((await asked("/mcp", old)).status, 200)
        self.file("secret", NEW)
        await self.reload(daemon)
        for target in ("/mcp", posts):
            for headers in (old, {}, {**new, "x-api-key": OLD}):
                reply = await asked(target, headers)
                self.assertEqual(reply.status, 401, target)
                self.assertIn("server secret", reply.error["message"])
        # The stream that the old secret opened has ended, after its answers.
        self.assertEqual(
            [loads(each.data.encode())["id"] async for each in events], [1]
        )
        self.assertEqual((await asked(posts, new)).status, 404)
        reply = await asked("/mcp", new)
        self.assertEqual(len(value_of(reply.json["result"])["items"]), 1)

    @deferred
    async def test_streams_of_the_old_secret(self) -> None:
        """A client that only listens must present the new secret to get more events."""
        options = (
            f"--api-key-file={self.file('key', FIRST)}",
            f"--server-secret-file={self.file('secret', OLD)}",
        )
        daemon, _ = await self.live(*options)
        old = {"Authorization": f"Bearer {OLD}"}
        connection = await sockets.connect(daemon.port)
        self.addCleanup(connection.drop)
        opened = await connection.ask(
            sockets.request("POST", "/mcp", {**JSON, **old}, dumps(initialize()))
        )
        named = {"Mcp-Session-Id": opened.head.headers["mcp-session-id"]}
        listen = modern(
            request(
                "subscriptions/listen", {"notifications": {"toolsListChanged": True}}
            )
        )
        enveloped = {name: str(text) for name, text in modern_headers(listen).items()}
        event_stream = {"Accept": "text/event-stream"}
        streams = []
        for asked in (
            sockets.request("GET", "/mcp", {**old, **named, **event_stream}),
            sockets.request(
                "POST", "/mcp", {**JSON, **old, **enveloped}, dumps(listen)
            ),
        ):
            stream = await sockets.connect(daemon.port)
            self.addCleanup(stream.drop)
            head = await stream.send(asked)
            self.assertTrue(head.streams, head)
            streams.append(stream)
        await self.reload(daemon)
        self.file("secret", NEW)
        await self.reload(daemon)
        for stream in streams:
            async for _ in stream.events():
                pass
        new = {"Authorization": f"Bearer {NEW}"}
        again = await connection.ask(
            sockets.request("POST", "/mcp", {**JSON, **new, **named}, dumps(LIST))
        )
        self.assertEqual(again.status, 200)
