"""``tools/list`` and ``tools/call``, for both eras."""

from __future__ import annotations

from difflib import get_close_matches
from typing import ClassVar

from attrs import define, evolve, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..._json_codec import Json, JsonObject
from ..._rights import Rights
from ..arguments.reading import BadArguments, object_of
from ..arguments.validation import ArgumentProblem
from ..calls.ask_by_task import TaskAsker
from ..calls.call import NULL_SINK, Call
from ..calls.client_requests import CannotAsk, lacks_capability
from ..calls.tasks import TASKS_CAPABILITY, Task
from ..calls.workspace_choice import WorkspaceNotChosenError, in_workspace
from ..primitives.card import shows_cards
from ..primitives.listing import (
    describe_tool,
    describe_tool_with_card,
    render_result,
)
from ..primitives.selected import permits
from ..primitives.tool import TaskSupport, Tool, ToolResult, error_result
from ..server_features import RequestContext, Result, ServerFeatures
from ..wire.envelope import NO_HEADER_LAYER
from ..wire.errors import (
    ProtocolError,
    invalid_params,
    missing_capability,
)
from ..wire.jsonrpc import Request, Response
from ..wire.param_headers import check_param_headers
from ..wire.versions import Revision
from .not_permitted import disabled, not_permitted
from .running import call_for, run_call

MISSPELLED_RATIO = 0.9
"""How similar the name of a destructive tool must be to be suggested."""

MAX_SIMILAR_TOOLS = 3
"""Most names that an error suggests in the place of an unknown one."""

MAX_SHOWN_CHARS = 100
"""Characters that an error shows of an unknown name."""


def list_tools(features: ServerFeatures, context: RequestContext) -> Result:
    """``tools/list``."""
    cards = shows_cards(context.capabilities)
    return features.listing.page(
        "tools",
        features.workspaces_in_lists.tools(
            features.tools.listed(context.caller.rights), context.caller.rights
        ),
        context.caller.revision,
        context.params.get("cursor"),
        describe_tool_with_card if cards else describe_tool,
    )


def call_tool(
    features: ServerFeatures, context: RequestContext
) -> Result | Deferred[Result]:
    """``tools/call``: find the tool, check the request, run it, render the result.

    The order of the checks decides which error a client gets: unknown tool (-32602),
    tool that the caller may not use (a result with isError, which the model sees),
    parameter headers (-32020), capability or credential, arguments.
    """
    name, arguments = context.params.get("name"), context.params.get("arguments")
    revision = context.caller.revision
    tool = features.tools.find(name) if isinstance(name, str) else None
    if tool is None:
        if isinstance(name, str) and features.tools.is_disabled(name):
            return render_result(disabled(name), revision)
        raise _unknown(name, features, context.caller.rights)
    if not permits(context.caller.rights, tool):
        return render_result(not_permitted(tool, context.caller.rights), revision)
    compiled = features.compiled(tool)
    if (
        compiled.param_headers
        and revision.modern
        and context.caller.headers is not None
        and context.caller.headers is not NO_HEADER_LAYER
    ):
        given = arguments if isinstance(arguments, dict) else {}
        check_param_headers(compiled.param_headers, given, context.caller.headers)
    _check_allowed(features, tool, context)
    try:
        caller, named = in_workspace(
            features.workspaces,
            context.caller,
            object_of(arguments),
            needed=tool.needs_credential and not tool.across,
        )
        accepted = compiled.accepted.read(named)
    except WorkspaceNotChosenError as refused:
        error = {**refused.as_object(), "tool": tool.name}
        return render_result(error_result(error), revision)
    except BadArguments as refused:
        # A result with isError in all revisions, so that the model can correct it.
        # Revisions before 2025-11-25 also allow -32602, but several clients raise that
        # as an exception that the model never sees.
        return render_result(bad_arguments(tool, refused.problem), revision)
    chosen = caller is not context.caller
    call = call_for(features, evolve(context, caller=caller) if chosen else context)
    running = ToolExecution(features, context, tool, call)
    return running.start(accepted)


def _unknown(name: Json, features: ServerFeatures, rights: Rights) -> ProtocolError:
    """Return the error for a name of no tool, with the names that are like it.

    A destructive tool is named only where the name is a misspelling of its own.
    """
    if not isinstance(name, str):
        return invalid_params("params.name must be the name of a tool")
    shown = name[:MAX_SHOWN_CHARS]
    said = f"Unknown tool: {shown}"
    listed, asked = features.tools.listed(rights), shown.lower()
    near = [
        *get_close_matches(
            asked,
            [each.name for each in listed if each.annotations.destructive],
            n=1,
            cutoff=MISSPELLED_RATIO,
        ),
        *get_close_matches(
            asked, [each.name for each in listed if not each.annotations.destructive]
        ),
    ][:MAX_SIMILAR_TOOLS]
    if not near:
        return invalid_params(said)
    return invalid_params(
        f"{said}. Did you mean {', '.join(near)}?", {"did_you_mean": near}
    )


