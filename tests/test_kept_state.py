"""What the server keeps between calls, and for whom.

Every container that outlives a call has a line in `KEPT`. Its class says by what it is
keyed, so that nothing of one workspace appears in an answer for another. A new one that
is not listed fails the test: decide for whom it is kept, then add it.

`Credential.principal` is the token and the workspace in which it acts, or a digest of
key and workspace: what is kept by principal is kept by workspace as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import instantly_mcp

PACKAGE = Path(instantly_mcp.__file__).parent
PACKAGES = (
    "access",
    "api",
    "features",
    "pipeline",
    "protocol",
    "state",
    "transports",
    "web",
)
CONTAINERS = {"dict", "OrderedDict", "defaultdict", "set", "deque"}

PRINCIPAL = "kept by the principal: who calls, and in which workspace"
WORKSPACE = "kept by the workspace, for all its callers"
CONNECTION = "kept by session, stream, request or socket, which have one principal"
ONE_CALL = "ends with the call"
OPERATOR = "what the operator administers; callers do not see it"
NOTHING = "holds nothing of any workspace"

KEPT = {
    "access.approvals.approvers.ApproverBook._approvers": OPERATOR,
    "access.approvals.queue.Approvals._deadlines": PRINCIPAL,
    "access.approvals.queue.Approvals._waiting": PRINCIPAL,
    "access.rails.outcomes.OutcomeRail._unknown": PRINCIPAL,
    "access.tokens.book.TokenBook._by_id": OPERATOR,
    "access.tokens.book.TokenBook._ids": OPERATOR,
    "access.tokens.book.TokenBook._unstored": OPERATOR,
    "access.workspaces.book.WorkspaceBook._entries": OPERATOR,
    "access.workspaces.book.WorkspaceBook._keys": OPERATOR,
    "access.workspaces.book.WorkspaceBook._troubles": OPERATOR,
    "access.workspaces.book.WorkspaceBook._workspace_keys": OPERATOR,
    "api.http.names.LastGoodResolver._known": NOTHING,
    "api.left_writes.LeftWrites._known": PRINCIPAL,
    "api.pace.breaker.Breaker._outcomes": NOTHING,
    "api.pace.concurrency.Concurrency._queues": PRINCIPAL,
    "api.pace.concurrency._Shared._held": PRINCIPAL,
    "api.pace.throttle.Lane._queue": WORKSPACE,
    "api.pace.throttle.Lane._sent": WORKSPACE,
    "api.pace.throttle.Throttle._lanes": WORKSPACE,
    "api.under_way.UnderWay._calls": NOTHING,
    "features.consent.moves.Moves._under_way": WORKSPACE,
    "features.consent.turns.WriteQueue._waiting": WORKSPACE,
    "features.skills.registry.SkillsByRights._kept": NOTHING,
    "features.untrusted.marking._Marking._plans": NOTHING,
    "features.untrusted.marking._Marking._texts": ONE_CALL,
    "features.untrusted.marking._Marking.fields": ONE_CALL,
    "features.untrusted.markup.MarkupReader._unclosed": ONE_CALL,
    "features.workspace.memory.job_changes.JobChangeTracker._seen": PRINCIPAL,
    "features.workspace.memory.name_cache.NameCache._held": PRINCIPAL,
    "features.workspace.memory.name_cache.NameCache._waiting": PRINCIPAL,
    "features.workspace.memory.recent_ids.RecentIds._seen": PRINCIPAL,
    "features.workspace.memory.recent_starts.RecentStarts._begun": PRINCIPAL,
    "features.workspace.memory.send_once.SendOnce._known": PRINCIPAL,
    "features.workspace.timezones.TimezoneMap._profiles": NOTHING,
    "pipeline.origins.OriginPolicy._recognized": NOTHING,
    "pipeline.replies.channel.Channel._waiting": CONNECTION,
    "pipeline.replies.retention.Retention._logs": CONNECTION,
    "pipeline.replies.retention.StreamLog._running": CONNECTION,
    "pipeline.replies.retention.StreamLog._streams": CONNECTION,
    "protocol.calls.ask_by_retry.RetryAsker._answers": ONE_CALL,
    "protocol.calls.ask_by_retry.RetryAsker._fresh": ONE_CALL,
    "protocol.calls.ask_by_retry.RetryAsker._not_asked": ONE_CALL,
    "protocol.calls.ask_by_retry.RetryAsker._used": ONE_CALL,
    "protocol.calls.forms.PlainForm._several": ONE_CALL,
    "protocol.calls.forms.PlainForm.fields": ONE_CALL,
    "protocol.calls.subscriptions.ChangeNotifier._listeners": PRINCIPAL,
    "protocol.calls.tasks.TaskStore._of": PRINCIPAL,
    "protocol.calls.tasks.TaskStore._tasks": PRINCIPAL,
    "protocol.calls.watching.Watches._of": PRINCIPAL,
    "protocol.primitives.listing.Listing._encoded": NOTHING,
    "protocol.primitives.selected.SelectedItems._seen": NOTHING,
    "protocol.primitives.workspace_argument.ChoosingList._kept": NOTHING,
    "protocol.server_features.ServerFeatures._compiled": NOTHING,
    "protocol.server_features.ServerFeatures._prompts": NOTHING,
    "state.ended_sessions.EndedSessions._digests": NOTHING,
    "state.sessions.MemorySessionStore._queues": PRINCIPAL,
    "state.sessions.MemorySessionStore._sessions": CONNECTION,
    "state.token_buckets.TokenBuckets._full_at": NOTHING,
    "transports.legacy_sse.LegacySse._streams": CONNECTION,
    "transports.stdio.StdioServer._modern": CONNECTION,
    "web.approvals.sessions.ApproverSessions._sessions": OPERATOR,
    "web.delivery.Stream._backlog": CONNECTION,
    "web.delivery.Streams._behind": CONNECTION,
    "web.http.access_log.AccessLog._open": CONNECTION,
    "web.http.site.McpSite._channels": CONNECTION,
    "web.http.site.McpSite._crowded": CONNECTION,
    "web.http.site.McpSite._idle": CONNECTION,
    "web.http.unread_answers.UnreadAnswers._behind": CONNECTION,
    "web.http.unread_answers.UnreadAnswers._held_off": CONNECTION,
}
"""For whom each container is kept, by its name."""


class KeptStateTests(SynchronousTestCase):
    def test_every_container_is_listed(self) -> None:
        """Each container that outlives a call has a line, and there is no other line.

        A container that is keyed by neither principal nor workspace can show what one
        caller did to another one.
        """
        found = {
            f"{_module(path)}.{owner}.{name}"
            for package in PACKAGES
            for path in sorted((PACKAGE / package).rglob("*.py"))
            for owner, name in _containers(ast.parse(path.read_text(encoding="utf-8")))
        }
        self.assertEqual(
            sorted(found - set(KEPT)), [], "say in KEPT for whom it is kept"
        )
        self.assertEqual(sorted(set(KEPT) - found), [], "these are gone from the code")


def _module(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def _containers(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the class and the name of each attribute that begins as a container."""
    for each in ast.walk(tree):
        if not isinstance(each, ast.ClassDef):
            continue
        for statement in each.body:
            if _is_field(statement):
                yield each.name, statement.target.id  # type: ignore[attr-defined]
            if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
                for name in _assigned(statement):
                    yield each.name, name


def _is_field(statement: ast.stmt) -> bool:
    """Return whether a statement declares a container that attrs makes itself."""
    if not isinstance(statement, ast.AnnAssign) or statement.value is None:
        return False
    kind = ast.unparse(statement.annotation).partition("[")[0]
    return kind in CONTAINERS and "init=False" in ast.unparse(statement.value)


def _assigned(function: ast.FunctionDef) -> Iterator[str]:
    for each in ast.walk(function):
        if (
            isinstance(each, ast.AnnAssign)
            and isinstance(each.target, ast.Attribute)
            and ast.unparse(each.annotation).partition("[")[0] in CONTAINERS
        ):
            yield each.target.attr
