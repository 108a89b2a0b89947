"""Turns a request into a reply: key, rate limit, fault, validation, behavior.

The order is the API's own. Faults come after the rate limits because calls count
against the limits during a real outage as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve, field, frozen

from .._json_codec import Json, dumps
from ..catalog.operation import Operation
from .behaviors import BEHAVIORS
from .call import Call, Refusal
from .faults import Fault, FaultKind
from .validation import RequestShape
from .workspaces import Sandbox, Workspace

JSON = "application/json; charset=utf-8"
_PAGE = (
    "<!DOCTYPE html><html><head><title>{status} | api.instantly.ai</title></head>"
    "<body><h1>Error {status}</h1><p>cloudflare</p></body></html>"
)
_EFFECTLESS = frozenset({FaultKind.STATUS, FaultKind.HTML, FaultKind.INSIDE})


@frozen(kw_only=True)
class Asked:
    """The parts of an HTTP request that the API reads."""

    authorization: str | None
    workspace: str | None
    path: Mapping[str, str]
    query: Mapping[bytes, Sequence[bytes]]
    content_type: str | None
    body: bytes = field(repr=False)


@frozen(kw_only=True)
class Reply:
    """The HTTP response, including a simulated fault in its delivery.

    :param seconds: how late the response is sent.
    :param cut: after how many bytes of the body the connection is closed; 0 means
        before the status line.
    :param silent: the response is never sent, and the connection stays open.
    """

    status: int
    body: bytes
    content_type: str = JSON
    retry_after: str | None = None
    seconds: float = 0.0
    cut: int | None = None
    silent: bool = False


def json_reply(value: Json, status: int = 200) -> Reply:
    """Return a reply that carries a JSON value."""
    return Reply(status=status, body=dumps(value))


def refused(refusal: Refusal) -> Reply:
    """Return the reply for a refusal."""
    after = refusal.retry_after
    reply = json_reply(refusal.envelope(), refusal.status)
    return reply if after is None else evolve(reply, retry_after=f"{after:g}")


def key_of(authorization: str | None) -> str:
    """Return the key in an ``Authorization`` header.

    :raises Refusal: 401 when the header has no bearer key.
    """
    scheme, _, key = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refusal(
            401,
            "The request has no API key; the sandbox accepts any key that begins with "
            "'sandbox'",
        )
    return key.strip()


def answer(sandbox: Sandbox, shape: RequestShape, asked: Asked) -> Reply:
    """Return the reply to one request for an operation."""
    operation = shape.operation
    try:
        workspace = sandbox.workspace(key_of(asked.authorization), asked.workspace)
        now = workspace.timeline.now()
        if sandbox.limits and not workspace.rates.admit(operation, now):
            raise Refusal(429, "Rate limit exceeded, please try again later")
        fault = workspace.script.next(operation.id)
        if fault is not None:
            return _struck(workspace, shape, asked, fault)
        return _performed(workspace, shape, asked)
    except Refusal as refusal:
        return refused(refusal)


def supported(operation: Operation) -> bool:
    """Whether the sandbox simulates an operation."""
    return operation.id in BEHAVIORS


def _performed(workspace: Workspace, shape: RequestShape, asked: Asked) -> Reply:
    call = Call(
        path=asked.path,
        query=shape.read_query(asked.query),
        body=shape.read_body(asked.body, asked.content_type),
    )
    world = workspace.present()
    return json_reply(BEHAVIORS[shape.operation.id](world, call))


def _struck(
    workspace: Workspace, shape: RequestShape, asked: Asked, fault: Fault
) -> Reply:
    reply = _effectless(fault) if fault.kind in _EFFECTLESS else None
    if reply is None:
        try:
            reply = _performed(workspace, shape, asked)
        except Refusal as refusal:
            reply = refused(refusal)
    reply = evolve(reply, seconds=fault.seconds)
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


def _effectless(fault: Fault) -> Reply:
    match fault.kind:
        case FaultKind.HTML:
            page = _PAGE.format(status=fault.status).encode()
            return Reply(status=fault.status, body=page, content_type="text/html")
        case FaultKind.INSIDE:
            return json_reply(fault.body)
        case _:
            return refused(Refusal(fault.status, fault.message))
