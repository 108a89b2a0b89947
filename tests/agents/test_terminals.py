"""Codex, Gemini CLI, opencode and curl, each with its configuration."""

from __future__ import annotations

import json
import tomllib

from instantly_mcp._deferred import deferred
from tests.support.programs import requires
from tests.support.tool_counts import DEFAULT_TOOLS

from .cases import VARIABLE, AgentTestCase, written
from .programs import CODEX, CURL, GEMINI, NODE, OPENCODE


@requires(CODEX, NODE)
class CodexTests(AgentTestCase):
    """Codex connects when a conversation begins, before it asks its model."""

    @deferred
    async def test_command(self) -> None:
        """The command writes what the file would contain."""
        url = "https://mcp.example.com/mcp"
        await self.pastes(written("codex", "command", url, "token"))
        file = (self.home / ".codex" / "config.toml").read_text(encoding="utf-8")
        expected = tomllib.loads(written("codex", "toml", url, "token"))
        self.assertEqual(tomllib.loads(file), expected)
        self.assertIn(VARIABLE, await self.types("codex", "mcp", "list"))

    @deferred
    async def test_key(self) -> None:
        """An Instantly key is read from a variable, for its own header."""
        self.put(".codex/config.toml", written("codex", "toml", auth="key"))
        said = await self.types("codex", "mcp", "get", "instantly", "--json")
        transport = json.loads(said[said.index("{") :])["transport"]
        self.assertEqual(
            transport["env_http_headers"], {"x-instantly-api-key": "INSTANTLY_API_KEY"}
        )

    @deferred
    async def test_file(self) -> None:
        """It connects with the token. Its model, which does not exist, ends it."""
        daemon = await self.closed_daemon()
        provider = [
            "[model_providers.none]",
            'name = "none"',
            f'base_url = "{daemon.base}/no-model"',
            "request_max_retries = 0",
            "stream_max_retries = 0",
        ]
        text = written("codex", "toml", daemon.url, "token")
        self.put(".codex/config.toml", "\n".join([text, "required = true", *provider]))
        said = await self.types(
            *("codex", "exec", "--skip-git-repo-check"),
            *("-c", "model_provider=none", "-c", "model=none", "Hello"),
            status=1,
            environ={VARIABLE: self.token},
        )
        self.assertIn("404", said)
        self.assertIn(b"client=codex-mcp-client/", daemon.running.output)
        self.assertNotIn(b" 401 ", daemon.running.output)


@requires(GEMINI, NODE)
class GeminiTests(AgentTestCase):
    """``gemini mcp list`` connects to each server that it lists."""

    async def listed(self) -> str:
        """Return what it says of its servers, in a folder that it trusts."""
        return await self.types(
            *("gemini", "mcp", "list"),
            environ={VARIABLE: self.token, "GEMINI_CLI_TRUST_WORKSPACE": "true"},
        )

    @deferred
    async def test_token(self) -> None:
        """The command and the file connect, and name the variable only."""
        daemon = await self.closed_daemon()
        text = written("gemini-cli", "command", daemon.url, "token")
        await self.pastes(text, {VARIABLE: self.token})
        self.assertIn("Connected", await self.listed())
        text = written("gemini-cli", "json", daemon.url, "token")
        self.put(".gemini/settings.json", text)
        self.assertIn("Connected", await self.listed())
        self.assertEqual(self.files_with(self.token), [])


@requires(OPENCODE)
class OpencodeTests(AgentTestCase):
    """``opencode mcp list`` connects to each server that it lists."""

    @deferred
    async def test_file(self) -> None:
        """The file of a project connects; the variable is read at the start."""
        daemon = await self.closed_daemon()
        text = written("opencode", "json", daemon.url, "token")
        self.put("project/opencode.json", text)
        said = await self.types(
            "opencode", "mcp", "list", environ={VARIABLE: self.token}
        )
        self.assertRegex(said, "instantly.*connected")


@requires(CURL)
class CurlTests(AgentTestCase):
    """curl, in a shell."""

    @deferred
    async def test_token(self) -> None:
        """The command lists the tools; with another token it gets an error."""
        daemon = await self.closed_daemon()
        text = written("curl", "command", daemon.url, "token")
        said = await self.pastes(text, {VARIABLE: self.token})
        self.assertEqual(len(json.loads(said)["result"]["tools"]), DEFAULT_TOOLS)
        refused = await self.pastes(text, {VARIABLE: "imt_" + "0" * 49})
        self.assertIn("error", json.loads(refused))
