"""The server's features, with compiled schemas, and the context of one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from .._json_codec import Json, JsonObject
from .._rights import Level
from .arguments.reading import AcceptedArguments
from .calls.ask_by_retry import StateSealer
from .calls.call import Caller
from .calls.subscriptions import PROMPTS, RESOURCES, TOOLS, ChangeNotifier
from .calls.tasks import TaskStore
from .calls.workspace_choice import IWorkspaceChoice, NoWorkspaces
from .interfaces import ITokenSealer
from .primitives.listing import Listing
from .primitives.prompt import Prompt
from .primitives.registries import (
    IPromptRegistry,
    IResourceRegistry,
    IToolRegistry,
    PromptRegistry,
    ResourceRegistry,
)
from .primitives.skill import SKILLS_CAPABILITY
from .primitives.skill_registry import ISkillRegistry, SkillRegistry
from .primitives.tool import Tool
from .primitives.workspace_argument import WorkspaceLists
from .wire.cursor import Pager
from .wire.errors import ProtocolError, credential_required
from .wire.jsonrpc import Request
from .wire.param_headers import ParamHeader, param_headers_in
from .wire.trace import Trace, trace_of
from .wire.versions import Revision

Result: TypeAlias = Mapping[str, Json]
Method: TypeAlias = (
    "Callable[[ServerFeatures, RequestContext], Result | Deferred[Result]]"
)
"""Answers one method of MCP.

It raises, or its Deferred fails with, `ProtocolError` for errors of the caller, and
`InputRequired` or `CannotAsk` if its feature asks; `McpServer` turns them into
responses. Any other exception but ``CancelledError`` is a bug."""

NO_CAPABILITIES: JsonObject = {}


@frozen(kw_only=True)
class ServerInfo:
    """The server's name and instructions.

    :param title: the name that clients show to users.
    :param instructions: instructions for the model, sent once per session.
    :param limits: what is added to them for callers of an access level.
    :param icons: ``Icon`` objects: images of the server, the preferred one first.
    """

    name: str
    title: str
    version: str
    instructions: str = ""
    limits: Mapping[Level, str] = field(factory=dict)
    icons: Sequence[JsonObject] = ()

    def instructions_for(self, level: Level) -> str:
        """Return the instructions for a caller of an access level."""
        return self.instructions + self.limits.get(level, "")

    def as_object(self) -> JsonObject:
        """Return the ``Implementation`` object that every result may carry."""
        return {"name": self.name, "title": self.title, "version": self.version}

    def introduced(self, revision: Revision) -> JsonObject:
        """Return the ``Implementation`` object for the first answer to a client.

        It has the icons, which are too large for every result.
        """
        found: dict[str, Json] = {"name": self.name, "version": self.version}
        if revision.structured:
            found["title"] = self.title
        if revision.icons and self.icons:
            found["icons"] = list(self.icons)
        return found


@frozen(kw_only=True)
class RequestContext:
    """One request, with what its session or its envelope says about the client.

    :param log_level: the least severe log level that the client wants, if any.
    :param capabilities: the client's capabilities.
    :param trace: the OpenTelemetry context of the request.
    """

    request: Request
    caller: Caller
    log_level: str | None = None
    capabilities: JsonObject = NO_CAPABILITIES
    trace: Trace | None = field(init=False)

    @trace.default
    def _read_trace(self) -> Trace | None:
        return trace_of(self.request.params.get("_meta"))

    @property
    def params(self) -> JsonObject:
        """The request's parameters."""
        return self.request.params


@frozen
class CompiledTool:
    """A tool with its compiled schema.

    :param accepted: repairs and validates arguments.
    :param param_headers: the arguments that modern clients repeat in headers.
    """

    tool: Tool
    accepted: AcceptedArguments
    param_headers: Sequence[ParamHeader]


