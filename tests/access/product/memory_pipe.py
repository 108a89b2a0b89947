"""The whole server of ``instantly-mcp stdio --sandbox`` on a driven clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

from attrs import define, field
from zope.interface import implementer

from instantly_mcp._json_codec import Json, JsonObject, dumps, loads
from instantly_mcp.daemon.mcp import McpParts, make_mcp_parts
from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.daemon.stdio import direct
from instantly_mcp.sandbox.world import World
from instantly_mcp.transports.stdio_lines import ILineSink, LineConnection

from .memory_daemon import START, STEP_SECONDS, STEPS, StillReactor, taken_writes


@implementer(ILineSink)
@define(eq=False)
class Lines:
    """Keeps the messages for the client."""

    messages: list[JsonObject] = field(factory=list)

    def write_line(self, message: bytes) -> None:
        """Keep one."""
        self.messages.append(loads(message))


def members(message: Json) -> Sequence[JsonObject]:
    """Return the members of a batch, or the message as the only one."""
    return message if isinstance(message, list) else [message]


class MemoryPipe:
    """A started server and its one client, whom it knows by no key.

    :param settings: as options would set them.
    :ivar lines: what the client has received.
    """

    def __init__(self, **settings: str) -> None:
        self.reactor = StillReactor()
        self.lines = Lines()
        made: list[McpParts] = []

        def keep(*arguments: Any) -> McpParts:
            made.append(make_mcp_parts(*arguments))
            return made[-1]

        given = {"sandbox": "true", "toolsets": "all", **settings}
        with patch.object(direct, "make_mcp_parts", keep):
            self.parts = direct.build_direct(
                resolve(given, {}), self.reactor, self.lines, wall=self.wall
            )
        (mcp,) = made
        self.mcp = mcp
        assert mcp.upstream.sandbox is not None
        self.sandbox = mcp.upstream.sandbox
        self.sandbox.rate_limited = False
        self.parts.start()
        self.connection = LineConnection(self.lines, self.parts.consumer)

    def wall(self) -> float:
        """Return the time of the wall clock."""
        return START + self.reactor.seconds()

    def world(self, key: str) -> World:
        """Return the simulated workspace."""
        return self.sandbox.workspace(key).current_world()

    def writes(self, key: str) -> list[str]:
        """Return the writes that Instantly executed since the last call."""
        return taken_writes(self.sandbox, key)

    def send(self, message: Json) -> None:
        """Send a line."""
        self.connection.data(dumps(message) + b"\n")

    def reply(self, id: Json = 1) -> JsonObject:
        """Let time pass until a request is answered; take the answer."""
        for _ in range(STEPS):
            for message in self.lines.messages:
                for each in members(message):
                    if each.get("id") == id and "method" not in each:
                        self.lines.messages.remove(message)
                        found: JsonObject = each
                        return found
            self.reactor.advance(STEP_SECONDS)
        raise AssertionError(f"no answer to {id!r}: {self.lines.messages!r:.800}")

    def ask(self, message: JsonObject) -> JsonObject:
        """Send a request; return the response."""
        self.send(message)
        return self.reply(message["id"])
