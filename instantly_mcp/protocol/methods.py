"""What the methods do, once for every era.

An era's table maps method names to these functions and decides what it lacks; the
functions ask the caller's revision only how to write things down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from attrs import define, field, frozen
from twisted.internet.defer import Deferred

from .._json import Json, JsonObject
from .call import LOG_LEVELS, Call, Caller
from .errors import invalid_params, key_required
from .interfaces import IToolbox
from .jsonrpc import Request
from .listing import Listing, render_result
from .tool import Tool, ToolResult, text
from .validation import ArgumentCheck

Result: TypeAlias = Mapping[str, Json]
Method: TypeAlias = "Callable[[Offer, Turn], Result | Deferred[Result]]"


@frozen(kw_only=True)
class ServerInfo:
    """How the server introduces itself.

    :param title: for people, ``Instantly`` or ``Instantly (sandbox)``.
    :param instructions: for the model, once per session.
    """

    name: str
    title: str
    version: str
    instructions: str = ""

    def as_object(self) -> JsonObject:
        """Return the ``Implementation`` object."""
        return {"name": self.name, "title": self.title, "version": self.version}


@frozen(kw_only=True)
class Turn:
    """One request being answered.

    :param log_level: the least severe log level that the client wants now.
    """

    request: Request
    caller: Caller
    log_level: str | None = None

    @property
    def params(self) -> JsonObject:
        """The request's parameters."""
        return self.request.params


@define(eq=False)
class Offer:
    """What the server offers, compiled once: listings and argument checks."""

    info: ServerInfo
    toolbox: IToolbox
    listing: Listing = field(init=False)
    _checks: dict[str, tuple[Tool, ArgumentCheck]] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        """Compile the schemas of all listed tools now rather than in a request."""
        self.listing = Listing(self.toolbox)
        for tool in self.toolbox.listed():
            self.check_of(tool)

    def check_of(self, tool: Tool) -> ArgumentCheck:
        """Return the compiled argument check of a tool."""
        held = self._checks.get(tool.name)
        if held is None or held[0] is not tool:
            held = (tool, ArgumentCheck(tool.input_schema))
            self._checks[tool.name] = held
        return held[1]


def ping(offer: Offer, turn: Turn) -> Result:
    """``ping``: an empty object, and nothing but that."""
    return {}


def list_tools(offer: Offer, turn: Turn) -> Result:
    """``tools/list``: one page holds them all, so no cursor is ever valid."""
    if turn.params.get("cursor") is not None:
        raise invalid_params("Invalid cursor: tools/list has a single page")
    return {"tools": offer.listing.encoded(turn.caller.revision)}


def call_tool(offer: Offer, turn: Turn) -> Result | Deferred[Result]:
    """``tools/call``: find, check, run, write down."""
    tool = _tool_named(offer, turn.params.get("name"))
    arguments = turn.params.get("arguments")
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        raise invalid_params("params.arguments must be an object")
    if tool.needs_credential and turn.caller.credential is None:
        raise key_required()
    revision = turn.caller.revision
    problems = offer.check_of(tool).problems(arguments)
    if problems is not None:
        if not revision.argument_errors_as_results:
            raise invalid_params(problems)
        return render_result(_bad_arguments(tool, problems), revision)
    call = _call(turn)

    def written(result: ToolResult) -> Result:
        return render_result(result, revision)

    def ended(outcome: Json) -> Json:
        call.finished = True
        return outcome

    running = tool.run(arguments, call)
    return running.addBoth(ended).addCallback(written)


def set_level(offer: Offer, turn: Turn) -> Result:
    """``logging/setLevel``: for the session; without one there is nothing to keep."""
    level = turn.params.get("level")
    if level not in LOG_LEVELS:
        raise invalid_params("level must be one of " + ", ".join(LOG_LEVELS))
    if turn.caller.session is not None:
        turn.caller.session.log_level = level
    return {}


def _tool_named(offer: Offer, name: Json) -> Tool:
    if not isinstance(name, str):
        raise invalid_params("params.name must be the name of a tool")
    tool = offer.toolbox.find(name)
    if tool is None:
        raise invalid_params(f"Unknown tool: {name[:100]}")
    return tool


def _bad_arguments(tool: Tool, problems: str) -> ToolResult:
    return ToolResult(
        content=[text(f"{problems} Nothing was done.")],
        structured={"code": "bad_argument", "message": problems, "tool": tool.name},
        is_error=True,
    )


def _call(turn: Turn) -> Call:
    meta = turn.params.get("_meta")
    token = meta.get("progressToken") if isinstance(meta, dict) else None
    if not isinstance(token, str | int) or isinstance(token, bool):
        token = None
    return Call(caller=turn.caller, progress_token=token, log_level=turn.log_level)
