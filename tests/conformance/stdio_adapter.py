"""From HTTP to stdio: ``python -m tests.conformance.stdio_adapter --ready-file FILE``.

The official suite speaks HTTP only. This small server passes messages on to two
processes, one for each era: starting one for each session takes too long. It does as
little itself as it can: what a scenario judges is the answer of the process. What the
suite judges of HTTP itself does not count; `not_on_stdio` lists it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from twisted.internet import reactor as installed
from twisted.web.http import Request as HttpRequest
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from .stdio_child import Message, StdioChild

VERSION = "io.modelcontextprotocol/protocolVersion"
STATUS = {-32700: 400, -32600: 400, -32601: 404, -32021: 400, -32022: 400}
"""HTTP statuses of errors in the modern era, where the suite looks at them."""


class Exchange:
    """One POST with a request: JSON, or a stream if something precedes the result."""

    def __init__(self, http: HttpRequest, child: StdioChild, message: Message) -> None:
        self.http, self.child, self.message = http, child, message
        self.modern = VERSION in message.get("params", {}).get("_meta", {})
        self.over = self.streams = False
        http.notifyFinish().addBoth(self._left)
        self.id = child.ask(self)

    def notified(self, message: Message) -> None:
        """Send an event."""
        if not self.streams:
            self.streams = True
            self.http.setHeader("Content-Type", "text/event-stream")
        self._event(message)

    def answered(self, response: Message) -> None:
        """Send the result, and end."""
        self.over = True
        if self.streams:
            self._event(response)
        else:
            code = response.get("error", {}).get("code")
            if self.modern and code is not None:
                self.http.setResponseCode(STATUS.get(code, 200))
            self.http.setHeader("Content-Type", "application/json")
            self.http.write(json.dumps(response).encode())
        self.http.finish()

    def _event(self, message: Message) -> None:
        self.http.write(b"data: " + json.dumps(message).encode() + b"\n\n")

    def _left(self, _: object) -> None:
        """Cancel a modern request whose client closes its stream."""
        if not self.over and self.modern:
            self.child.cancel(self.id)


class Adapter(Resource):
    """The endpoint of both eras."""

    isLeaf = True

    def __init__(self, reactor: Any) -> None:
        super().__init__()
        self._modern, self._legacy = StdioChild(reactor), StdioChild(reactor)
        self._sessions: set[str] = set()

    def render_POST(self, http: HttpRequest) -> Any:
        """Pass a message on."""
        content: Any = http.content
        message = json.loads(content.read())
        child = self._child_for(http, message)
        if child is None:
            http.setResponseCode(404)
            return b""
        if "method" in message and "id" in message:
            Exchange(http, child, message)
            return NOT_DONE_YET
        if message.get("method") == "notifications/cancelled":
            child.cancel_for(message.get("params", {}))
        else:
            child.write(message)
        http.setResponseCode(202)
        return b""

    def render_GET(self, http: HttpRequest) -> Any:
        """Stream what belongs to no request of a session."""
        child = self._named(http)
        if child is None:
            http.setResponseCode(405)
            return b""
        http.setHeader("Content-Type", "text/event-stream")
        http.write(b": open\n\n")

        def send(message: Message) -> None:
            http.write(b"data: " + json.dumps(message).encode() + b"\n\n")

        def left(_: object) -> None:
            child.unrelated = None

        child.unrelated = send
        http.notifyFinish().addBoth(left)
        return NOT_DONE_YET

    def render_DELETE(self, http: HttpRequest) -> bytes:
        """End a session."""
        known = self._named(http) is not None
        self._sessions.discard(str(http.getHeader("mcp-session-id")))
        http.setResponseCode(204 if known else 404)
        return b""

    def _child_for(self, http: HttpRequest, message: Message) -> StdioChild | None:
        stated = http.getHeader("mcp-protocol-version") or ""
        enveloped = VERSION in (message.get("params", {}).get("_meta") or {})
        if enveloped or stated.startswith("2026"):
            return self._modern
        if message.get("method") != "initialize":
            return self._named(http)
        id = uuid4().hex
        self._sessions.add(id)
        http.setHeader("Mcp-Session-Id", id)
        return self._legacy

    def _named(self, http: HttpRequest) -> StdioChild | None:
        named = http.getHeader("mcp-session-id")
        return self._legacy if named in self._sessions else None


def main() -> None:
    """Listen on loopback, and write the URL to the ready file."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.stdio_adapter")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ready-file", type=Path, required=True)
    options = parser.parse_args()
    reactor: Any = installed
    site = Site(Adapter(reactor))
    port = reactor.listenTCP(options.port, site, interface="127.0.0.1")
    url = f"http://127.0.0.1:{port.getHost().port}/mcp"
    partial = options.ready_file.with_suffix(".partial")
    partial.write_text(json.dumps({"url": url}), encoding="utf-8")
    partial.replace(options.ready_file)
    reactor.run()


if __name__ == "__main__":
    main()
