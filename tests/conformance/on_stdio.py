"""The fixture behind the stdio transport: ``python -m tests.conformance.on_stdio``.

With ``--noisy`` something writes to standard output all the time, as a library may: all
of it must end on standard error.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

from instantly_mcp._rights import ALL_RIGHTS
from instantly_mcp.daemon.draining import TrackedServer
from instantly_mcp.daemon.process.in_flight import InFlight
from instantly_mcp.daemon.stdio.parts import StdioParts
from instantly_mcp.daemon.stdio.process import StdioProcess
from instantly_mcp.pipeline.replies.execution import MessageExecutor
from instantly_mcp.transports.stdio import StdioServer
from instantly_mcp.transports.stdio_lines import ILineSink
from instantly_mcp.transports.stdio_pipes import take_standard_streams

from .server import make_server_features

NOISE = "canary-on-standard-output"


def build(output: ILineSink) -> StdioParts:
    """Put the fixture's features behind the transport."""
    reactor: Any = installed
    in_flight, features = InFlight(), make_server_features(reactor)
    server = TrackedServer(features, tracker=in_flight)

    def finish() -> Deferred[None]:
        features.changes.close()
        return in_flight.when_empty()

    consumer = StdioServer(
        executor=MessageExecutor(server, reactor, in_flight),
        changes=features.changes,
        credential=None,
        rights=ALL_RIGHTS,
        output=output,
        finish=finish,
    )
    return StdioParts(consumer=consumer)


def make_noise() -> None:
    """Write to standard output in each way that a library may."""
    sys.stdout.write(f"{NOISE}\n")
    sys.stdout.flush()
    os.write(1, f"{NOISE}\n".encode())
    os.system(f"echo {NOISE}")


def main() -> int:
    """Serve one client; return the exit status."""
    streams = take_standard_streams()
    if "--noisy" in sys.argv:
        LoopingCall(make_noise).start(0.05)
    return StdioProcess(installed, streams, build, print).run()


if __name__ == "__main__":
    sys.exit(main())
