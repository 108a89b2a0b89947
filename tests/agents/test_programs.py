"""The programs that configurations start: mcp-remote, and scripts in Python."""

from __future__ import annotations

import json
from typing import Any

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import JsonObject
from instantly_mcp.clients.claude import MCP_REMOTE as PINNED
from tests.clients.programs import FRAMEWORKS_PYTHON
from tests.support.messages import initialize, request
from tests.support.programs import requires
from tests.support.tool_counts import DEFAULT_TOOLS

from .cases import VARIABLE, AgentTestCase, written
from .programs import FRAMEWORKS, MCP_REMOTE, NODE, NPM, NPX, PATH


@requires(MCP_REMOTE, NODE, NPX)
class DesktopTests(AgentTestCase):
    """Claude Desktop starts the command in its file, and talks to it on stdio."""

    async def answers(self, server: dict[str, Any], *messages: JsonObject) -> list[Any]:
        """Start a server as the file says; return its answers to some messages."""
        own = {"PATH": PATH, "HOME": str(self.home), "npm_config_offline": "1"}
        alone = 'exec "$@" 2>"$HOME/errors.txt"'
        running = self.spawn(
            ["bash", "-c", alone, "bash", server["command"], *server["args"]],
            cwd=NPM,
            environ={**own, **server.get("env", {})},
        )
        process: Any = running.transport
        for count, message in enumerate(messages, 1):
            process.write(json.dumps(message).encode() + b"\n")
            await running.said(b"\n", count)
        process.loseConnection()
        await running.ended
        return [json.loads(line) for line in running.output.splitlines()]

    @deferred
    async def test_token(self) -> None:
        """With the placeholder replaced, the tools are listed."""
        daemon = await self.closed_daemon()
        text = written("claude-desktop", "mcp-remote", daemon.url, "token")
        self.assertIn(PINNED, text)
        filled = text.replace("your-connection-token-here", self.token)
        server = json.loads(filled)["mcpServers"]["instantly"]
        listed = (await self.answers(server, initialize(), request("tools/list")))[-1]
        self.assertEqual(len(listed["result"]["tools"]), DEFAULT_TOOLS)


@requires(FRAMEWORKS)
class FrameworkTests(AgentTestCase):
    """The scripts run as they are."""

    @deferred
    async def test_scripts(self) -> None:
        """Each connects with the token, and counts the tools."""
        daemon = await self.closed_daemon()
        for client in ("langchain", "openai-agents"):
            text = written(client, "python", daemon.url, "token")
            script = self.put(f"{client}.py", text)
            said = await self.types(
                *(str(FRAMEWORKS_PYTHON), str(script)), environ={VARIABLE: self.token}
            )
            self.assertIn(f"{DEFAULT_TOOLS} tools", said, client)
