"""``python -m tests.bridge.program URL [CA_FILE]``: a relay and nothing else.

The token is in ``INSTANTLY_TOKEN``, as for the command.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor as real_reactor

from instantly_mcp._credential import Secret
from instantly_mcp.bridge.build import make_bridge
from instantly_mcp.bridge.target import BridgeTarget
from instantly_mcp.transports.stdio_pipes import StdioPipes, take_standard_streams

reactor: Any = real_reactor


def main(url: str, ca_file: str | None = None) -> None:
    """Relay until the input ends."""
    pipes = StdioPipes(take_standard_streams(), reactor.callFromThread)
    token = os.environ.get("INSTANTLY_TOKEN")
    target = BridgeTarget(
        url=url,
        token=None if token is None else Secret(token),
        ca_file=None if ca_file is None else Path(ca_file),
    )
    relay = make_bridge(target, reactor, pipes)
    reactor.callWhenRunning(pipes.start, relay)
    pipes.done.addBoth(lambda _: reactor.stop())
    reactor.addSystemEventTrigger("before", "shutdown", _stop, pipes)
    reactor.run()


def _stop(pipes: StdioPipes) -> object:
    pipes.stop()
    return pipes.done


if __name__ == "__main__":
    main(*sys.argv[1:])
