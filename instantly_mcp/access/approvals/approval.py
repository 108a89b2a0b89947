"""One request for approval, from the question to its end: a value and its transitions.

Times are seconds since the epoch. An end is a state that is stored, never only a time
that has passed: a clock that is set back does not reopen what was closed.
"""

from __future__ import annotations

from enum import Enum

from attrs import evolve, frozen

from ..._json_codec import JsonObject
from ..audit.records import APPROVAL, token_members
from ..preview import Preview

PENDING_SECONDS = 15 * 60
"""How long a person may take to decide. Silence is a denial."""

APPROVED_SECONDS = 5 * 60
"""How long an approval waits for the call that uses it."""

BLOCKED_SECONDS = 5 * 60
"""How long the same call is refused after a denial, without asking a person again."""

MAX_PENDING = 20
"""How many requests of one principal may wait at a time."""

CLOCK_TOLERANCE_SECONDS = 60
"""An open request that is further in the future is closed: the clock was set back."""

_LONGEST_BLOCK = BLOCKED_SECONDS + CLOCK_TOLERANCE_SECONDS


class Addition(Enum):
    """What became of a new request for approval.

    :cvar ADDED: it is stored.
    :cvar EXISTS: it is not: its subject has an open request, or its id is taken.
    :cvar FULL: it is not: its principal has as many pending ones as it may have.
    """

    ADDED = "added"
    EXISTS = "exists"
    FULL = "full"


class ApprovalState(Enum):
    """Where a request stands. Only the first two are open.

    :cvar PENDING: a person has to decide.
    :cvar APPROVED: the next equal call may be sent.
    :cvar DENIED: a person denied it.
    :cvar EXPIRED: no person decided in time.
    :cvar LAPSED: it was approved, and the call was not repeated in time.
    :cvar USED: one call was sent.
    :cvar REPLACED: what the person was shown has changed.
    :cvar WITHDRAWN: the caller or the policy is not valid any more.
    """

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    LAPSED = "lapsed"
    USED = "used"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


OPEN = frozenset({ApprovalState.PENDING, ApprovalState.APPROVED})
REFUSING = frozenset({ApprovalState.DENIED, ApprovalState.EXPIRED})


@frozen(kw_only=True)
class Approval:
    """A request for approval of one call.

    :param id: short enough to be typed; it is not a secret.
    :param subject: digest of principal, token, workspace, tool, arguments, operation,
        risks and policy: two calls with one subject are the same call.
    :param workspace: its name, for people.
    :param operation: the id of the operation.
    :param risks: the classes for which the policy asks, in alphabetical order.
    :param preview: what the person is shown.
    :param policy: the version of the policy that asked.
    :param since: when it was requested, or approved.
    :param until: when this state ends by itself, if it is open.
    :param by: the name of the approver who decided.
    :param how: where: ``page`` or ``terminal``.
    :param decided_at: when that was.
    :param ended_at: when it was closed.
    """

    id: str
    subject: str
    principal: str
    token: str | None
    token_name: str
    client: str
    workspace: str
    tool: str
    operation: str
    targets: tuple[str, ...]
    risks: tuple[str, ...]
    preview: Preview
    policy: str
    asked_at: float
    since: float
    until: float
    state: ApprovalState = ApprovalState.PENDING
    by: str = ""
    how: str = ""
    decided_at: float | None = None
    ended_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether a decision, or the call that uses it, is still possible."""
        return self.state in OPEN

    def at(self, now: float) -> Approval:
        """Return the request as it is at a time: closed, if its time is over."""
        ahead = self.since - now > CLOCK_TOLERANCE_SECONDS
        if not self.is_open or (now < self.until and not ahead):
            return self
        return self.timed_out(now)

    def timed_out(self, now: float) -> Approval:
        """Return an open request, closed because its time is over."""
        pending = self.state is ApprovalState.PENDING
        return self.closed(
            ApprovalState.EXPIRED if pending else ApprovalState.LAPSED, now
        )

    def decided(self, approve: bool, by: str, how: str, now: float) -> Approval:
        """Return a pending request with a person's decision."""
        assert self.state is ApprovalState.PENDING, self.state
        if not approve:
            denied = evolve(self, by=by, how=how, decided_at=now)
            return denied.closed(ApprovalState.DENIED, now)
        return evolve(
            self,
            state=ApprovalState.APPROVED,
            by=by,
            how=how,
            decided_at=now,
            since=now,
            until=now + APPROVED_SECONDS,
        )

    def closed(self, state: ApprovalState, now: float) -> Approval:
        """Return an open request in one of the states that are not open."""
        assert self.is_open, self.state
        assert state not in OPEN, state
        return evolve(self, state=state, ended_at=now)

    def blocks_for(self, now: float) -> float:
        """Return for how many seconds this denial refuses the same call; 0 for none.

        After the clock was set back it refuses nothing: a person is asked again.
        """
        if self.state not in REFUSING or self.ended_at is None:
            return 0.0
        left = self.ended_at + BLOCKED_SECONDS - now
        return max(left, 0.0) if left <= _LONGEST_BLOCK else 0.0


class NotPendingError(Exception):
    """A person decided about a request that does not wait for a decision.

    :param approval: as it is now; ``None`` if there is no such request.
    """

    def __init__(self, approval: Approval | None) -> None:
        super().__init__("this request does not wait for a decision")
        self.approval = approval


def audit_line(request: Approval) -> JsonObject:
    """Return the line that says where a request for approval stands."""
    decided = {"consent": request.how, "by": request.by} if request.by else {}
    return {
        "kind": APPROVAL,
        "approval": request.id,
        "outcome": request.state.value,
        "principal": request.principal,
        **token_members(request.token, request.token_name),
        "workspace": request.workspace,
        "tool": request.tool,
        "operation": request.operation,
        "targets": list(request.targets),
        "risks": list(request.risks),
        "preview": request.preview.digest,
        **decided,
    }
