"""Test cases that run and restart daemons, and check their output."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from attrs import define, field

from instantly_mcp._json_codec import JsonObject
from tests.daemon.processes import MODULE, ProcessTestCase, Running


@define(eq=False)
class Daemon:
    """One server that may be restarted: same options, same state, same port."""

    case: DaemonTestCase
    options: Sequence[str]
    environ: dict[str, str] = field(factory=dict)
    running: Running = field(init=False)
    url: str = field(default="", init=False)

    async def start(self) -> None:
        """Start it and wait until it listens, after a restart on the same port."""
        ready_file = self.case.folder / f"server-{len(self.case.started)}.json"
        options = [*self.options, "--ready-file", str(ready_file)]
        if self.options[:1] == ["sandbox"]:
            options += ["--port", str(self.port)]
        else:
            options += ["--listen", f"tcp:{self.port}:interface=127.0.0.1"]
        self.running = self.case.spawn([*MODULE, *options], environ=self.environ)
        self.running.ready_file = ready_file
        self.case.started.append(self.running)
        (self.url,) = (await self.running.ready())["urls"]

    @property
    def port(self) -> int:
        """The port that it listens on, 0 before it does."""
        return urlsplit(self.url).port or 0

    @property
    def base(self) -> str:
        """The URL without a path."""
        return f"http://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        """Stop it with SIGTERM."""
        self.running.send(signal.SIGTERM)
        self.case.assertEqual(await self.running.ended, 0, self.running.output)

    async def kill(self) -> None:
        """Kill it with SIGKILL."""
        self.running.send(signal.SIGKILL)
        await self.running.ended

    async def restart(self) -> None:
        """Stop it, then start it again."""
        await self.stop()
        await self.start()


ALLOWED = {
    f"INSTANTLY_MCP_POLICY_{risk}": "allow"
    for risk in ("SENDS", "SPENDS", "DESTRUCTIVE", "MASS", "REDIRECTS")
}
"""The stories of these tests are not about consent."""


class DaemonTestCase(ProcessTestCase):
    """Starts servers; checks that their output has no traceback and no key."""

    keys: Sequence[str] = ()

    def setUp(self) -> None:
        """Create the list of started servers."""
        super().setUp()
        self.started: list[Running] = []
        self.addCleanup(self._read_output)

    async def daemon(self, *options: str, **environ: str) -> Daemon:
        """Start a daemon."""
        found = Daemon(self, [*options], {**ALLOWED, **environ})
        await found.start()
        return found

    async def outbox(self, base: str, key: str | None) -> Sequence[JsonObject]:
        """Return what a workspace of the sandbox would have sent."""
        query = "" if key is None else f"?key={key}"
        shown: Any = json.loads(await self.get(f"{base}/sandbox/outbox{query}"))
        items: Sequence[JsonObject] = shown["items"]
        return items

    def _read_output(self) -> None:
        for running in self.started:
            self.assertNotIn(b"Traceback", running.output)
            self.assertNotIn(b"Unhandled", running.output)
            for key in self.keys:
                self.assertNotIn(key.encode(), running.output)


class LiveTestCase(DaemonTestCase):
    """Starts an upstream and a daemon that calls it over HTTP."""

    keys: Sequence[str] = ("sandbox-canary-",)

    async def live(self, *options: str, **environ: str) -> tuple[Daemon, Daemon]:
        """Return the daemon and its upstream."""
        upstream = await self.daemon("sandbox")
        options = ("--upstream", upstream.base, "--rate-limit=0", *options)
        return await self.daemon(*options, **environ), upstream
