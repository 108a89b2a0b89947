"""The program of the bundle for Claude Desktop, which the official SDKs start."""

from __future__ import annotations

from collections.abc import Mapping

from instantly_mcp._json_codec import Json
from tests.bundle.installed import install

from . import stories
from .programs import NODE, Program, package


class BundleModernTests(stories.Stories):
    """The Python SDK 2.x, which asks which era the server supports."""

    program = Program(
        driver="python_v2.py",
        name="Node",
        needs=NODE,
        version="2026-07-28",
        plan={"mode": "auto"},
    )

    def started(self, url: str, key: str) -> Mapping[str, Json]:
        """Install the bundle, with the address of the daemon in it."""
        values = {"access_token": key}
        return {"started": install(self.folder / "extension", values, url).plan}


class BundleLegacyTests(BundleModernTests):
    """The TypeScript SDK 1.x."""

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
