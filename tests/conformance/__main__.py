"""Serves the fixture: ``python -m tests.conformance --port 0 --ready-file FILE``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from twisted.internet import reactor as installed
from twisted.internet.task import LoopingCall

from .server import make_fixture


def main() -> None:
    """Listen on loopback, and write the URL to the ready file."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ready-file", type=Path, required=True)
    options = parser.parse_args()
    reactor: Any = installed
    site, streams = make_fixture(reactor)
    port = reactor.listenTCP(options.port, site, interface="127.0.0.1")
    LoopingCall(streams.keep_alive).start(15, now=False)
    url = f"http://127.0.0.1:{port.getHost().port}/mcp"
    # The file must be complete when it appears: waiting programs read it at once.
    partial = options.ready_file.with_suffix(".partial")
    partial.write_text(json.dumps({"url": url}), encoding="utf-8")
    partial.replace(options.ready_file)
    reactor.run()


if __name__ == "__main__":
    main()
