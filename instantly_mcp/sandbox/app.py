"""The sandbox over HTTP: a Klein app whose routes are the catalog's operations.

Only this module of the sandbox uses Klein and `IRequest`. It turns an HTTP request
into a value, lets ``dispatch`` make the reply, and writes that reply: also late, cut
short or not at all, if a fault says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from klein import Klein
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource, Resource
from werkzeug.exceptions import HTTPException

from .._deferred import deferred
from ..catalog.index import OPERATIONS
from ..catalog.operation import Operation
from .control.requests import CONTROLS, ControlRequest, answer_control
from .dispatch import (
    ApiReply,
    ApiRequest,
    bearer_key,
    error_reply,
    is_simulated,
    reply_to,
)
from .errors import SandboxError, bad_request
from .validation import MAX_BODY_BYTES, RequestValidator
from .workspaces import DEFAULT_KEY, Sandbox

log = Logger()


def web_resource(sandbox: Sandbox) -> IResource:
    """Return the resource that serves a sandbox. Call it once for each site."""
    app = Klein()
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    for operation in OPERATIONS:
        if is_simulated(operation):
            _route_operation(app, sandbox, operation)
    for method, name in CONTROLS:
        _route_control(app, sandbox, method, name)
    app.handle_errors(HTTPException)(_no_route)
    app.handle_errors(Exception)(_internal_error)
    return _Utf8PathFilter(app.resource())


class _Utf8PathFilter(Resource):
    """Passes on only requests whose path is UTF-8, because Klein fails on others."""

    isLeaf = True

    def __init__(self, inner: IResource) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._inner = inner

    def render(self, request: IRequest) -> bytes | int:
        """Pass the request on, or answer 400 if its path is not UTF-8."""
        try:
            b"/".join(request.postpath).decode()
        except UnicodeDecodeError:
            reply = error_reply(bad_request("The path is not UTF-8"))
            _write_head(request, reply)
            return reply.body
        rendered: bytes | int = self._inner.render(request)
        return rendered


def _route_operation(app: Klein, sandbox: Sandbox, operation: Operation) -> None:
    validator = RequestValidator(operation)
    path = operation.path.replace("{", "<").replace("}", ">")

    def serve(request: IRequest, **names: str) -> Deferred[bytes] | bytes:
        reply = reply_to(sandbox, validator, _read_request(request, names))
        return _write(request, reply, sandbox.clock)

    app.route(path, methods=[operation.method], endpoint=operation.id)(serve)


def _route_control(app: Klein, sandbox: Sandbox, method: str, name: str) -> None:
    def serve(request: IRequest) -> bytes:
        try:
            asked = _read_control(request)
        except SandboxError as error:
            reply = error_reply(error)
        else:
            reply = answer_control(sandbox, method, name, asked)
        _write_head(request, reply)
        return reply.body

    app.route(f"/sandbox/{name}", methods=[method], endpoint=f"{method} {name}")(serve)


def _read_request(request: IRequest, names: Mapping[str, str]) -> ApiRequest:
    content = request.content
    return ApiRequest(
        authorization=_header(request, b"authorization"),
        workspace=_header(request, b"x-as-workspace"),
        path=names,
        query=request.args,
        content_type=_header(request, b"content-type"),
        body=content.read(MAX_BODY_BYTES + 1) if content is not None else b"",
        target=_target(request),
    )


def _target(request: IRequest) -> str:
    """Return path and query; ``uri`` is hidden where requests may carry real keys."""
    path: str = request.path.decode("latin-1")
    query = urlencode(request.args, doseq=True)
    return f"{path}?{query}" if query else path


def _read_control(request: IRequest) -> ControlRequest:
    content = request.content
    return ControlRequest(
        key=_control_key(request),
        workspace=_header(request, b"x-as-workspace"),
        body=content.read(MAX_BODY_BYTES) if content is not None else b"",
    )


def _header(request: IRequest, name: bytes) -> str | None:
    values = request.requestHeaders.getRawHeaders(name)
    return values[-1].decode("latin-1") if values else None


def _write(
    request: IRequest, reply: ApiReply, clock: IReactorTime
) -> Deferred[bytes] | bytes:
    if reply.silent:
        return Deferred()
    if reply.seconds or reply.cut is not None:
        return _write_faulty(request, reply, clock)
    _write_head(request, reply)
    return reply.body


@deferred
async def _write_faulty(
    request: IRequest, reply: ApiReply, clock: IReactorTime
) -> bytes:
    if reply.seconds:
        await deferLater(clock, reply.seconds)
    if reply.cut is None:
        _write_head(request, reply)
        return reply.body
    if reply.cut:
        _write_head(request, reply)
        request.write(reply.body[: reply.cut])
    request.loseConnection()  # type: ignore[attr-defined]
    await Deferred()
    return b""


def _write_head(request: IRequest, reply: ApiReply) -> None:
    request.setResponseCode(reply.status)
    request.setHeader(b"content-type", reply.content_type.encode())
    request.setHeader(b"content-length", b"%d" % len(reply.body))
    if reply.retry_after is not None:
        request.setHeader(b"retry-after", reply.retry_after.encode())


def _control_key(request: IRequest) -> str:
    """Return the key that a control request concerns: header, query or default."""
    authorization = _header(request, b"authorization")
    if authorization is not None:
        return bearer_key(authorization)
    given = request.args.get(b"key")
    return given[-1].decode("utf-8", "replace") if given else DEFAULT_KEY


def _no_route(request: IRequest, failure: Failure) -> bytes:
    """Answer in JSON that the route does not exist or does not take this method."""
    error = failure.value
    code = error.code or 404 if isinstance(error, HTTPException) else 404
    path = request.path.decode("utf-8", "replace")
    method = request.method.decode("latin-1")
    reply = error_reply(SandboxError(code, f"Route {method}:{path} not found"))
    _write_head(request, reply)
    return reply.body


def _internal_error(request: IRequest, failure: Failure) -> bytes:
    """Log a bug of the sandbox and answer as the API answers one of its own."""
    log.failure("The sandbox failed to answer", failure=failure)
    reply = error_reply(SandboxError(500, "Something went wrong"))
    _write_head(request, reply)
    return reply.body
