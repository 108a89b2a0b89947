"""The official TypeScript SDK, in both major versions and on all transports.

Once it has read the result of a call, it drops progress that arrived together with the
result.
"""

from __future__ import annotations

from instantly_mcp._json_codec import Json

from . import stories
from .programs import NODE, Program, package


def program(name: str, version: str, **plan: Json) -> Program:
    """Return a TypeScript client."""
    return Program(
        driver="typescript.mjs",
        name="the TypeScript SDK of MCP",
        interpreter=NODE,
        needs=package(f"@modelcontextprotocol/{name}"),
        version=version,
        plan=plan,
    )


class FirstVersionTests(stories.Stories):
    """The 1.x client, Streamable HTTP."""

    program = program("sdk", "2025-11-25", major=1)
    receives_last_progress = False
    deletes_session = True


class FirstVersionStreamTests(stories.Stories):
    """The 1.x client, HTTP+SSE of 2024-11-05."""

    program = program("sdk", "2025-11-25", major=1, sse=True)
    receives_last_progress = False


class SecondVersionLegacyTests(stories.Stories):
    """The 2.x client with its defaults: it uses ``initialize``."""

    program = program("client", "2025-11-25", major=2, mode="legacy")
    receives_last_progress = False
    deletes_session = True


class SecondVersionModernTests(stories.Stories):
    """The 2.x client that asks which era the server supports."""

    program = program("client", "2026-07-28", major=2, mode="auto")
    receives_last_progress = False
