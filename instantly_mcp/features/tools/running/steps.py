"""Says at which of its steps a tool of several calls failed, and what it did before.

Without it a model cannot know what is left to do: "not found" of `update_lead` may be
about the lead that was read, or about the change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ...._json_codec import Json, JsonObject
from ....catalog.index import BY_ID


def with_steps_done(error: JsonObject, done: Sequence[str] | None) -> JsonObject:
    """Return an error object with the step that failed, and the steps before it.

    An error of the tool's first call stays as it is, and so does a refusal after
    nothing was changed.

    :param done: the operations that succeeded in this call of the tool, in order.
    """
    if not done:
        return error
    failed = _failed_operation(error)
    if failed is None and all(BY_ID[id].effect.read_only for id in done):
        return error
    told = {**error, "done_before": [_step(*each) for each in Counter(done).items()]}
    return told if failed is None else {**told, "step": _step(failed, 1)}


def _failed_operation(error: JsonObject) -> str | None:
    """Return the operation that failed; a partial failure has it in its cause."""
    cause: Json = error.get("error", error)
    operation = cause.get("operation") if isinstance(cause, dict) else None
    return operation if operation in BY_ID else None


def _step(operation_id: str, times: int) -> str:
    said = f"{BY_ID[operation_id].summary} ({operation_id})"
    return said if times == 1 else f"{said}, {times} times"
