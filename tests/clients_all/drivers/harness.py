"""Executes the commands of the suite with a client: one line of JSON each way.

A driver gives `serve` a class with these coroutine methods; what they raise is the
result of the command::

    async def connect(url, headers): ...     # returns the revision of MCP, or None
    async def tools(): ...                   # returns {name: schema of its arguments},
                                             # as the model is given it
    async def call(name, arguments): ...     # returns Shown
    async def close(): ...

The standard output of the process belongs to the commands; whatever the client prints
goes to standard error.
"""

# mypy: ignore-errors

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass

COMMAND_SECONDS = 30
"""A client that takes longer for a command hangs."""


@dataclass
class Shown:
    """What a model is shown after a call.

    :param error: the client says that the call failed.
    :param raised: the name of the exception that the client raises instead of
        returning a result.
    """

    text: str
    error: bool = False
    raised: str | None = None


def text_of(result):
    """Return the text of an MCP result."""
    return "".join(getattr(block, "text", "") for block in result.content)


def raised(error):
    """Return what an exception shows."""
    return Shown(str(error), error=True, raised=type(error).__name__)


class Commands:
    """Reads commands and writes results."""

    def __init__(self, make, output):
        self._make, self._output = make, output
        self._client = make()
        self._running = None

    async def follow(self):
        """Execute commands until the suite closes standard input.

        They run in one task: several clients must be closed by the task that opened
        them.
        """
        while line := await asyncio.to_thread(sys.stdin.readline):
            command = json.loads(line)
            try:
                async with asyncio.timeout(COMMAND_SECONDS):
                    facts = await self._execute(**command)
            except BaseException as error:
                if isinstance(error, (KeyboardInterrupt, SystemExit)):
                    raise
                facts = {"failed": f"{type(error).__name__}: {reason(error)}"}
            self._output.write(
                json.dumps({"step": command["step"], **facts}, default=str) + "\n"
            )
            self._output.flush()

    async def _execute(self, step, do, **facts):
        return await getattr(self, f"_{do}")(**facts)

    async def _connect(self, url, headers):
        return {"version": await self._client.connect(url, headers)}

    async def _tools(self):
        return {"tools": await self._client.tools()}

    async def _call(self, name, arguments):
        shown = await self._client.call(name, arguments)
        return {"text": shown.text, "error": shown.error, "raised": shown.raised}

    async def _start(self, name, arguments):
        self._running = asyncio.create_task(self._client.call(name, arguments))
        return {}

    async def _cancel(self):
        cancel = getattr(self._client, "cancel", self._running.cancel)
        cancel()
        await asyncio.wait([self._running], timeout=COMMAND_SECONDS / 2)
        return {"ended": self._running.done()}

    async def _close(self):
        client, self._client = self._client, self._make()
        with suppress(BaseException):
            await client.close()
        return {}


def reason(error):
    """Return a message; that of the first member, for a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{error}" or type(error).__name__


def serve(make):
    """Execute commands with clients that `make` returns."""
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    asyncio.run(Commands(make, output).follow())
    os._exit(0)
