"""Records the calls of MCP tools in the journal of the sandbox's workspace.

Jobs that test an agent assert what it called, and with which arguments. The API
requests that follow are recorded by the sandbox itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import define

from ..._credential import Credential
from ..._json_codec import JsonObject, dumps
from ...access.sandbox_key import sandbox_key
from ...pipeline.exchange import Exchange
from ...protocol.primitives.registries import IToolRegistry
from ...protocol.wire.jsonrpc import Batch, Request
from ...sandbox.errors import SandboxError
from ...sandbox.journal import RecordedCall
from ...sandbox.workspaces import Sandbox

CALL = "tools/call"


@define(eq=False)
class CallRecorder:
    """Records each ``tools/call`` that reaches the daemon, before it is executed.

    Calls with bad arguments, and calls of tools that do not exist, are recorded too.
    """

    sandbox: Sandbox
    tools: IToolRegistry

    def __call__(self, exchange: Exchange) -> None:
        """Record the calls in a decoded request."""
        credential = exchange.credential
        for params in _calls_in(exchange):
            if credential is not None:
                self._record(credential, params)

    def _record(self, credential: Credential, params: JsonObject) -> None:
        key = sandbox_key(credential)
        if key is None:
            return
        try:
            workspace = self.sandbox.workspace(key, credential.workspace)
        except SandboxError:
            return
        name = str(params.get("name"))
        tool = self.tools.find(name)
        workspace.journal.add(
            RecordedCall(
                at=workspace.timeline.now(),
                name=name if tool is None else tool.name,
                destructive=tool is not None and tool.annotations.destructive,
                sent=dumps(params.get("arguments") or {}),
            )
        )


def recording(
    note: Callable[[Exchange], None], sandbox: Sandbox | None, tools: IToolRegistry
) -> Callable[[Exchange], None]:
    """Return a function that calls `note`, and records calls if there is a sandbox."""
    if sandbox is None:
        return note
    record = CallRecorder(sandbox, tools)

    def observe(exchange: Exchange) -> None:
        note(exchange)
        record(exchange)

    return observe


def _calls_in(exchange: Exchange) -> Iterator[JsonObject]:
    message = exchange.message
    members = message.members if isinstance(message, Batch) else (message,)
    for member in members:
        if isinstance(member, Request) and member.method == CALL:
            yield member.params
