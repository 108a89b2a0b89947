"""``instantly-mcp stdio`` without a daemon, which the official SDKs start."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any, cast

from twisted.internet.defer import Deferred, succeed

from instantly_mcp._json_codec import Json
from tests.daemon.processes import Running
from tests.daemon.stdio.pipes import MODULE, start
from tests.support.messages import call

from . import stories
from .programs import NODE, ROOT, V1_PYTHON, Program, package

FIXTURE = (sys.executable, "-m", "tests.conformance.on_stdio")


class NoServer:
    """Stands for the server of a story, which the client starts and ends itself."""

    output = b""

    def __init__(self) -> None:
        self.ended: Deferred[int] = succeed(0)

    def send(self, number: signal.Signals) -> None:
        """Do nothing: the process ends with its client."""


class DirectStories(stories.Stories):
    """The stories of all clients; the server is a child of the client.

    One client of each SDK and era: each test starts two programs.
    """

    program = Program(
        driver="python_v2.py",
        name="the Python SDK of MCP",
        version="2026-07-28",
        plan={"mode": "auto"},
    )
    command: Sequence[str] = ()

    async def daemon(self, *options: str) -> tuple[Running, str]:
        """Note the options for the client."""
        self.command = (*MODULE, *options)
        return cast(Running, NoServer()), "stdio:"

    async def fixture(self) -> tuple[Running, str]:
        """Have the client start the everything-server."""
        self.command = FIXTURE
        return cast(Running, NoServer()), "stdio:"

    def started(self, url: str, key: str) -> Mapping[str, Json]:
        """Return the program that the client starts."""
        program, *args = self.command
        environ = {"PYTHONDONTWRITEBYTECODE": "1", "HOME": str(self.folder)}
        if "--sandbox" not in args:
            environ["INSTANTLY_API_KEY"] = key
        started = {"command": program, "args": args, "cwd": str(ROOT), "env": environ}
        return {"started": started}

    async def _list_id(self, running: Running, key: str) -> str:
        """Ask another process: the ids of the sandbox are the same in each."""
        asked = start(self.folder, [*MODULE, "--sandbox"])
        self.addCleanup(asked.kill)
        asked.send(call("list_lead_lists", {"limit": 1}))
        answer: Any = (await asked.wrote(1))[0]
        asked.close()
        await asked.ended
        found = json.loads(answer["result"]["content"][0]["text"])
        return str(found["items"][0]["id"])


class PythonModernTests(DirectStories):
    """The Python SDK 2.x, which asks which era the server supports."""


class PythonFirstVersionTests(DirectStories):
    """The Python SDK 1.x."""

    program = Program(
        driver="python_v1.py",
        name="the first Python SDK of MCP",
        interpreter=V1_PYTHON,
        needs=V1_PYTHON,
        version="2025-11-25",
    )


class TypeScriptModernTests(DirectStories):
    """The TypeScript SDK 2.x, which asks which era the server supports."""

    program = Program(
        driver="typescript.mjs",
        name="the TypeScript SDK of MCP",
        interpreter=NODE,
        needs=package("@modelcontextprotocol/client"),
        version="2026-07-28",
        plan={"major": 2, "mode": "auto"},
    )
    receives_last_progress = False


del DirectStories  # Its subclasses run.
