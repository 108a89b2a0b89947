"""The engine as the daemon runs it: what it is working on holds the stop."""

from __future__ import annotations

from attrs import define, field
from twisted.internet.defer import Deferred

from ..protocol.call import Caller
from ..protocol.interfaces import ITracker
from ..protocol.jsonrpc import Message, Response
from ..protocol.server import McpServer


@define(eq=False)
class TrackedServer(McpServer):
    """An `McpServer` whose unfinished calls are tracked."""

    tracker: ITracker = field(kw_only=True)

    def handle(self, message: Message, caller: Caller) -> Deferred[Response | None]:
        """Answer one message; most are answered at once and never tracked."""
        answering = McpServer.handle(self, message, caller)
        if not answering.called:
            self.tracker.track(answering)
        return answering
