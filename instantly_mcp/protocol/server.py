"""`McpServer`, the entry point: takes a message and its caller, returns a response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, cast

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from .._deferred import reraise
from .calls.ask_by_retry import InputRequired
from .calls.ask_by_session import deliver_response
from .calls.call import Caller
from .calls.client_requests import CannotAsk
from .methods import legacy, modern
from .server_features import Method, RequestContext, Result, ServerFeatures
from .wire.envelope import open_envelope
from .wire.errors import (
    ProtocolError,
    invalid_request,
    method_not_found,
)
from .wire.incidents import report_bug
from .wire.jsonrpc import ClientResponse, Message, Notification, Request, Response


@define(eq=False)
class McpServer:
    """Answers MCP messages of both eras.

    It has no state of clients: transports hold the sessions, and no object that is made
    for one message is used for another one.
    """

    log: ClassVar[Logger] = Logger()

    features: ServerFeatures
    _legacy_methods: Mapping[str, Method] = field(init=False)
    _modern_methods: Mapping[str, Method] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Build the method tables of both eras."""
        self._legacy_methods = legacy.methods(self.features)
        self._modern_methods = modern.methods(self.features)

    def handle(self, message: Message, caller: Caller) -> Deferred[Response | None]:
        """Answer one message.

        :returns: the response to a request; ``None`` for other messages. Fails only
            with ``CancelledError``, if it is cancelled or a legacy client cancels the
            request.
        :raises LookupError: for a modern request from a caller without headers, which
            is a bug of the transport: one that has no headers says so.
        """
        if isinstance(message, Request):
            if caller.revision.modern:
                return self._modern(message, caller)
            return self._legacy(message, caller)
        if isinstance(message, Notification) and not caller.revision.modern:
            legacy.handle_notification(message, caller)
        elif isinstance(message, ClientResponse) and caller.session is not None:
            deliver_response(caller.session, message, caller.rights)
        return succeed(None)

    def _legacy(self, request: Request, caller: Caller) -> Deferred[Response | None]:
        method = self._legacy_methods.get(request.method)
        if method is None:
            error = method_not_found(request.method)
            return succeed(Response(request.id, error=error))
        context = legacy.context_of(request, caller)
        answering = self._run(method, context)
        # A Deferred that has fired may be waiting for one that a callback returned.
        waits = not answering.called or answering.paused
        if caller.session is not None and waits:
            _register(answering, request, caller.session.calls)
        return answering

    def _modern(self, request: Request, caller: Caller) -> Deferred[Response | None]:
        if caller.headers is None:
            raise LookupError("a modern request needs its HTTP headers")
        try:
            envelope = open_envelope(request, caller.headers)
            method = self._modern_methods.get(request.method)
            if method is None:
                raise method_not_found(request.method, status=404)
        except ProtocolError as error:
            return succeed(Response(request.id, error=error))
        context = RequestContext(
            request=request,
            caller=caller,
            log_level=envelope.log_level,
            capabilities=envelope.capabilities,
        )
        return self._run(method, context)

    def _run(
        self, method: Method, context: RequestContext
    ) -> Deferred[Response | None]:
        """Run a method and convert its result or failure to a response."""
        if context.trace is not None:
            # Other services log the same trace id for this request.
            self.log.info(
                "{method} in trace {trace_id}",
                method=context.request.method,
                trace_id=context.trace.trace_id,
            )
        try:
            result = method(self.features, context)
        except Exception:
            return succeed(self._failed(Failure(), context))
        if isinstance(result, Deferred):
            return result.addCallbacks(
                self._answered,
                self._failed_later,
                callbackArgs=(context,),
                errbackArgs=(context,),
            )
        return succeed(self._answered(result, context))

    def _answered(self, result: Result, context: RequestContext) -> Response:
        if context.caller.revision.modern:
            result = modern.add_envelope(self.features, context, result)
        return Response(context.request.id, result)

    def _failed_later(self, failure: Failure, context: RequestContext) -> Response:
        if failure.check(CancelledError):
            reraise(failure)
        return self._failed(failure, context)

    def _failed(self, failure: Failure, context: RequestContext) -> Response:
        cause = failure.value
        if isinstance(cause, ProtocolError):
            return Response(context.request.id, error=cause)
        if isinstance(cause, InputRequired):
            return self._answered(cause.as_result(), context)
        if isinstance(cause, CannotAsk):
            error = invalid_request(str(cause), status=200)
            return Response(context.request.id, error=error)
        method = context.request.method
        error = report_bug(self.log, failure, "Method {method} failed", method=method)
        return Response(context.request.id, error=error)


def _register(
    answering: Deferred[Response | None],
    request: Request,
    calls: dict[str | int, Deferred[object]],
) -> None:
    """Register a running call so that ``notifications/cancelled`` finds it.

    If a client uses the id of a running request again, the second call cannot be
    cancelled, but it is answered on its own POST.
    """
    if request.id in calls:
        return
    calls[request.id] = cast("Deferred[object]", answering)

    def forget(outcome: Response | Failure | None) -> Response | Failure | None:
        calls.pop(request.id, None)
        return outcome

    answering.addBoth(forget)
