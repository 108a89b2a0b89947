"""Stage six, the last: executes messages that no transport accepts.

Users can use the tools even if their client sends a session id that this server did not
issue, posts to ``/messages`` without an open stream, or never opened a session. The
message goes to the same `McpServer`, with a credential and without a session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from attrs import frozen
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from ..._json_codec import JsonObject
from ...protocol.wire.errors import (
    SERVER_ERROR,
    UNAUTHORIZED,
    ProtocolError,
    session_not_found,
)
from ...protocol.wire.jsonrpc import Request, Response
from ...protocol.wire.versions import ASSUMED_LEGACY
from ..exchange import Exchange, Route
from ..interfaces import IStage
from ..replies.execution import MessageExecutor
from ..replies.pending_reply import unchanged
from ..replies.reply import Answer, Outcome, json_answer, refuse

ALLOWED = {
    Route.MCP: "GET, POST, DELETE, OPTIONS",
    Route.SSE: "GET, OPTIONS",
    Route.MESSAGES: "POST, OPTIONS",
}

_WHAT_A_GET_NEEDS = (
    "Method not allowed: GET only opens an event stream here, for clients of "
    "2025-11-25 or older that accept text/event-stream."
)


@implementer(IStage)
@frozen
class DirectExecution:
    """Always replies.

    :param describe: returns what ``GET /mcp`` says about the server, for a person who
        opens it with curl or a browser.
    """

    executor: MessageExecutor
    describe: Callable[[], JsonObject]
    name: str = "direct"

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Execute the message without a session; answer other methods with 405."""
        if exchange.message is None or exchange.route is Route.SSE:
            return succeed(self._not_allowed(exchange))
        if _lost_and_anonymous(exchange):
            hint = "This session is not known here. Send initialize to open a new one."
            return succeed(refuse(exchange, session_not_found(hint)))
        revision = exchange.revision or ASSUMED_LEGACY
        on_messages = exchange.route is Route.MESSAGES
        answered = self.executor.execute(
            exchange,
            revision,
            can_stream=not on_messages,
            restate=as_messages_says if on_messages else unchanged,
        )
        return cast("Deferred[Outcome]", answered)

    def _not_allowed(self, exchange: Exchange) -> Answer:
        if exchange.method == "HEAD" or exchange.route is not Route.MCP:
            note: JsonObject = {}
        else:
            note = self.describe()
        allowed = ALLOWED[exchange.route]
        error = ProtocolError(
            SERVER_ERROR,
            _WHAT_A_GET_NEEDS
            if exchange.method == "GET" and exchange.route is Route.MCP
            else f"Method not allowed. This path supports {allowed}.",
            status=405,
        )
        message = exchange.message
        id = message.id if isinstance(message, Request) else None
        body = {**Response(id, error=error).as_object(), **note}
        return json_answer(405, body, (("Allow", allowed),))


def _lost_and_anonymous(exchange: Exchange) -> bool:
    """Say whether there is no credential, and a session id that is not known here."""
    return exchange.session_id is not None and exchange.credential is None


def as_messages_says(error: ProtocolError) -> ProtocolError:
    """Turn a 401 into the 400 and -32000 that clients of ``/messages`` expect."""
    if error.code != UNAUTHORIZED:
        return error
    return ProtocolError(SERVER_ERROR, error.message, error.data, status=400)
