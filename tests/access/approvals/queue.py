"""An approval queue on a database in memory, with clocks that tests move."""

from __future__ import annotations

from typing import Any

from attrs import define, evolve, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from instantly_mcp._rights import Rights
from instantly_mcp.access.act import Act, Consent
from instantly_mcp.access.approvals.approval import Approval
from instantly_mcp.access.approvals.queue import Approvals
from instantly_mcp.access.decisions import Decision
from instantly_mcp.access.preview import Preview
from instantly_mcp.access.refusal import AccessRefusedError
from instantly_mcp.catalog.index import OPERATIONS
from instantly_mcp.catalog.operation import Risk
from instantly_mcp.state.database import MemoryDatabase
from instantly_mcp.state.interfaces import IDatabase
from instantly_mcp.state.stores.approvals import SqlApprovalStore

NOW = 1_800_000_000.0
POLICY = "policy-1"
PREVIEW = Preview(title="Reply to Ada", facts=(("To", "ada@example.com"),))
OTHER_PREVIEW = Preview(title="Reply to Ada", facts=(("To", "eve@example.com"),))

ACT = Act(
    id="act-1",
    principal="a-principal",
    rights=Rights(),
    client="Claude Code",
    workspace="Acme",
    workspace_key="workspace-1",
    tool="reply_to_email",
    operation=next(each for each in OPERATIONS if Risk.SENDS in each.risks),
    arguments={},
    targets=("email-1",),
    arguments_digest="arguments-1",
    risks=frozenset({Risk.SENDS}),
    decision=Decision.APPROVE,
)


def act(principal: str = "a-principal", **changed: Any) -> Act:
    """Return a write, with some facts changed."""
    return evolve(ACT, principal=principal, **changed)


def value_of(deferred: Deferred[Any]) -> Any:
    """Return the result of a Deferred that has fired, or raise its failure."""
    results: list[Any] = []
    deferred.addBoth(results.append)
    (result,) = results
    if isinstance(result, Failure):
        result.raiseException()
    return result


@define(eq=False)
class Queue:
    """An approval queue, with the clocks and the database below it."""

    database: IDatabase = field(factory=MemoryDatabase)
    clock: Clock = field(factory=Clock)
    wall: float = NOW
    policy: str = POLICY
    revoked: set[str] = field(factory=set)
    approvals: Approvals = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Start."""
        self.restart()

    def restart(self, policy: str | None = None) -> None:
        """Start the queue again, on the same database."""
        self.policy = policy or self.policy
        self.approvals = Approvals(
            store=SqlApprovalStore(self.database),
            policy=self.policy,
            wall=lambda: self.wall,
            seconds=self.clock.seconds,
            page_of=lambda id: f"http://localhost:3100/approvals/{id}",
            is_valid=lambda token: token not in self.revoked,
        )

    def pass_time(self, seconds: float) -> None:
        """Let time pass, on both clocks."""
        self.wall += seconds
        self.clock.advance(seconds)

    def obtain(self, act: Act = ACT, preview: Preview = PREVIEW) -> Consent:
        """Obtain a consent.

        :raises AccessRefusedError: when there is none.
        """
        consent: Consent = value_of(self.approvals.obtain(act, preview))
        return consent

    def refused(self, act: Act = ACT, preview: Preview = PREVIEW) -> AccessRefusedError:
        """Return how the queue refuses a write."""
        try:
            consent = self.obtain(act, preview)
        except AccessRefusedError as error:
            return error
        raise AssertionError(f"obtained {consent}")

    def asked(self, act: Act = ACT, preview: Preview = PREVIEW) -> str:
        """Request an approval; return its id."""
        return str(self.refused(act, preview).facts["approval"])

    def decide(self, id: str, approve: bool = True, by: str = "Bo") -> Approval:
        """Decide as an approver."""
        decided: Approval = value_of(self.approvals.decide(id, approve, by, "page"))
        return decided

    def get(self, id: str) -> Approval:
        """Return a request."""
        found: Approval = value_of(self.approvals.get(id))
        return found

    def sweep(self) -> None:
        """Close what is over."""
        value_of(self.approvals.sweep())

    def pending(self) -> list[str]:
        """Return the ids of the pending requests."""
        return [each.id for each in value_of(self.approvals.pending())]
