"""How a declared tool runs: its arguments are translated, its work is done.

Each tool is run by a `ToolRunner`, which

- renames and converts the arguments, and fills defaults in;
- puts ids in the place of names (`references`), and opens the cursor (`cursors`);
- does the work of the tool;
- refuses an empty result for something that does not exist;
- turns failures into error results, which say at which step of several (`steps`);
- seals the cursor of the result, marks untrusted text, and cuts it to size.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field, frozen

from ...._deferred import deferred
from ...._json_codec import Json, JsonObject
from ...._object_ids import plain_id
from ....api.errors import ApiError
from ....catalog.index import BY_ID
from ....protocol.calls.call import Call, Doing
from ....protocol.primitives.tool import Tool, ToolResult
from ...output import ShowResult, own_result, tool_failure, tool_result
from ...results import (
    CallRefusedError,
    ErrorResult,
    error_object,
    overload_error,
)
from ...sizes import MAX_DEFAULT_PAGE_BYTES, MAX_RESULT_BYTES
from ...workspace.context import FeatureContext
from ..declaring.argument import Convert
from ..declaring.declaration import CONFIRM_TOKEN, Reshape, ToolDeclaration, Work
from ..declaring.resetting import Resettable, require_change
from .cursors import STARTING_AFTER, ListCursors, cursor_refused
from .least_level import least_level
from .references import References
from .steps import with_steps_done


def build_tool(declaration: ToolDeclaration, context: FeatureContext) -> Tool:
    """Return the tool of a declaration."""
    return Tool(
        name=declaration.name,
        title=declaration.title,
        description=declaration.description,
        input_schema=declaration.input_schema(),
        accepts=declaration.accepted_schema(),
        output_schema=declaration.output_schema(),
        annotations=declaration.hints,
        needs_credential=declaration.needs_credential,
        task=declaration.task_support,
        across=declaration.across,
        toolset=declaration.toolset,
        level=least_level(declaration),
        card=declaration.card,
        run=ToolRunner(context=context, declaration=declaration),
    )


@frozen
class OperationWork:
    """The default work: execute one operation and reshape its reply."""

    operation_id: str
    reshape: Reshape | None

    async def __call__(
        self, context: FeatureContext, given: JsonObject, call: Call
    ) -> Json:
        reply = await context.execute(self.operation_id, given, call)
        return reply if self.reshape is None else self.reshape(reply, given)


@define(eq=False, kw_only=True)
class ToolRunner:
    """Runs one tool: translate the arguments, do the work, make the result."""

    context: FeatureContext
    declaration: ToolDeclaration
    _work: Work = field(init=False)
    _meta: JsonObject | None = field(init=False)
    _shown: ShowResult = field(init=False)
    _translation: Mapping[str, tuple[str, Convert | None]] = field(init=False)
    _defaults: JsonObject = field(init=False)
    _fewest: int = field(init=False)
    _resettable: Resettable = field(init=False)
    _references: References = field(init=False)
    _cursors: ListCursors | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        """Compute what is the same for every call."""
        declaration = self.declaration
        if declaration.work is not None:
            self._work = declaration.work
        elif declaration.operation is not None:
            self._work = OperationWork(declaration.operation, declaration.reshape)
        else:
            raise ValueError(f"{declaration.name} has neither work nor an operation")
        self._translation = {a.name: (a.to, a.convert) for a in declaration.arguments}
        self._defaults = {
            a.to: a.default
            for a in declaration.arguments
            if a.fills and a.default is not None
        }
        self._fewest = 1 + sum(a.required for a in declaration.arguments)
        self._resettable = declaration.resettable()
        self._references = References(
            {a.to: a.refers_to for a in declaration.arguments if a.refers_to},
            fresh=not declaration.hints.read_only,
        )
        if any(a.name == STARTING_AFTER for a in declaration.arguments):
            self._cursors = ListCursors(self.context.seal, declaration.name)
        # Without a credential there is no workspace, and so no untrusted text.
        self._shown = tool_result if declaration.needs_credential else own_result
        mode = self.context.facts.mode
        self._meta = {"mode": mode} if mode != "live" else None

    @deferred
    async def __call__(self, arguments: JsonObject, call: Call) -> ToolResult:
        given: JsonObject = {}
        call.steps = []
        try:
            if self.declaration.hints.read_only:
                given = await self._given(arguments, call)
            else:
                given = await self._begun(arguments, call)
            value = await self._work(self.context, given, call)
            value = await self._references.check_empty(self.context, value, given, call)
        except ApiError as error:
            refused = overload_error(error)
            if refused is not None:
                raise refused from error
            return self._failure(await self._refused(error, given, call), call)
        except CallRefusedError as refusal:
            return self._failure(refusal.as_object(), call)
        if isinstance(value, ErrorResult):
            return self._failure(value.error, call)
        self._note_reading(call)
        return self._result(value, arguments, given, call)

    async def _begun(self, arguments: JsonObject, call: Call) -> JsonObject:
        """Return the arguments as `_given` does; note what is to be done.

        Without that note nothing is written: a tool that only reads has none.
        """
        arguments, token = _without_token(arguments)
        given = await self._given(arguments, call)
        call.doing = Doing(
            tool=self.declaration.name, arguments=given, confirm_token=token
        )
        return given

    def _note_reading(self, call: Call) -> None:
        """Note that the caller has read the present state, if nothing else was done."""
        steps = call.steps or ()
        if steps and all(BY_ID[step].effect.read_only for step in steps):
            credential = call.credential
            self.context.on_read(
                credential.principal, credential.workspace_key, self.declaration.name
            )

    async def _given(self, arguments: JsonObject, call: Call) -> JsonObject:
        """Return the arguments under the API's names, with ids and a plain cursor."""
        given = await self._references.resolved(
            self.context, self._translate(arguments), call
        )
        return given if self._cursors is None else self._cursors.opened(given, call)

    def _result(
        self, value: Json, arguments: JsonObject, given: JsonObject, call: Call
    ) -> ToolResult:
        """Return the result: untrusted text is marked, and a cursor sealed."""
        cursors, cursor_of = self._cursors, self.declaration.cursor_of
        if cursors is None:
            return self._shown(
                value, given, cursor_of, self._meta, workspace=call.workspace_name
            )

        def sealed_after(item: JsonObject, given: JsonObject) -> str | None:
            cursor = cursor_of(item, given) if cursor_of else None
            return cursors.token(cursor, given, call) if cursor else None

        page = cursors.sealed(value, given, call)
        most = MAX_RESULT_BYTES if "limit" in arguments else MAX_DEFAULT_PAGE_BYTES
        return self._shown(
            page, given, sealed_after, self._meta, most, workspace=call.workspace_name
        )

    def _translate(self, arguments: JsonObject) -> JsonObject:
        if self.declaration.changes:
            arguments = self._resettable.applied(arguments)
            require_change(arguments, self._fewest, bool(self._resettable))
        given = dict(self._defaults)
        for name, value in arguments.items():
            to, convert = self._translation[name]
            plain = _with_plain_ids(value)
            # null comes from `reset` alone, never from the client.
            given[to] = plain if convert is None or plain is None else convert(plain)
        return given

    async def _refused(
        self, error: ApiError, given: JsonObject, call: Call
    ) -> JsonObject:
        """Return the error object for what Instantly refused, as clear as possible."""
        known = cursor_refused(error, given)
        if known is None:
            known = await self._references.not_found(self.context, error, given, call)
        if known is None:
            return self._described(error)
        return {**known.as_object(), "operation": error.operation_id}

    def _described(self, error: ApiError) -> JsonObject:
        """Describe a failed call, with the argument name that the client used."""
        described = error_object(error)
        for name, (to, _) in self._translation.items():
            if to == error.argument and isinstance(described["message"], str):
                said = described["message"].replace(repr(to), repr(name), 1)
                return {**described, "message": said}
        return described

    def _failure(self, error: JsonObject, call: Call) -> ToolResult:
        return tool_failure(
            with_steps_done(error, call.steps),
            self._meta,
            workspace=call.workspace_name,
        )


def _with_plain_ids(value: Json) -> Json:
    """Return an argument with each id in its one spelling."""
    if isinstance(value, str):
        return plain_id(value)
    if isinstance(value, list):
        return [plain_id(each) if isinstance(each, str) else each for each in value]
    return value


def _without_token(arguments: JsonObject) -> tuple[JsonObject, str | None]:
    """Return the arguments without the token that confirms them, and that token."""
    token = arguments.get(CONFIRM_TOKEN)
    if token is None:
        return arguments, None
    kept = {name: each for name, each in arguments.items() if name != CONFIRM_TOKEN}
    return kept, str(token).strip()
