"""The program of the bundle and a real daemon, which is not always there."""

from __future__ import annotations

import json
import signal
import socket

from instantly_mcp._deferred import deferred
from tests.daemon.processes import MODULE, ProcessTestCase, Running, in_checkout
from tests.support.programs import requires
from tests.support.tool_counts import DEFAULT_TOOLS

from .installed import NODE_NEEDED, install
from .relay_process import start, text_of


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@requires(NODE_NEEDED)
class DaemonTests(ProcessTestCase):
    """A seller's day: the daemon starts late, is killed, and refuses the token."""

    def setUp(self) -> None:
        """Have a state directory and a port."""
        super().setUp()
        (self.folder / "state").mkdir(mode=0o700)
        self.state = in_checkout(self.folder / "state")
        self.port = free_port()

    async def token_command(self, *words: str) -> Running:
        """Run a command of administration."""
        command = (*MODULE, "token", *words, "--json", "--state-dir", self.state)
        running = self.spawn(command)
        self.assertEqual(await running.ended, 0, running.output)
        return running

    def daemon(self) -> Running:
        """Start the daemon."""
        listen = f"tcp:{self.port}:interface=127.0.0.1"
        command = (*MODULE, "run", "--sandbox", f"--state-dir={self.state}")
        return self.spawn(command, environ={"INSTANTLY_MCP_LISTEN": listen})

    @deferred
    async def test_day(self):
        """The same client sees the tools come, go and come again without a restart."""
        added = await self.token_command("add", "--name", "Ada")
        line = next(x for x in added.output.splitlines() if x.startswith(b"{"))
        token = json.loads(line)["token"]
        url = f"http://127.0.0.1:{self.port}/mcp"
        folder = self.folder / "extension"
        relay = start(self, install(folder, {"access_token": token}, url))
        await relay.connect()
        self.assertEqual(await relay.tools(), ["connection_problem"])

        changed = relay.notified("notifications/tools/list_changed")
        daemon = self.daemon()
        await changed
        self.assertEqual(len(await relay.tools()), DEFAULT_TOOLS)
        self.assertIn('"mode":"sandbox"', text_of(await relay.call("get_server_info")))

        daemon.send(signal.SIGKILL)
        await daemon.ended
        changed = relay.notified("notifications/tools/list_changed")
        waiting = relay.ask("tools/list")
        daemon = self.daemon()
        await changed
        listed = (await waiting)["result"]["tools"]
        self.assertIn(len(listed), (1, DEFAULT_TOOLS))
        self.assertEqual(len(await relay.tools()), DEFAULT_TOOLS)

        await self.token_command("revoke", "Ada")
        refused = await relay.call("list_campaigns")
        self.assertTrue(refused["isError"])
        self.assertIn("revoked", text_of(refused))

        relay.close()
        self.assertEqual(await relay.ended, 0)
        self.assertNotIn(token.encode(), relay.output + relay.errors)
