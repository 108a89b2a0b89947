"""Keys and secrets that are replaced while clients go on: nothing uses an old one."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from pathlib import Path

from instantly_mcp._deferred import deferred
from instantly_mcp._json import dumps
from tests.support.messages import call

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
    """Each key is a workspace of its own, so it can be seen which one was used."""

    timeout = 180
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
    async def test_E5_operators_key(self) -> None:
        """E5: sessions and streams of before the rotation act with the new key."""
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
    async def test_E5_server_secret(self) -> None:
        """E5: with the old secret neither a session nor a stream goes on."""
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
        posts = (await anext(stream.events())).data
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
        self.assertEqual((await asked(posts, new)).status, 202)
        reply = await asked("/mcp", new)
        self.assertEqual(len(value_of(reply.json["result"])["items"]), 1)
