"""Which requests may be sent a second time when the answer to the first was lost.

The first may have been carried out. So only what changes nothing is repeated: methods
that read, settings that have the same effect twice, and tools that declare
``readOnlyHint``. ``idempotentHint`` is not enough: it says that the workspace is the
same after two calls, not that only one mail was sent.
"""

from __future__ import annotations

from ...protocol.wire.jsonrpc import Request
from ..messages.tool_book import ToolBook

REPEATABLE = frozenset(
    {
        "initialize",
        "ping",
        "server/discover",
        "tools/list",
        "prompts/list",
        "prompts/get",
        "resources/list",
        "resources/templates/list",
        "resources/read",
        "resources/subscribe",
        "resources/unsubscribe",
        "completion/complete",
        "logging/setLevel",
        "subscriptions/listen",
        "skills/list",
        "skills/get",
        "tasks/get",
        "tasks/list",
        "tasks/result",
        "tasks/cancel",
    }
)


def may_repeat(request: Request, book: ToolBook) -> bool:
    """Say whether a request may be sent twice."""
    if request.method == "tools/call":
        return book.tool(request.params.get("name")).reads
    return request.method in REPEATABLE
