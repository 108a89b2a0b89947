"""Builders of single features and of request contexts, for tests of one method."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp._rights import ALL_RIGHTS, Rights
from instantly_mcp.protocol.calls.call import Call, Caller
from instantly_mcp.protocol.calls.session import McpSession
from instantly_mcp.protocol.calls.tasks import TASKS_CAPABILITY
from instantly_mcp.protocol.interfaces import INotificationSink
from instantly_mcp.protocol.primitives.registries import ToolRegistry
from instantly_mcp.protocol.primitives.resource import CompleteValue
from instantly_mcp.protocol.primitives.tool import (
    RunTool,
    TaskSupport,
    Tool,
    ToolResult,
    text,
)
from instantly_mcp.protocol.server_features import RequestContext, ServerFeatures
from instantly_mcp.protocol.wire.jsonrpc import Request
from instantly_mcp.protocol.wire.versions import V2026_07_28, Revision
from tests.support.engines import Basket
from tests.support.exchanges import headers
from tests.support.servers import ADA, credential, make_server_features
from tests.support.toolboxes import HINTS, NOTHING

ASKABLE: JsonObject = {"elicitation": {}, "sampling": {}, "roots": {}}
WITH_TASKS: JsonObject = {**ASKABLE, **TASKS_CAPABILITY}

Body = Callable[[JsonObject, Call], Coroutine[Deferred[Any], Any, ToolResult]]


def says(words: str) -> ToolResult:
    """Return a result with one text."""
    return ToolResult(content=[text(words)])


def tool(
    name: str,
    run: RunTool,
    *,
    task: TaskSupport = TaskSupport.NEVER,
    schema: Mapping[str, Json] = NOTHING,
) -> Tool:
    """Return a tool that needs no key."""
    return Tool(
        name=name,
        title=name.title(),
        description=f"The tool {name}.",
        input_schema=schema,
        annotations=HINTS,
        run=run,
        needs_credential=False,
        task=task,
    )


def features_of(clock: Clock, *tools: Tool, **settings: Any) -> ServerFeatures:
    """Return the features of a server with these tools and other settings."""
    return make_server_features(ToolRegistry(tools), clock, **settings)


def request_context(
    method: str,
    params: JsonObject,
    *,
    revision: Revision = V2026_07_28,
    key: str | None = ADA,
    session: McpSession | None = None,
    sink: INotificationSink | None = None,
    capabilities: JsonObject = WITH_TASKS,
    log_level: str | None = None,
    rights: Rights = ALL_RIGHTS,
) -> RequestContext:
    """Return one request being answered."""
    caller = Caller(
        revision=revision,
        credential=None if key is None else credential(key),
        rights=rights,
        session=session,
        headers=headers({}),
        sink=Basket() if sink is None else sink,
    )
    return RequestContext(
        request=Request(id=1, method=method, params=params),
        caller=caller,
        capabilities=capabilities,
        log_level=log_level,
    )


def completing(values: Sequence[str], seen: list[Json] | None = None) -> CompleteValue:
    """Return a completer that returns matching values and records its arguments."""

    @deferred
    async def complete(
        typed: str, known: Mapping[str, str], call: Call
    ) -> Sequence[str]:
        if seen is not None:
            seen.append((typed, dict(known), call))
        return [value for value in values if value.startswith(typed)]

    return complete
