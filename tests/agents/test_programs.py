"""Programs that configurations start: mcp-remote, ``instantly-mcp stdio``, scripts."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from instantly_mcp._deferred import deferred
from instantly_mcp.clients.claude import MCP_REMOTE as PINNED
from tests.clients.programs import FRAMEWORKS_PYTHON, NPM, package
from tests.daemon.processes import ROOT
from tests.support.messages import initialize, request
from tests.support.programs import requires
from tests.support.tool_counts import DEFAULT_TOOLS

from .cases import VARIABLE, AgentTestCase, written
from .programs import FRAMEWORKS, MCP_REMOTE, NODE, NPX, PATH


class DesktopCase(AgentTestCase):
    """Claude Desktop starts the command in its file, and talks to it on stdio."""

    async def tools(self, form: str, cwd: Path, **environ: str) -> int:
        """Start a server as a file says, with a token; return how many tools it has."""
        daemon = await self.closed_daemon()
        text = written("claude-desktop", form, daemon.url, "token")
        filled = text.replace("your-connection-token-here", self.token)
        server = json.loads(filled)["mcpServers"]["instantly"]
        listed = await self.answer(server, cwd, environ)
        return len(listed["result"]["tools"])

    async def answer(
        self, server: dict[str, Any], cwd: Path, environ: Mapping[str, str]
    ) -> Any:
        """Start a server; return its answer to ``tools/list``."""
        alone = 'exec "$@" 2>"$HOME/errors.txt"'
        running = self.spawn(
            ["bash", "-c", alone, "bash", server["command"], *server["args"]],
            cwd=cwd,
            environ={"HOME": str(self.home), **environ, **server["env"]},
        )
        process: Any = running.transport
        for count, message in enumerate((initialize(), request("tools/list")), 1):
            process.write(json.dumps(message).encode() + b"\n")
            await running.said(b"\n", count)
        process.loseConnection()
        await running.ended
        self.assertEqual(self.files_with(self.token), [])
        return json.loads(running.output.splitlines()[-1])


@requires(MCP_REMOTE, NODE, NPX)
class RemoteTests(DesktopCase):
    """The file with mcp-remote."""

    @deferred
    async def test_token(self) -> None:
        """With the placeholder replaced, the tools are listed."""
        found = await self.tools("mcp-remote", NPM, PATH=PATH, npm_config_offline="1")
        self.assertEqual(found, DEFAULT_TOOLS)

    def test_version(self) -> None:
        """The version that users get is the one that is tested here."""
        found = json.loads((package("mcp-remote") / "package.json").read_bytes())
        self.assertEqual(PINNED, f"mcp-remote@{found['version']}")


class StdioTests(DesktopCase):
    """The file with ``instantly-mcp stdio``."""

    @deferred
    async def test_token(self) -> None:
        """With the placeholder replaced, the tools are listed."""
        installed = str(Path(sys.executable).parent)
        path = os.pathsep.join([installed, os.environ["PATH"]])
        self.assertEqual(await self.tools("stdio", ROOT, PATH=path), DEFAULT_TOOLS)


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
