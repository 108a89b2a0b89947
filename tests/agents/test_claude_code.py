"""Claude Code, with its own command and with its file."""

from __future__ import annotations

import json

from instantly_mcp._deferred import deferred
from tests.support.programs import requires

from .cases import VARIABLE, AgentTestCase, written
from .programs import CLAUDE

QUIET = {"DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1"}


@requires(CLAUDE)
class ClaudeCodeTests(AgentTestCase):
    """``claude mcp list`` connects to each server that it lists."""

    @deferred
    async def test_command(self) -> None:
        """The command for a server without a credential connects."""
        daemon = await self.open_daemon()
        await self.pastes(written("claude-code", "command", daemon.url), QUIET)
        said = await self.types("claude", "mcp", "list", environ=QUIET)
        self.assertIn("✔ Connected", said)

    @deferred
    async def test_token(self) -> None:
        """The command and the file connect, and store the token in no file."""
        daemon = await self.closed_daemon()
        await self._command(daemon.url)
        await self._file(daemon.url)
        self.assertEqual(self.files_with(self.token), [])

    async def _command(self, url: str) -> None:
        """The token is read from the variable each time."""
        user = {**QUIET, VARIABLE: self.token}
        text = written("claude-code", "command", url, "token")
        await self.pastes(text, user)
        self.assertIn(
            "✔ Connected", await self.types("claude", "mcp", "list", environ=user)
        )
        said = await self.types("claude", "mcp", "list", environ=QUIET)
        self.assertIn(f"Missing environment variables: {VARIABLE}", said)
        self.assertNotIn("✔ Connected", said)

    async def _file(self, url: str) -> None:
        """The file of a project connects, once the user trusts the project."""
        self.put("project/.mcp.json", written("claude-code", "json", url, "token"))
        approved = {"enableAllProjectMcpServers": True}
        self.put("project/.claude/settings.local.json", json.dumps(approved))
        trusted = {str(self.project): {"hasTrustDialogAccepted": True}}
        self.put(".claude.json", json.dumps({"projects": trusted}))
        user = {**QUIET, VARIABLE: self.token}
        said = await self.types("claude", "mcp", "get", "instantly", environ=user)
        self.assertIn("Scope: Project config", said)
        self.assertIn("✔ Connected", said)
