"""The interface of a client for the stories, on any transport."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from twisted.internet.defer import Deferred

from instantly_mcp._json_codec import JsonObject

from .transcript import Transcript


class Wire(Protocol):
    """A client that a story controls."""

    transcript: Transcript

    async def connect(self) -> None:
        """Connect, as needed before the first call."""

    async def resume(self) -> None:
        """Continue after the server was restarted."""

    async def tools(self) -> list[JsonObject]:
        """List the tools."""

    async def call(self, tool: str, arguments: JsonObject) -> JsonObject:
        """Call a tool; return its result."""

    async def leave(self) -> None:
        """End the session and disconnect."""

    def drop(self) -> Deferred[None] | None:
        """Close everything that is still open."""


def key_headers(key: str | None) -> Mapping[str, str]:
    """Return the header that presents a key, if there is one."""
    return {} if key is None else {"x-instantly-api-key": key}


class Refused(Exception):
    """The server answered a request with an error."""

    def __init__(self, error: JsonObject) -> None:
        super().__init__(str(error))
        self.code: int = error["code"]
        self.message: str = error["message"]


def result_of(message: JsonObject) -> JsonObject:
    """Return the result of a response.

    :raises Refused: when it is an error.
    """
    if "error" in message:
        raise Refused(message["error"])
    result: JsonObject = message["result"]
    return result