def _check_allowed(
    features: ServerFeatures, tool: Tool, context: RequestContext
) -> None:
    must_be_task = tool.task is TaskSupport.REQUIRED and context.caller.revision.modern
    if must_be_task and lacks_capability(context.capabilities, TASKS_CAPABILITY):
        raise missing_capability(TASKS_CAPABILITY)
    if tool.needs_credential and context.caller.credential is None:
        raise features.credential_required()


def bad_arguments(tool: Tool, problem: ArgumentProblem) -> ToolResult:
    """Return the result of a call whose arguments are refused."""
    return error_result(
        {
            "code": "bad_argument",
            "message": problem.message,
            "hint": f"Nothing was done. {problem.hint}",
            "tool": tool.name,
        }
    )


def still_running(request: Request, revision: Revision) -> Response:
    """Return the response for a client that stops waiting while the call continues."""
    error = {
        "code": "still_running",
        "message": "The call is still running, and its result is not known yet.",
        "hint": "Call the same tool again with the same arguments: that waits for the "
        "result of this call and executes nothing a second time.",
        "tool": request.params.get("name"),
    }
    return Response(request.id, render_result(error_result(error), revision))


@define(eq=False)
class ToolExecution:
    """The execution of one tool call, until its result or until it becomes a task."""

    log: ClassVar[Logger] = Logger()

    features: ServerFeatures
    context: RequestContext
    tool: Tool
    call: Call
    _answer: Deferred[Result] = field(init=False)
    _done: Deferred[None] | None = field(default=None, init=False)
    _task: Task | None = field(default=None, init=False)

    def start(self, arguments: JsonObject) -> Deferred[Result]:
        """Run the tool. The Deferred fires with the result or with the created task."""
        call = self.call
        can_be_task = (
            self.tool.task is not TaskSupport.NEVER
            and self.context.caller.revision.modern
            and not lacks_capability(call.capabilities, TASKS_CAPABILITY)
        )
        if can_be_task:
            return self._start_promotable(arguments)
        return self._run(arguments)

    def _run(self, arguments: JsonObject) -> Deferred[Result]:
        running = run_call(self.call, self.tool.run, arguments, self.call)
        return running.addErrback(_cannot_ask_result).addCallback(self._render)

    def _start_promotable(self, arguments: JsonObject) -> Deferred[Result]:
        self._answer = Deferred(self._client_left)
        self.call.promote = self._promote
        running = self._run(arguments)
        self._done = running.addBoth(self._finish)
        if self._task is not None:
            # The tool became a task before it first waited, when `_done` did not exist.
            self._task.running = self._done
        return self._answer

    def _promote(self, message: str | None) -> bool:
        store, call = self.features.tasks, self.call
        # The task belongs to the connection, whatever workspace the call chose.
        caller = self.context.caller
        task = store.create(caller.principal, message, caller.rights)
        if task is None:
            return False
        self._task = task
        task.running = self._done
        # A task has no stream: its creator polls.
        call.sink = NULL_SINK
        call.set_task_message = lambda words: store.set_message(task, words)
        call.asker = TaskAsker(store, task, call.capabilities)
        self._answer.callback(task.as_created())
        return True

    def _finish(self, outcome: Result | Failure) -> None:
        if self._task is not None:
            self.features.tasks.finish(self._task, _with_result_type(outcome))
        elif self._answer.called:
            # The client disconnected, and the tool did not stop when it was cancelled.
            self._log_bug(outcome)
        else:
            self._answer.callback(outcome)

    def _client_left(self, answer: Deferred[Result]) -> None:
        """Cancel the tool, and prevent a task that no client would know of."""
        self.call.promote = None
        if self._done is not None:
            self._done.cancel()

    def _render(self, result: ToolResult) -> Result:
        return render_result(result, self.context.caller.revision)

    def _log_bug(self, outcome: Result | Failure) -> None:
        """Log a bug that no response can report."""
        if isinstance(outcome, Failure) and not outcome.check(
            CancelledError, ProtocolError
        ):
            self.log.failure("Tool {tool} failed", failure=outcome, tool=self.tool.name)


def _with_result_type(outcome: Result | Failure) -> Result | Failure:
    """Add the result type, which the result of a direct call gets with its envelope."""
    if isinstance(outcome, Failure):
        return outcome
    return {"resultType": "complete", **outcome}


def _cannot_ask_result(failure: Failure) -> ToolResult:
    """Turn `CannotAsk` into a result that the model can read."""
    failure.trap(CannotAsk)
    return error_result(
        {
            "code": "cannot_ask",
            "message": str(failure.value),
            "hint": "Tell the user what this tool would have asked.",
        }
    )
