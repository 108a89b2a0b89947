"""An HTTP server in place of the daemon, which answers as a test says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from .relay_process import VERSION, Message

Reply = Callable[[Request, Message], bytes | int]

SESSION = "session-1"


def respond(
    request: Request, message: Message, result: Any, status: int = 200
) -> bytes:
    """Answer a message with a result."""
    return reply(
        request, {"jsonrpc": "2.0", "id": message["id"], "result": result}, status
    )


def reply(request: Request, value: Any, status: int = 200) -> bytes:
    """Answer with JSON."""
    request.setResponseCode(status)
    request.setHeader("content-type", "application/json")
    return json.dumps(value).encode()


def refuse(status: int, message: str) -> Reply:
    """Answer with an error."""
    error = {
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": -32001, "message": message},
    }
    return lambda request, _: reply(request, error, status)


def page(status: int, text: bytes = b"<html>") -> Reply:
    """Answer as a proxy does."""

    def render(request: Request, _: Message) -> bytes:
        request.setResponseCode(status)
        request.setHeader("content-type", "text/html")
        return text

    return render


def result(value: Any) -> Reply:
    """Answer with a result."""
    return lambda request, message: respond(request, message, value)


def cut(request: Request, _: Message) -> int:
    """Close the connection without an answer."""
    request.transport.loseConnection()  # type: ignore[union-attr]
    return NOT_DONE_YET


def initialized(request: Request, message: Message) -> bytes:
    """Agree to a handshake, and open a session."""
    request.setHeader("mcp-session-id", SESSION)
    capabilities: Message = {"tools": {}, "prompts": {}}
    server = {"name": "scripted", "version": "1"}
    agreed = {
        "protocolVersion": VERSION,
        "capabilities": capabilities,
        "serverInfo": server,
    }
    return respond(request, message, agreed)


class ScriptedDaemon(Resource):
    """Answers each method with the replies of a test, the last one again and again.

    :ivar limited: how many notifications it refuses first.
    :ivar received: the messages, with their HTTP headers under ``headers``.
    """

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.received: list[Message] = []
        self.replies: dict[str, list[Reply]] = {
            "initialize": [initialized],
            "ping": [result({})],
        }
        self.limited = 0
        self.gets: list[Reply] = [page(405)]
        self.left: Deferred[None] = Deferred()
        self.port: Any

    def listen(self, reactor: Any, tls: Any = None) -> str:
        """Listen on a free port; return the URL."""
        site = Site(self)
        if tls is None:
            self.port = reactor.listenTCP(0, site, interface="127.0.0.1")
        else:
            self.port = reactor.listenSSL(0, site, tls, interface="127.0.0.1")
        scheme = "http" if tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.port.getHost().port}/mcp"

    def methods(self) -> list[str]:
        """Return the methods that arrived, but for the handshake."""
        return [
            each["method"]
            for each in self.received
            if not each["method"].startswith(
                ("initialize", "notifications/initialized")
            )
        ]

    def render(self, request: Request) -> bytes | int:
        """Note the request, and answer it."""
        headers = {
            name.decode().lower(): values[0].decode()
            for name, values in request.requestHeaders.getAllRawHeaders()
        }
        if request.method == b"GET":
            return self._next(self.gets)(request, {"headers": headers})
        if request.method == b"DELETE":
            request.setResponseCode(204)
            return b""
        content: Any = request.content
        message = json.loads(content.read())
        self.received.append({**message, "headers": headers})
        if "id" not in message:
            if self.limited:
                self.limited -= 1
                return refuse(429, "Rate limit exceeded")(request, message)
            request.setResponseCode(202)
            return b""
        return self._next(self.replies[message["method"]])(request, message)

    @staticmethod
    def _next(replies: list[Reply]) -> Reply:
        return replies.pop(0) if len(replies) > 1 else replies[0]
