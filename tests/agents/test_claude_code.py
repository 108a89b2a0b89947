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
        """The token is read from the variable, and is stored in no file."""
        daemon = await self.closed_daemon()
        user = {**QUIET, VARIABLE: self.token}
        text = written("claude-code", "command", daemon.url, "token")
        await self.pastes(text, user)
        self.assertIn(
            "✔ Connected", await self.types("claude", "mcp", "list", environ=user)
        )
        self.assertEqual(self.files_with(self.token), [])
        said = await self.types("claude", "mcp", "list", environ=QUIET)
        self.assertIn(f"Missing environment variables: {VARIABLE}", said)
        self.assertNotIn("✔ Connected", said)

    @deferred
    async def test_file(self) -> None:
        """The file of a project connects, once the user trusts the project."""
        daemon = await self.closed_daemon()
        text = written("claude-code", "json", daemon.url, "token")
        self.put("project/.mcp.json", text)
        approved = {"enableAllProjectMcpServers": True}
        self.put("project/.claude/settings.local.json", json.dumps(approved))
        trusted = {str(self.project): {"hasTrustDialogAccepted": True}}
        self.put(".claude.json", json.dumps({"projects": trusted}))
        user = {**QUIET, VARIABLE: self.token}
        said = await self.types("claude", "mcp", "get", "instantly", environ=user)
        self.assertIn("✔ Connected", said)
        self.assertIn("Bearer ${INSTANTLY_TOKEN}", said)
