"""A daemon, a user's home, and what the user types."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from instantly_mcp.cli.snippet import DEFAULT_URL
from instantly_mcp.clients.address import AUTH_HEADERS, McpAddress
from instantly_mcp.clients.registry import CLIENTS
from tests.daemon.processes import MODULE
from tests.e2e.cases import Daemon, DaemonTestCase

from .programs import PATH

VARIABLE = "INSTANTLY_TOKEN"


def written(client: str, form: str, url: str = DEFAULT_URL, auth: str = "none") -> str:
    """Return a configuration of a client."""
    (chosen,) = [each for each in CLIENTS[client].configurations if each.name == form]
    return chosen.write(McpAddress(url, AUTH_HEADERS[auth]))


class AgentTestCase(DaemonTestCase):
    """Starts daemons, and programs of a user with a home of its own."""

    keys: Sequence[str] = ("imt_",)

    def setUp(self) -> None:
        """Create the user's home, and the folder of a project."""
        super().setUp()
        self.home = self.folder / "home"
        self.project = self.home / "project"
        self.project.mkdir(parents=True)
        self.token = ""

    async def open_daemon(self) -> Daemon:
        """Start a daemon that asks for no credential."""
        return await self.daemon("run", "--sandbox")

    async def closed_daemon(self) -> Daemon:
        """Start a daemon that admits connection tokens only, and issue one."""
        state = str(self.folder / "state")
        words = ["token", "add", "--name", "ada", "--json", "--state-dir", state]
        made = self.spawn([*MODULE, *words])
        self.assertEqual(await made.ended, 0, made.output)
        self.token = json.loads(made.output.splitlines()[0])["token"]
        return await self.daemon(
            "run", "--sandbox", "--tokens-only", "true", "--state-dir", state
        )

    async def types(
        self,
        *words: str,
        status: int = 0,
        environ: Mapping[str, str] | None = None,
    ) -> str:
        """Run a command in the project; return what it printed.

        :param environ: variables of the user's shell.
        """
        own = {"PATH": PATH, "HOME": str(self.home), "NO_COLOR": "1"}
        running = self.spawn(
            words, cwd=self.project, environ={**own, **(environ or {})}
        )
        # Codex waits for the end of its input.
        process: Any = running.transport
        process.closeStdin()
        self.assertEqual(await running.ended, status, running.output)
        return running.output.decode(errors="replace")

    async def pastes(self, text: str, environ: Mapping[str, str] | None = None) -> str:
        """Run a configuration that is a command, in a shell."""
        return await self.types("bash", "-c", text, environ=environ)

    def put(self, path: str, text: str) -> Path:
        """Write a file below the home, as an editor does; return its path."""
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n", encoding="utf-8")
        return file

    def files_with(self, text: str) -> list[str]:
        """Return the files of the user that contain a text."""
        return [
            str(path.relative_to(self.home))
            for path in self.home.rglob("*")
            if path.is_file() and text.encode() in path.read_bytes()
        ]
