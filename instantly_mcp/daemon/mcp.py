"""Builds the MCP server and what it needs: features, upstream client, state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from attrs import evolve, frozen
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from .. import __version__
from .._credential import Secret, is_of_token
from .._noop import always, noop
from .._rights import Level, Rights
from ..access.interfaces import IApprovals
from ..access.tokens.admission import TokenAdmission
from ..access.tokens.token import ConnectionToken, TokenState
from ..features.build import Features, build_features
from ..features.consent.guard import WriteGuard
from ..features.tools.deprecated import OLDER_NAMES
from ..features.toolsets import ToolSelection
from ..features.workspace.choice import BookChoice
from ..features.workspace.context import ServerFacts, as_they_are
from ..features.workspace.memory.job_changes import OnResourceChanged
from ..icons import server_icons
from ..metrics.registry import Metrics
from ..pipeline.credential_errors import key_required, token_required
from ..pipeline.replies.retention import Retention
from ..protocol.calls.subscriptions import ChangeNotifier
from ..protocol.calls.workspace_choice import NO_WORKSPACES, IWorkspaceChoice
from ..protocol.interfaces import ITokenSealer
from ..protocol.server_features import ServerFeatures, ServerInfo
from ..protocol.wire.errors import ProtocolError
from ..state.sessions import MemorySessionStore, SessionLimits, make_session_store
from .access.books import Books, load_books, require_approvers
from .access.rails import make_durable_rails, make_rails
from .access.workspace_keys import key_file_reader
from .access.write_guard import make_write_guard, policy_of
from .audit.audit_log import noting
from .draining import TrackedServer
from .observation.observations import Observations
from .process.in_flight import InFlight
from .settings.settings import Settings
from .state_dir import StateDirectory, open_state_directory
from .status import key_formats
from .upstream import UpstreamClient, connect_upstream

OpenState: TypeAlias = Callable[[Settings, Callable[[], float]], StateDirectory]

NAME = "instantly-mcp"

INSTRUCTIONS = (
    "Manage cold-email campaigns in Instantly: campaigns, leads, sender accounts, mail "
    "and analytics. Lists come in pages: pass page.next_cursor on as starting_after. "
    "Activating a campaign and replying send real mail."
)
SANDBOX_INSTRUCTIONS = " This is a sandbox with invented data: nothing is ever sent."

LIMITS = {
    Level.READ_ONLY: " This connection may only read.",
    Level.DRAFT: (
        " This connection may prepare drafts, lists and leads, and may pause; it may "
        "not send, start, delete, spend or export anything."
    ),
}


@implementer(ITokenSealer)
class NoSeal:
    """Seals nothing: for features that are listed, and never called."""

    def seal(self, purpose: str, payload: bytes) -> str:
        raise LookupError("these features are only listed")

    def unseal(self, purpose: str, token: str) -> bytes | None:
        return None


@frozen(kw_only=True)
class McpParts:
    """The MCP server, its features, the upstream client and their state."""

    metrics: Metrics
    observations: Observations
    in_flight: InFlight
    upstream: UpstreamClient
    state: StateDirectory
    books: Books
    tokens: TokenAdmission
    sessions: MemorySessionStore
    retention: Retention
    server_features: ServerFeatures
    server: TrackedServer

    def disconnect(self) -> None:
        """End the streams of clients, which are then admitted as if they were new."""
        self.sessions.disconnect()
        self.server_features.changes.end_listening()

    def token_changed(self, token: ConnectionToken) -> None:
        """End what the callers of a token have open, or have them present it again."""

        def is_theirs(principal: str) -> bool:
            return is_of_token(principal, token.id)

        if token.state is TokenState.VALID:
            self.sessions.disconnect(is_theirs)
        else:
            self.sessions.end_all(is_theirs, token.state.value)
            self.server_features.tasks.cancel_all(is_theirs)
        self.server_features.changes.end_listening(is_theirs)

    def watch_tokens(self) -> None:
        """Disconnect callers when their tokens change, or when they need one."""
        self.books.tokens.on_change.append(self.token_changed)
        self.books.tokens.on_first.append(self.disconnect)


def make_mcp_parts(
    settings: Settings,
    clock: IReactorTime,
    wall: Callable[[], float],
    learn: Callable[[Secret], object] = noop,
    open_state: OpenState = open_state_directory,
) -> McpParts:
    """Build the MCP server and its collaborators; connects to nothing yet.

    :param wall: returns the time in seconds since the epoch.
    :param learn: called with each key of a workspace, before it is used.
    :param open_state: opens what is kept, from the settings and `wall`.
    :raises ConfigurationError: when the state directory or its keys cannot be used.
    """
    in_flight, metrics = InFlight(), Metrics()
    observations = Observations(clock, wall)
    observe = observations.upstream.before(metrics.upstream)
    upstream = connect_upstream(settings, clock, in_flight, wall, observe)
    state = open_state(settings, wall)
    books = _books(settings, clock, wall, state, learn)
    tokens = TokenAdmission(
        book=books.tokens, only=settings.tokens_only, workspaces=books.workspaces
    )
    server_features = make_server_features(
        settings,
        clock,
        upstream,
        state,
        wall,
        tokens=tokens,
        workspaces=BookChoice(books.workspaces),
        approvals=books.approvals if settings.asks_approvers else None,
        books=books,
    )
    books.sending.set(settings.sending == "off")
    parts = McpParts(
        metrics=metrics,
        observations=observations,
        in_flight=in_flight,
        upstream=upstream,
        state=state,
        books=books,
        tokens=tokens,
        sessions=_session_store(settings, clock, wall, state, metrics),
        retention=Retention(clock),
        server_features=server_features,
        server=TrackedServer(
            server_features, tracker=in_flight, on_error=observations.call_failed
        ),
    )
    parts.watch_tokens()
    return parts


def _session_store(
    settings: Settings,
    clock: IReactorTime,
    wall: Callable[[], float],
    state: StateDirectory,
    metrics: Metrics,
) -> MemorySessionStore:
    limits = SessionLimits(
        idle_seconds=settings.session_idle, total=settings.max_sessions
    )
    return make_session_store(
        state.seal, clock, wall, limits, state.path, count_event=metrics.session
    )


def _books(
    settings: Settings,
    clock: IReactorTime,
    wall: Callable[[], float],
    state: StateDirectory,
    learn: Callable[[Secret], object],
) -> Books:
    books = load_books(
        state.database,
        wall,
        key_file_reader(settings),
        learn,
        note=noting(state.audit),
        policy=policy_of(settings).version,
        seconds=clock.seconds,
    )
    require_approvers(settings, books, persistent=state.path is not None)
    return books


def make_server_features(
    settings: Settings,
    clock: IReactorTime,
    upstream: UpstreamClient,
    state: StateDirectory,
    wall: Callable[[], float],
    *,
    tokens: TokenAdmission,
    workspaces: IWorkspaceChoice,
    books: Books,
    approvals: IApprovals | None = None,
) -> ServerFeatures:
    """Return what the MCP server offers and needs: features, seal and clocks.

    :param workspaces: knows the workspaces between which callers choose.
    :param approvals: asks persons outside MCP, if a setting says so.
    :param books: the records of the operator.
    """

    def credential_required() -> ProtocolError:
        return (
            token_required()
            if tokens.refuses_keys
            else key_required(key_formats(settings))
        )

    changes = ChangeNotifier(frozenset())
    durable = make_durable_rails(settings, state.database, wall, tokens.book.caps_of)
    features = make_features(
        settings,
        clock,
        upstream,
        wall,
        seal=state.seal,
        guard=make_write_guard(
            settings,
            state,
            wall,
            rails=make_rails(state, durable, books),
            approvals=approvals,
        ),
        sends=lambda: not books.sending.is_off,
        rights_now=tokens.book.current,
        workspaces=workspaces,
        on_change=changes.resource_updated,
    )
    features.context.on_read = durable.outcomes.read
    return ServerFeatures(
        info=_info(settings),
        tools=features.tools,
        resources=features.resources,
        prompts=features.prompts,
        skills=features.skills,
        seal=state.seal,
        clock=clock,
        wall_clock=wall,
        credential_required=credential_required,
        changes=changes,
        workspaces=workspaces,
    )


def make_features(
    settings: Settings,
    clock: IReactorTime,
    upstream: UpstreamClient,
    wall: Callable[[], float],
    *,
    seal: ITokenSealer,
    guard: WriteGuard | None = None,
    rights_now: Callable[[Rights], Rights | None] = as_they_are,
    sends: Callable[[], bool] = always,
    workspaces: IWorkspaceChoice = NO_WORKSPACES,
    on_change: OnResourceChanged = noop,
) -> Features:
    """Build the selected tools, and all resources and prompts.

    :param wall: returns the time in seconds since the epoch.
    :param seal: seals the cursors of the list tools.
    :param guard: the way of all writes; by default one that cannot ask anybody.
    :param sends: see `ServerFacts`.
    :param rights_now: limits rights to what the token behind them permits now.
    :param workspaces: knows the workspaces between which callers choose.
    :param on_change: called with each resource that is found to have changed.
    """
    return build_features(
        upstream.client,
        clock,
        evolve(_facts(settings), sends=sends),
        tool_selection(settings),
        guard=guard or WriteGuard(policy=policy_of(settings)),
        seal=seal,
        warn_only=settings.preflight_warn_only,
        wall=upstream.wall(clock, wall),
        rights_now=rights_now,
        workspaces=workspaces,
        on_change=on_change,
    )


def _info(settings: Settings) -> ServerInfo:
    return ServerInfo(
        name=NAME,
        title="Instantly (sandbox)" if settings.sandbox else "Instantly",
        version=__version__,
        instructions=INSTRUCTIONS + SANDBOX_INSTRUCTIONS * settings.sandbox,
        limits=LIMITS,
        icons=server_icons(settings.public_url),
    )


def _facts(settings: Settings) -> ServerFacts:
    return ServerFacts(
        name=NAME,
        version=__version__,
        mode=settings.mode,
        decisions=settings.policy,
        operator=settings.operator_contact,
    )


def tool_selection(settings: Settings) -> ToolSelection:
    """Return the toolsets that the operator selected."""
    return ToolSelection.parse(",".join(settings.toolsets))


def older_tool_names() -> Mapping[str, str]:
    """Return the names that are callable but not listed, and what to use instead."""
    return OLDER_NAMES
