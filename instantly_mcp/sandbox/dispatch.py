"""Turns a request into a reply: key, rate limit, fault, validation, behavior.

The order is the API's own. Faults come after the rate limits because calls count
against the limits during a real outage as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve, field, frozen

from .._json_codec import Json, dumps
from ..catalog.operation import Operation, Risk
from .behaviors import BEHAVIORS
from .call import OperationCall
from .errors import SandboxError
from .faults import Fault, FaultKind
from .journal import RecordedCall
from .validation import RequestValidator
from .workspaces import Sandbox, Workspace

JSON = "application/json; charset=utf-8"
_PAGE = (
    "<!DOCTYPE html><html><head><title>{status} | api.instantly.ai</title></head>"
    "<body><h1>Error {status}</h1><p>cloudflare</p></body></html>"
)
SUCCESS_STATUS: Mapping[str, int] = {"updateLeadInterestStatus": 202}
"""The status of a success where it is not 200, by operation."""

_DELETING = frozenset({Risk.DESTRUCTIVE, Risk.MASS})
_WITHOUT_EFFECT = frozenset({FaultKind.STATUS, FaultKind.HTML, FaultKind.INSIDE})


@frozen(kw_only=True)
class ApiRequest:
    """The parts of an HTTP request that the API reads.

    :param target: path and query as they were sent, for the journal.
    """

    authorization: str | None
    workspace: str | None
    path: Mapping[str, str]
    query: Mapping[bytes, Sequence[bytes]]
    content_type: str | None
    body: bytes = field(repr=False)
    target: str = field(default="", repr=False)


@frozen(kw_only=True)
class ApiReply:
    """The HTTP response, including a simulated fault in its delivery.

    :param retry_after: the value of the ``Retry-After`` header; ``None`` sends none.
    :param seconds: how late the response is sent.
    :param cut: after how many bytes of the body the connection is closed; 0 means
        before the status line.
    :param silent: the response is never sent, and the connection stays open.
    :param fault: the kind of the fault; empty without one.
    """

    status: int
    body: bytes
    content_type: str = JSON
    retry_after: str | None = None
    seconds: float = 0.0
    cut: int | None = None
    silent: bool = False
    fault: str = ""


def json_reply(value: Json, status: int = 200) -> ApiReply:
    """Return a reply that carries a JSON value."""
    return ApiReply(status=status, body=dumps(value))


def error_reply(error: SandboxError) -> ApiReply:
    """Return the reply for an error."""
    return json_reply(error.envelope(), error.status)


def bearer_key(authorization: str | None) -> str:
    """Return the key in an ``Authorization`` header.

    :raises SandboxError: 401 when the header has no bearer key.
    """
    scheme, _, key = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise SandboxError(
            401,
            "The request has no API key; the sandbox accepts any key that begins with "
            "'sandbox'",
        )
    return key.strip()


def reply_to(
    sandbox: Sandbox, validator: RequestValidator, request: ApiRequest
) -> ApiReply:
    """Return the reply to one request for an operation; errors become replies.

    The journal of the workspace gets the call, also if it is refused.
    """
    try:
        workspace = sandbox.workspace(
            bearer_key(request.authorization), request.workspace
        )
    except SandboxError as error:
        return error_reply(error)
    reply = _reply_in(workspace, validator, request, limited=sandbox.rate_limited)
    operation = validator.operation
    workspace.journal.add(
        RecordedCall(
            at=workspace.timeline.now(),
            name=operation.id,
            method=operation.method,
            target=request.target,
            status=reply.status,
            fault=reply.fault,
            destructive=bool(operation.risks & _DELETING),
            sent=request.body,
            received=reply.body,
        )
    )
    return reply


def _reply_in(
    workspace: Workspace,
    validator: RequestValidator,
    request: ApiRequest,
    *,
    limited: bool,
) -> ApiReply:
    operation, now = validator.operation, workspace.timeline.now()
    try:
        if limited and not workspace.rate_limits.admit(operation, now):
            raise SandboxError(429, "Rate limit exceeded, please try again later")
        fault = workspace.faults.next(operation.id)
        if fault is not None:
            return _apply_fault(workspace, validator, request, fault)
        return _perform(workspace, validator, request)
    except SandboxError as error:
        attack = workspace.world.attack
        if attack:
            error = SandboxError(error.status, f"{error.message}. {attack}")
        return error_reply(error)


def is_simulated(operation: Operation) -> bool:
    """Whether the sandbox simulates an operation."""
    return operation.id in BEHAVIORS


def _perform(
    workspace: Workspace, validator: RequestValidator, request: ApiRequest
) -> ApiReply:
    call = OperationCall(
        path=request.path,
        query=validator.read_query(request.query),
        body=validator.read_body(request.body, request.content_type),
    )
    world, id = workspace.current_world(), validator.operation.id
    reply = json_reply(BEHAVIORS[id](world, call), SUCCESS_STATUS.get(id, 200))
    workspace.journal.note(world.now, id, call.path)
    return reply


def _apply_fault(
    workspace: Workspace, validator: RequestValidator, request: ApiRequest, fault: Fault
) -> ApiReply:
    reply = _reply_without_effect(fault) if fault.kind in _WITHOUT_EFFECT else None
    if reply is None:
        try:
            reply = _perform(workspace, validator, request)
        except SandboxError as error:
            reply = error_reply(error)
    reply = evolve(reply, seconds=fault.seconds, fault=fault.kind.value)
    if fault.retry_after is not None:
        reply = evolve(reply, retry_after=fault.retry_after)
    match fault.kind:
        case FaultKind.CUT:
            return evolve(reply, cut=max(1, len(reply.body) // 2))
        case FaultKind.DROP:
            return evolve(reply, cut=0)
        case FaultKind.SILENT:
            return evolve(reply, silent=True)
        case FaultKind.GARBAGE:
            return evolve(reply, body=reply.body[: len(reply.body) // 2] + b"<")
        case _:
            return reply


def _reply_without_effect(fault: Fault) -> ApiReply:
    match fault.kind:
        case FaultKind.HTML:
            page = _PAGE.format(status=fault.status).encode()
            return ApiReply(status=fault.status, body=page, content_type="text/html")
        case FaultKind.INSIDE:
            return json_reply(fault.body)
        case _:
            return error_reply(SandboxError(fault.status, fault.message))
