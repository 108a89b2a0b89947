"""The references: a bare Klein application that returns the same bytes as the daemon.

It uses the defaults of Klein and treq: the access log is on, and form posts are parsed.
Only the connection pool is larger (256 connections).

Arguments: ready file, folder with a file for each route, base URL of the upstream.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import treq
from klein import Klein
from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred
from twisted.python import log
from twisted.web.client import HTTPConnectionPool
from twisted.web.http_headers import Headers
from twisted.web.server import Request, Site

from .messages import KEYS, UPSTREAM_TARGET

reactor: Any = installed


def announce(factory: Any, ready_file: str) -> None:
    """Listen on a free port, write process id and port to a file, and run."""
    port = reactor.listenTCP(0, factory, backlog=1024, interface="127.0.0.1")
    partial = Path(f"{ready_file}.new")
    partial.write_text(f"{os.getpid()} {port.getHost().port}", encoding="ascii")
    partial.rename(ready_file)
    reactor.run()


def add_constant(app: Klein, path: str, body: bytes) -> None:
    """Add a route that returns constant bytes."""

    @app.route(path, methods=["POST"])
    def constant(request: Request) -> bytes:
        return body


def add_call(app: Klein, base: str) -> None:
    """Add the route ``/call``, which returns the reply of the upstream."""
    pool = HTTPConnectionPool(reactor, persistent=True)
    pool.maxPersistentPerHost = 256
    headers = Headers(
        {"Authorization": [f"Bearer {KEYS[0]}"], "Accept": ["application/json"]}
    )

    @app.route("/call", methods=["POST"])
    async def call(request: Request) -> bytes:
        url = f"{base}{UPSTREAM_TARGET}"
        response = await treq.get(url, headers=headers, pool=pool)
        body: bytes = await treq.content(response)
        return body


def add_stream(app: Klein) -> None:
    """Add the route ``/stream``, an event stream without events."""

    @app.route("/stream", methods=["GET"])
    def stream(request: Request) -> Deferred[None]:
        request.setHeader("Content-Type", "text/event-stream")
        request.write(b": open\n\n")
        return Deferred()


def main() -> None:
    """Serve until a signal stops the process."""
    ready_file, folder, base = sys.argv[1:]
    app = Klein()
    for file in sorted(Path(folder).iterdir()):
        add_constant(app, f"/{file.name}", file.read_bytes())
    add_call(app, base)
    add_stream(app)
    log.startLogging(sys.stdout)
    announce(Site(app.resource()), ready_file)


if __name__ == "__main__":
    main()
