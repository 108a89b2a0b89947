"""The errors for tools, resources and prompts that a caller may not use.

They exist, so the caller learns that, and who decides it; nothing says how to get them.
"""

from __future__ import annotations

from ..._rights import Level, Rights
from ..primitives.selected import Selectable, permits
from ..primitives.tool import Tool, ToolResult, error_result
from ..server_features import RequestContext
from ..wire.errors import ProtocolError, invalid_params

NOT_ENABLED = "not_enabled"
NOT_ALLOWED = "not_allowed"

_MAY = {
    Level.READ_ONLY: "it may read, but not change anything",
    Level.DRAFT: "it may prepare drafts, but not send, start, delete or spend anything",
}
"""What an access level permits, in words that a model can pass on to its user."""

_HINT = "Nothing was done. Tell the user that the operator of this server decides this."

_DRAFT_HINT = (
    "Nothing was done. What is prepared stays as it is: tell the user that a person "
    "with access to the workspace can go on there, and that the operator of this "
    "server decides what this connection may do."
)


def not_permitted(tool: Tool, rights: Rights) -> ToolResult:
    """Return the result of a call of a tool for which these rights do not suffice."""
    if tool.level.rank > rights.level.rank:
        level, may = rights.level.value, _MAY[rights.level]
        why = f"The access level of this connection is {level}: {may}."
        hint = _DRAFT_HINT if rights.level is Level.DRAFT else _HINT
        return _refused(NOT_ALLOWED, why, tool.name, hint)
    why = "This tool is not enabled for this connection."
    return _refused(NOT_ENABLED, why, tool.name)


def disabled(name: str) -> ToolResult:
    """Return the result of a call of a tool that this server does not offer."""
    return _refused(NOT_ENABLED, "This tool is not enabled on this server.", name)


def require_permitted(context: RequestContext, item: Selectable, what: str) -> None:
    """Check that the caller may use a resource or a prompt.

    :param what: what it is, for the message.
    :raises ProtocolError: -32602.
    """
    if not permits(context.caller.rights, item):
        raise _not_enabled(what)


def _not_enabled(what: str) -> ProtocolError:
    return invalid_params(
        f"This {what} is not enabled for this connection. The operator of this server "
        "decides this"
    )


def _refused(code: str, message: str, name: str, hint: str = _HINT) -> ToolResult:
    return error_result({"code": code, "message": message, "hint": hint, "tool": name})
