"""Callers, approvers, clocks and restarts in any order: what no order may lead to."""

from __future__ import annotations

from typing import Any

from attrs import define
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.act import Act
from instantly_mcp.access.approvals.approval import (
    APPROVED_SECONDS,
    MAX_PENDING,
    ApprovalState,
    NotPendingError,
)
from instantly_mcp.access.preview import Preview
from instantly_mcp.access.refusal import AccessRefusedError

from .queue import OTHER_PREVIEW, PREVIEW, Queue, act

ACTS = [act(principal, tool=tool) for principal in "ab" for tool in ("x", "y")]
PREVIEWS = [PREVIEW, OTHER_PREVIEW]


@define
class Given:
    """An approval that a person gave, as the model of the test remembers it."""

    act: Act
    preview: Preview
    at: float
    clock_was_set_back: bool = False


class ApprovalMachine(RuleBasedStateMachine):
    """The queue beside a model that only knows what persons have approved."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = Queue()
        self.started = self.queue.wall - self.queue.clock.seconds()
        self.asked: dict[str, tuple[Act, Preview]] = {}
        self.given: list[Given] = []
        self.closed: dict[str, ApprovalState] = {}

    def teardown(self) -> None:
        """Close the database."""
        self.queue.database.close()

    @rule(made=st.sampled_from(ACTS), preview=st.sampled_from(PREVIEWS))
    def call(self, made: Act, preview: Preview) -> None:
        """Make a call: each consent uses up one decision about exactly this call."""
        try:
            consent = self.queue.obtain(made, preview)
        except AccessRefusedError as error:
            self.asked[str(error.facts["approval"])] = made, preview
            return
        assert consent.preview_digest == preview.digest
        now = self.queue.clock.seconds()
        matching = [
            each
            for each in self.given
            if (each.act, each.preview) == (made, preview)
            and (each.clock_was_set_back or now - each.at < APPROVED_SECONDS)
        ]
        assert matching, "a call was let through without an approval"
        self.given.remove(matching[0])

    @rule(data=st.data(), approve=st.booleans())
    def decide(self, data: st.DataObject, approve: bool) -> None:
        """Decide about any request that was ever made."""
        if not self.asked:
            return
        id = data.draw(st.sampled_from(list(self.asked)))
        before = self.queue.get(id).state
        try:
            self.queue.decide(id, approve)
        except NotPendingError:
            assert before is not ApprovalState.PENDING
            return
        assert before is ApprovalState.PENDING
        if approve:
            self.given.append(Given(*self.asked[id], self.queue.clock.seconds()))

    @rule(seconds=st.sampled_from([1, 60, 299, 300, 899, 900]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.queue.pass_time(seconds)

    @rule(seconds=st.sampled_from([-3600, -120, -30, 30, 3600]))
    def set_clock(self, seconds: int) -> None:
        """Set the wall clock."""
        self.queue.wall += seconds

    @rule(seconds=st.sampled_from([0, 30, 400]))
    def restart(self, seconds: int) -> None:
        """Stop for a while, and start again.

        A clock that is set back while no process runs looks like one that was
        right, unless a request seems to be made in the future.
        """
        self.queue.pass_time(seconds)
        now = self.queue.wall - self.queue.clock.seconds()
        for each in self.given:
            each.clock_was_set_back |= now != self.started
        self.queue.restart()

    @rule()
    def sweep(self) -> None:
        """Close what is over."""
        self.queue.sweep()

    @invariant()
    def closed_stays_closed(self) -> None:
        """No request leaves a closed state, and few wait."""
        waiting: dict[str, int] = {}
        for id, (made, _) in self.asked.items():
            found = self.queue.get(id)
            if id in self.closed:
                assert found.state is self.closed[id], id
            elif not found.is_open:
                self.closed[id] = found.state
            if found.state is ApprovalState.PENDING:
                waiting[made.principal] = waiting.get(made.principal, 0) + 1
        assert max(waiting.values(), default=0) <= MAX_PENDING


class ApprovalMachineTests(SynchronousTestCase):
    """The machine, run by trial."""

    def test_any_order(self) -> None:
        """No order of events lets a call through that no person approved."""
        case: Any = ApprovalMachine.TestCase
        case.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
        case("runTest").runTest()
