"""``instantly-mcp stdio --url``, which the official SDKs start."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from instantly_mcp._json_codec import Json

from . import stories
from .programs import NODE, ROOT, Program, package


class BridgeModernTests(stories.Stories):
    """The Python SDK 2.x, which asks which era the server supports."""

    program = Program(
        driver="python_v2.py",
        name="the Python SDK of MCP",
        version="2026-07-28",
        plan={"mode": "auto"},
    )

    def started(self, url: str, key: str) -> Mapping[str, Json]:
        """Start the relay with the address of the daemon."""
        return {
            "started": {
                "command": sys.executable,
                "args": ["-m", "instantly_mcp", "stdio", "--url", url],
                "cwd": str(ROOT),
                "env": {"INSTANTLY_TOKEN": key, "PYTHONDONTWRITEBYTECODE": "1"},
            }
        }


class BridgeTypeScriptTests(BridgeModernTests):
    """The TypeScript SDK 1.x, with ``initialize``."""

    program = Program(
        driver="typescript.mjs",
        name="the TypeScript SDK of MCP",
        interpreter=NODE,
        needs=package("@modelcontextprotocol/sdk"),
        version="2025-11-25",
        plan={"major": 1},
    )
    receives_last_progress = False
    deletes_session = True
