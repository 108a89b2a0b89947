"""`McpServer`: the one door in. A message and its caller, to a response or nothing."""

from __future__ import annotations

from typing import ClassVar, cast
from uuid import uuid4

from attrs import define
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from . import legacy, modern
from .call import Caller
from .envelope import open_envelope
from .errors import ProtocolError, internal_error, method_not_found
from .jsonrpc import Message, Notification, Request, Response
from .methods import Method, Offer, Result, Turn


@define(eq=False)
class McpServer:
    """Answers MCP messages of every era from one offer.

    It holds no state of any client: sessions belong to their transport, and no object
    made for one message is ever seen by another.
    """

    log: ClassVar[Logger] = Logger()

    offer: Offer

    def handle(self, message: Message, caller: Caller) -> Deferred[Response | None]:
        """Answer one message.

        :returns: the response to a request; ``None`` for everything that has none.
            Fails only with ``CancelledError``, when the returned Deferred is cancelled
            or a legacy client cancels the request.
        """
        if isinstance(message, Request):
            if caller.revision.modern:
                return self._modern(message, caller)
            return self._legacy(message, caller)
        if isinstance(message, Notification) and not caller.revision.modern:
            legacy.notified(message, caller)
        return succeed(None)

    def _legacy(self, request: Request, caller: Caller) -> Deferred[Response | None]:
        method = legacy.METHODS.get(request.method)
        if method is None:
            error = method_not_found(request.method)
            return succeed(Response(request.id, error=error))
        turn = legacy.turn_of(request, caller)
        answering = self._run(method, turn)
        if caller.session is not None and not answering.called:
            _register(answering, request, caller.session.calls)
        return answering

    def _modern(self, request: Request, caller: Caller) -> Deferred[Response | None]:
        if caller.headers is None:
            raise LookupError("a modern request needs its HTTP headers")
        try:
            envelope = open_envelope(request, caller.headers)
            method = modern.METHODS.get(request.method)
            if method is None:
                raise method_not_found(request.method, status=404)
        except ProtocolError as error:
            return succeed(Response(request.id, error=error))
        turn = Turn(request=request, caller=caller, log_level=envelope.log_level)
        return self._run(method, turn)

    def _run(self, method: Method, turn: Turn) -> Deferred[Response | None]:
        """Run a method; whatever happens becomes a response."""
        try:
            result = method(self.offer, turn)
        except Exception:
            return succeed(self._failed(Failure(), turn))
        if isinstance(result, Deferred):
            answering = result.addCallback(self._answered, turn)
            return answering.addErrback(self._failed_later, turn)
        return succeed(self._answered(result, turn))

    def _answered(self, result: Result, turn: Turn) -> Response | None:
        if turn.caller.revision.modern:
            result = modern.seal_result(self.offer, turn.request.method, result)
        return Response(turn.request.id, result)

    def _failed_later(self, failure: Failure, turn: Turn) -> Response:
        if failure.check(CancelledError):
            failure.raiseException()
        return self._failed(failure, turn)

    def _failed(self, failure: Failure, turn: Turn) -> Response:
        if isinstance(failure.value, ProtocolError):
            return Response(turn.request.id, error=failure.value)
        incident = uuid4().hex[:12]
        self.log.failure(
            "Method {method} failed, incident {incident}",
            failure=failure,
            method=turn.request.method,
            incident=incident,
        )
        return Response(turn.request.id, error=internal_error(incident))


def _register(
    answering: Deferred[Response | None],
    request: Request,
    calls: dict[str | int, Deferred[object]],
) -> None:
    """Let ``notifications/cancelled`` find the call while it runs.

    A client that uses one id twice at a time cannot cancel the second call; it is
    answered all the same, on its own POST.
    """
    if request.id in calls:
        return
    calls[request.id] = cast("Deferred[object]", answering)

    def forget(outcome: Response | Failure | None) -> Response | Failure | None:
        calls.pop(request.id, None)
        return outcome

    answering.addBoth(forget)
