"""Where ``make agents`` puts the programs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.clients.programs import BIN, FRAMEWORKS_PYTHON, WORK, package
from tests.support.programs import SEARCH_PATH, Needed, command

MODULES = WORK / "npm" / "agents" / "node_modules"


def _agent(name: str, path: Path) -> Needed:
    return Needed(
        name=name,
        find=lambda: str(path) if path.exists() else None,
        install="make agents",
    )


def _client(name: str, path: Path) -> Needed:
    return Needed(
        name=name,
        find=lambda: str(path) if path.exists() else None,
        install="make clients",
    )


CLAUDE = _agent("Claude Code", MODULES / ".bin" / "claude")
GEMINI = _agent("Gemini CLI", MODULES / ".bin" / "gemini")
CODEX = _agent("Codex", MODULES / ".bin" / "codex")
OPENCODE = _agent("opencode", MODULES / "opencode-linux-x64" / "bin" / "opencode")
"""Its package `opencode-ai` depends on packages for systems of other people, which not
every registry has; the tests use the one for Linux."""

NODE = _client("Node.js", BIN / "node")
MCP_REMOTE = _client("mcp-remote", package("mcp-remote"))
FRAMEWORKS = _client("LangChain and the OpenAI Agents SDK", FRAMEWORKS_PYTHON)
NPX = Needed(
    name="npx",
    find=lambda: shutil.which("npx", path=SEARCH_PATH),
    install="apt-get install npm",
)
CURL = command("curl", "curl")

PATH = os.pathsep.join(
    [
        str(MODULES / ".bin"),
        str(MODULES / "opencode-linux-x64" / "bin"),
        str(BIN),
        SEARCH_PATH,
    ]
)
