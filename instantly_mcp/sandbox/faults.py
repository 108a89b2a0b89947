"""Simulated faults as data: what goes wrong, for which calls, how often.

A script selects the fault of a call; ``dispatch`` and ``app`` carry it out.
"""

from __future__ import annotations

from enum import Enum

from attrs import define, field, fields, frozen

from .._json_codec import Json, JsonObject
from .errors import bad_request
from .records import ApiObject

MAX_FAULTS = 100
MAX_DELAY_SECONDS = 3600.0


class FaultKind(Enum):
    """What goes wrong."""

    STATUS = "status"
    """An error in the API's envelope; the call has no effect."""
    SLOW = "slow"
    """The correct reply, `seconds` late."""
    CUT = "cut"
    """The correct reply, but the connection is closed in the middle of the body."""
    HTML = "html"
    """A proxy's error page instead of JSON; the call has no effect."""
    INSIDE = "inside"
    """200 with `body` instead of the reply; the call has no effect."""
    GARBAGE = "garbage"
    """200 with a JSON content type and a body that is not JSON; the call has its
    effect."""
    DROP = "drop"
    """The call has its effect, but the connection is closed before the reply."""
    SILENT = "silent"
    """The call has its effect, but no reply is ever sent."""


@frozen(kw_only=True)
class Fault:
    """One fault.

    :param operation: the vendor's operationId; ``None`` means every operation.
    :param on_call: the first call (from 1) of that operation that it hits.
    :param times: how many calls in a row it hits; 0 means all that follow.
    :param seconds: how late the reply is sent, with any kind.
    :param status: the HTTP status, for the kinds ``status`` and ``html``.
    :param message: the message of the error, for the kind ``status``.
    :param retry_after: the value of a ``Retry-After`` header; ``None`` sends none.
    :param body: the JSON of the reply, for the kind ``inside``.
    """

    kind: FaultKind
    operation: str | None = None
    on_call: int = 1
    times: int = 1
    seconds: float = 0.0
    status: int = 500
    message: str = "A scripted fault"
    retry_after: str | None = None
    body: Json = None


@define(eq=False)
class FaultScript:
    """The faults of one workspace, each with the number of calls it has seen."""

    _entries: list[tuple[Fault, list[int]]] = field(init=False, factory=list)

    def add(self, fault: Fault) -> None:
        """Add a fault.

        :raises SandboxError: 400 when the workspace has `MAX_FAULTS` faults already.
        """
        if len(self._entries) >= MAX_FAULTS:
            raise bad_request(f"The workspace has {MAX_FAULTS} faults already")
        self._entries.append((fault, [0]))

    def clear(self) -> None:
        """Remove all faults."""
        self._entries.clear()

    def copy(self) -> FaultScript:
        """Return a script with the same faults, which have seen as many calls."""
        copied = FaultScript()
        copied._entries = [(fault, [*passed]) for fault, passed in self._entries]
        return copied

    def as_json(self) -> list[ApiObject]:
        """Return the faults that can still hit a call, as JSON."""
        return [fault_as_json(fault) for fault, _ in self._entries]

    def next(self, operation_id: str) -> Fault | None:
        """Count a call and return the first fault that hits it, if any."""
        if not self._entries:
            return None
        found: Fault | None = None
        for fault, passed in self._entries:
            if fault.operation not in (None, operation_id):
                continue
            passed[0] += 1
            over = fault.times and passed[0] >= fault.on_call + fault.times
            if found is None and passed[0] >= fault.on_call and not over:
                found = fault
        self._entries = [entry for entry in self._entries if not _spent(*entry)]
        return found


def read_fault(given: JsonObject, operations: frozenset[str]) -> Fault:
    """Read a fault from JSON.

    :param operations: the operationIds that it may name.
    :raises SandboxError: 400 when the JSON is not a valid fault.
    """
    known = {attribute.name for attribute in fields(Fault)}
    if not isinstance(given, dict) or not set(given) <= known:
        raise bad_request(f"A fault has only these fields: {', '.join(sorted(known))}")
    try:
        kind = FaultKind(given.get("kind"))
    except ValueError:
        kinds = ", ".join(each.value for each in FaultKind)
        raise bad_request(f"kind must be one of: {kinds}") from None
    operation = given.get("operation")
    if operation is not None and operation not in operations:
        raise bad_request("operation must be an operationId of the sandbox")
    fault = Fault(**{**given, "kind": kind})
    _check_numbers(fault)
    return fault


def fault_as_json(fault: Fault) -> ApiObject:
    """Return a fault as JSON."""
    shown = {each.name: getattr(fault, each.name) for each in fields(Fault)}
    return {**shown, "kind": fault.kind.value}


def _check_numbers(fault: Fault) -> None:
    limits = {
        "on_call": (fault.on_call, 1, 1_000_000),
        "times": (fault.times, 0, 1_000_000),
        "seconds": (fault.seconds, 0, MAX_DELAY_SECONDS),
        "status": (fault.status, 400, 599),
    }
    for name, (value, low, high) in limits.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            raise bad_request(f"{name} must be a number from {low} to {high:.0f}")
    for name, text in (("message", fault.message), ("retry_after", fault.retry_after)):
        if text is not None and not (isinstance(text, str) and text.isprintable()):
            raise bad_request(f"{name} must be printable text")


def _spent(fault: Fault, passed: list[int]) -> bool:
    return bool(fault.times) and passed[0] >= fault.on_call + fault.times - 1
