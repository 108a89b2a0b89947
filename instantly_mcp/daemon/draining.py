"""Answers the calls that are in flight when the daemon stops, and refuses new ones.

While the daemon drains, an extra stage of the pipeline refuses new requests. Calls
that are still running at the deadline are cancelled and answered: a client without an
answer would repeat a write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.python.failure import Failure
from zope.interface import implementer

from .._noop import noop
from ..pipeline.exchange import Exchange
from ..pipeline.interfaces import IStage
from ..pipeline.replies.reply import Outcome, refuse
from ..protocol.calls.call import Caller
from ..protocol.interfaces import ITracker
from ..protocol.primitives.listing import render_result
from ..protocol.primitives.tool import error_result
from ..protocol.server import McpServer
from ..protocol.server_features import RequestContext
from ..protocol.wire.errors import ProtocolError, overloaded
from ..protocol.wire.jsonrpc import Batch, Message, Request, Response

T = TypeVar("T")

RETRY_AFTER_SECONDS = 5
"""After how long a refused client may retry: about as long as a restart takes."""

SERVED_WHILE_DRAINING = frozenset({"ping", "tasks/get", "tasks/update", "tasks/cancel"})
"""Methods that belong to earlier work and are served while the daemon drains."""


@implementer(IStage)
@define(eq=False)
class RefuseNewWork:
    """Refuses new requests and new streams with status 503.

    Responses to the server's own requests, notifications and requests about tasks pass.
    """

    name: str = "draining"

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Pass on what belongs to earlier work; refuse the rest."""
        if _is_new_work(exchange):
            error = overloaded(
                "This server is stopping or restarting. The request was not executed; "
                f"try again in {RETRY_AFTER_SECONDS} s.",
                RETRY_AFTER_SECONDS,
            )
            return succeed(refuse(exchange, error))
        return succeed(exchange)


def _is_new_work(exchange: Exchange) -> bool:
    message = exchange.message
    if message is None:
        return exchange.method == "GET"
    if isinstance(message, Batch):
        return any(isinstance(each, Request) for each in message.members)
    return isinstance(message, Request) and message.method not in SERVED_WHILE_DRAINING


@define(eq=False)
class TrackedServer(McpServer):
    """An `McpServer` that tracks unfinished calls and can answer them early.

    :param on_error: called with the principal and the code of each answer that is a
        JSON-RPC error.
    """

    tracker: ITracker = field(kw_only=True)
    on_error: Callable[[str, str], object] = field(default=noop, kw_only=True)
    _open: dict[Deferred[Response | None], tuple[Message, Caller]] = field(
        factory=dict, init=False
    )
    _stopped: bool = field(default=False, init=False)

    def handle(self, message: Message, caller: Caller) -> Deferred[Response | None]:
        """Answer one message; track it only if it is not answered at once."""
        answering = McpServer.handle(self, message, caller)
        if answering.called:
            self._note(answering.result, caller)
            return answering
        self._open[answering] = message, caller
        answering.addBoth(self._ended, answering)
        # The call is in flight until its answer is where its client gets it: the
        # daemon, which waits for the last call, then closes the streams.
        answer: Deferred[Response | None] = Deferred(lambda _: answering.cancel())
        self.tracker.track(answering.chainDeferred(answer))
        return answer

    def give_up(self) -> None:
        """Cancel and answer every call. What a call has already done stays done.

        When this returns, each call has been answered, unless its client cancelled it
        or it ignores its cancellation.
        """
        self._stopped = True
        for answering in tuple(self._open):
            answering.cancel()

    def log_open(self) -> None:
        """Log the method, tool and principal of each unfinished call, no arguments."""
        for message, caller in self._open.values():
            method = getattr(message, "method", "")
            self.log.warn(
                "{method} {tool} of {principal} has not ended",
                method=method,
                tool=_tool_of(message),
                principal=caller.principal,
            )

    def _ended(self, result: T, answering: Deferred[Response | None]) -> T:
        _, caller = self._open.pop(answering)
        self._note(result, caller)
        return result

    def _note(self, result: object, caller: Caller) -> None:
        """Report an answer that is an error."""
        if isinstance(result, Response) and result.error is not None:
            self.on_error(caller.principal, f"JSON-RPC {result.error.code}")

    def _failed_later(self, failure: Failure, context: RequestContext) -> Response:
        if self._stopped and failure.check(CancelledError):
            return self._ended_early(context)
        return super()._failed_later(failure, context)

    def _ended_early(self, context: RequestContext) -> Response:
        name = _tool_of(context.request)
        tool = self.features.tools.find(name) if name else None
        if tool is None:
            return Response(context.request.id, error=_stopping())
        result = error_result(
            {
                "code": "server_stopped",
                "message": f"This server stopped before {name} had ended.",
                "hint": (
                    "It is safe to call it again."
                    if tool.annotations.read_only
                    else "Its outcome is unknown, and what it had already done stays "
                    "done: check before you call it again, and tell the user."
                ),
                "tool": name,
            }
        )
        rendered = render_result(result, context.caller.revision)
        return self._answered(rendered, context)


def _stopping() -> ProtocolError:
    return overloaded(
        "This server stopped before the request ended.", RETRY_AFTER_SECONDS
    )


def _tool_of(message: Message) -> str:
    if isinstance(message, Request) and message.method == "tools/call":
        return str(message.params.get("name", ""))[:100]
    return ""
