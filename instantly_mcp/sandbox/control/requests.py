"""The control requests, ``/sandbox/…``, as values: both servers serve this table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from attrs import field, frozen

from ..._json_codec import JsonObject, loads
from ...catalog.index import OPERATIONS
from ..dispatch import ApiReply, error_reply, is_simulated, json_reply
from ..errors import SandboxError, bad_request
from ..faults import read_fault
from ..timeline import format_time
from ..workspaces import Sandbox

MAX_SKIP_SECONDS = 366 * 24 * 3600
FAULTY_OPERATIONS = frozenset(each.id for each in OPERATIONS if is_simulated(each))
"""The operations that a fault may name."""


@frozen(kw_only=True)
class ControlRequest:
    """A control request.

    :param key: the key of the workspace.
    :param workspace: the value of ``x-as-workspace``.
    :param body: JSON, or nothing.
    """

    key: str
    workspace: str | None = None
    body: bytes = field(default=b"", repr=False)

    def read_body(self) -> JsonObject:
        """Return the JSON object of the body; an empty one if there is no body.

        :raises SandboxError: 400 for anything else.
        """
        if not self.body:
            return {}
        try:
            value = loads(self.body)
        except ValueError:
            raise bad_request("The body is not JSON") from None
        if not isinstance(value, dict):
            raise bad_request("The body must be a JSON object")
        return value


Control: TypeAlias = Callable[[Sandbox, ControlRequest], JsonObject]


def answer_control(
    sandbox: Sandbox, method: str, name: str, request: ControlRequest
) -> ApiReply:
    """Return the reply to a control request; errors become replies.

    :param method: with `name`, a key of `CONTROLS`.
    """
    try:
        return json_reply(CONTROLS[method, name](sandbox, request))
    except SandboxError as error:
        return error_reply(error)


def _outbox(sandbox: Sandbox, request: ControlRequest) -> JsonObject:
    return sandbox.outbox_json(request.key, request.workspace)


def _effects(sandbox: Sandbox, request: ControlRequest) -> JsonObject:
    return sandbox.effects_json(request.key, request.workspace)


def _calls(sandbox: Sandbox, request: ControlRequest) -> JsonObject:
    return sandbox.calls_json(request.key, request.workspace)


def _reset(sandbox: Sandbox, request: ControlRequest) -> JsonObject:
    sandbox.reset(request.key, request.workspace)
    return {"reset": True, "key": request.key}


def _snapshot(sandbox: Sandbox, request: ControlRequest) -> JsonObject:
    label = _label(request)
    sandbox.snapshot(label, request.key, request.workspace)
    return {"key": request.key, "snapshot": label}


def _restore(sandbox: Sandbox, request: ControlRequest) -> JsonObject:
    label = _label(request)
    now = sandbox.restore(label, request.key, request.workspace)
    return {"key": request.key, "restored": label, "now": format_time(now)}


def _label(request: ControlRequest) -> str:
    label = request.read_body().get("name", "snapshot")
    if not isinstance(label, str):
        raise bad_request("name must be a text")
    return label


def _now(sandbox: Sandbox, request: ControlRequest) -> JsonObject:
    now = sandbox.shown(request.key, request.workspace).current_world().now
    return {"key": request.key, "now": format_time(now)}


def _advance(sandbox: Sandbox, request: ControlRequest) -> JsonObject:
    """Handle ``{"advance_seconds": 3600}``; the reply states the new time."""
    seconds = request.read_body().get("advance_seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise bad_request("advance_seconds must be a number")
    if not 0 <= seconds <= MAX_SKIP_SECONDS:
        raise bad_request(f"advance_seconds must be from 0 to {MAX_SKIP_SECONDS}")
    now = sandbox.skip(seconds, request.key, request.workspace)
    return {"key": request.key, "now": format_time(now)}


def _faults(sandbox: Sandbox, request: ControlRequest) -> JsonObject:
    workspace = sandbox.shown(request.key, request.workspace)
    return {"key": request.key, "items": workspace.faults.as_json()}


def _add_fault(sandbox: Sandbox, request: ControlRequest) -> JsonObject:
    fault = read_fault(request.read_body(), FAULTY_OPERATIONS)
    sandbox.add_fault(fault, request.key, request.workspace)
    return _faults(sandbox, request)


def _clear_faults(sandbox: Sandbox, request: ControlRequest) -> JsonObject:
    sandbox.workspace(request.key, request.workspace).faults.clear()
    return _faults(sandbox, request)


CONTROLS: Mapping[tuple[str, str], Control] = {
    ("GET", "outbox"): _outbox,
    ("GET", "effects"): _effects,
    ("GET", "calls"): _calls,
    ("POST", "reset"): _reset,
    ("POST", "snapshot"): _snapshot,
    ("POST", "restore"): _restore,
    ("GET", "clock"): _now,
    ("POST", "clock"): _advance,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
}
"""The control requests by method and by the name after ``/sandbox/``."""
