"""The output path: what tools, resources, prompts and errors return to a client."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import evolve

from .._json_codec import Json, JsonObject, dumps
from ..protocol.calls.workspace_choice import WORKSPACE
from ..protocol.primitives.tool import ToolResult, error_result, text
from .sizes import MAX_RESULT_BYTES, CursorOf, cut_to_size
from .untrusted.fence import FIELDS_NOTICE, fenced, fenced_error, fenced_text
from .untrusted.marking import Marked, marked, without_marks

ShowResult: TypeAlias = Callable[..., ToolResult]


def _as_object(value: Json) -> Json:
    """Return an object: only an object has room for the notice."""
    return value if isinstance(value, dict) else {"result": value}


def tool_result(
    value: Json,
    arguments: JsonObject,
    cursor_of: CursorOf | None = None,
    meta: JsonObject | None = None,
    largest: int = MAX_RESULT_BYTES,
    *,
    workspace: str = "",
) -> ToolResult:
    """Return the result of a tool, cut to size.

    :param arguments: of the call, for the cursor.
    :param cursor_of: makes the cursor after the last item that is kept.
    :param largest: the limit of the text in bytes.
    :param workspace: the name that the operator gave to the workspace.
    """
    shown = marked(value)
    if not shown.fields:
        return own_result(
            shown.value, arguments, cursor_of, meta, largest, workspace=workspace
        )

    def after(item: JsonObject, arguments: JsonObject) -> str | None:
        return cursor_of(_unmarked(item), arguments) if cursor_of else None

    whole = in_workspace(_as_object(shown.value), workspace)
    _, encoded = cut_to_size(whole, arguments, after, largest)
    both = fenced(encoded, shown.fields)
    return ToolResult(
        content=[text(both.text)],
        encoded=both.structured,
        meta=meta,
    )


def own_result(
    value: Json,
    arguments: JsonObject,
    cursor_of: CursorOf | None = None,
    meta: JsonObject | None = None,
    largest: int = MAX_RESULT_BYTES,
    *,
    workspace: str = "",
) -> ToolResult:
    """Return the result of a tool that shows no untrusted text, cut to size."""
    named = in_workspace(value, workspace)
    kept, encoded = cut_to_size(named, arguments, cursor_of, largest)
    return ToolResult(structured=kept, encoded=encoded, meta=meta)


def in_workspace(value: Json, workspace: str) -> Json:
    """Return a value that names the workspace it is about, in its first member.

    :param workspace: empty for one without a name; then the value is as it was.
    """
    if not workspace:
        return value
    whole = _as_object(value)
    return {WORKSPACE: workspace, **{k: v for k, v in whole.items() if k != WORKSPACE}}


def tool_failure(
    error: JsonObject, meta: JsonObject | None = None, *, workspace: str = ""
) -> ToolResult:
    """Return the result of a tool that failed, cut to size.

    :param workspace: the name that the operator gave to the workspace.
    """
    shown = marked(error)
    if workspace:
        shown = evolve(shown, value={**shown.value, WORKSPACE: workspace})
    kept = Marked(cut_to_size(shown.value, {})[0], shown.fields)
    if not shown.fields:
        return error_result(kept.value, meta)
    plain = _unmarked(kept.value)
    fields = [f"error.{path}" for path in kept.fields]
    untrusted = {"notice": FIELDS_NOTICE, "fields": fields}
    return ToolResult(
        content=[text(dumps(fenced_error(kept)).decode())],
        structured={"untrusted": untrusted, "error": plain},
        is_error=True,
        meta=meta,
    )


def own_text(value: Json) -> str:
    """Return the content of a JSON resource without untrusted text, cut to size."""
    return cut_to_size(value, {})[1].decode()


def resource_text(value: Json, workspace: str = "") -> str:
    """Return the content of a JSON resource, cut to size.

    :param workspace: the name that the operator gave to the workspace.
    """
    shown = marked(value)
    if not shown.fields:
        return own_text(in_workspace(shown.value, workspace))
    whole = in_workspace(_as_object(shown.value), workspace)
    _, encoded = cut_to_size(whole, {})
    return fenced(encoded, shown.fields).text


def prompt_text(written: str) -> str:
    """Return the text of a prompt; what it quotes was marked by `quoted`."""
    return fenced_text(written)


def _unmarked(value: Json) -> Json:
    if isinstance(value, str):
        return without_marks(value)
    if isinstance(value, dict):
        return {without_marks(k): _unmarked(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_unmarked(each) for each in value]
    return value