@define(eq=False, kw_only=True)
class ServerFeatures:
    """Everything that the server offers.

    :param seal: seals cursors and ``requestState``. All instances behind one load
        balancer need the same keys.
    :param clock: for the deadlines of questions and the expiry of tasks.
    :param wall_clock: seconds since the epoch, for times that clients see.
    :param skills: their files also have to be among the resources; see
        `skill_resources`.
    :param page_size: items per page of a list.
    :param changing: the lists that can change while the server runs.
    :param credential_required: makes the error for a feature that needs a credential.
    :param workspaces: knows the workspaces between which callers choose.
    :param changes: notifies clients of changes; give it if the features report to it.
    """

    info: ServerInfo
    tools: IToolRegistry
    seal: ITokenSealer
    clock: IReactorTime
    wall_clock: Callable[[], float]
    resources: IResourceRegistry = field(factory=ResourceRegistry)
    prompts: IPromptRegistry = field(factory=PromptRegistry)
    skills: ISkillRegistry = field(factory=SkillRegistry)
    page_size: int = 1000
    changing: frozenset[str] = frozenset()
    credential_required: Callable[[], ProtocolError] = credential_required
    workspaces: IWorkspaceChoice = field(factory=NoWorkspaces)
    changes: ChangeNotifier = field()
    tasks: TaskStore = field(init=False)
    listing: Listing = field(init=False)
    pager: Pager = field(init=False)
    sealer: StateSealer = field(init=False)
    workspaces_in_lists: WorkspaceLists = field(factory=WorkspaceLists, init=False)
    _compiled: dict[str, CompiledTool] = field(factory=dict, init=False)
    _prompts: dict[str, tuple[Prompt, AcceptedArguments]] = field(
        factory=dict, init=False
    )

    @changes.default
    def _make_changes(self) -> ChangeNotifier:
        return ChangeNotifier(self.changing)

    def __attrs_post_init__(self) -> None:
        """Compile the schemas of all listed tools now instead of in a request."""
        self.tasks = TaskStore(self.clock, self.wall_clock, self.changes.task_changed)
        self.pager = Pager(self.seal, self.page_size)
        self.listing = Listing(self.pager)
        self.sealer = StateSealer(self.seal, self.wall_clock)
        for tool in self.tools.listed():
            self.compiled(tool)

    @property
    def has_resources(self) -> bool:
        """Whether any resource or template exists."""
        return bool(self.resources.resources() or self.resources.templates())

    @property
    def has_prompts(self) -> bool:
        """Whether any prompt exists."""
        return bool(self.prompts.listed())

    @property
    def has_skills(self) -> bool:
        """Whether any skill exists."""
        return bool(self.skills.listed())

    def compiled(self, tool: Tool) -> CompiledTool:
        """Return the tool with its compiled schemas, compiling them on first use.

        :raises ValueError: if a schema is invalid or has invalid header annotations.
        """
        held = self._compiled.get(tool.name)
        if held is None or held.tool is not tool:
            accepted = AcceptedArguments(tool.accepted_schema)
            headers = param_headers_in(tool.input_schema)
            held = CompiledTool(tool, accepted, headers)
            self._compiled[tool.name] = held
        return held

    def accepted(self, prompt: Prompt) -> AcceptedArguments:
        """Return what reads the arguments of a prompt, compiling it on first use."""
        held = self._prompts.get(prompt.name)
        if held is None or held[0] is not prompt:
            held = (prompt, AcceptedArguments(prompt.accepted_schema()))
            self._prompts[prompt.name] = held
        return held[1]

    def capabilities(self, revision: Revision) -> JsonObject:
        """Return the server's capabilities for a revision."""
        found: dict[str, Json] = {"tools": self._changing(TOOLS), "logging": {}}
        if self.has_resources:
            resources = self._changing(RESOURCES)
            found["resources"] = {"subscribe": True, **resources}
        if self.has_prompts:
            found["prompts"] = self._changing(PROMPTS)
        if revision.completions and (self.has_prompts or self.has_resources):
            found["completions"] = {}
        if self.has_skills:
            found["extensions"] = SKILLS_CAPABILITY
        return found

    def _changing(self, kind: str) -> JsonObject:
        return {"listChanged": True} if kind in self.changing else {}
