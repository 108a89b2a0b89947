"""Approvals in any order, over MCP: replay, other caller, other object, time, restart.

Two people have tokens for one workspace. The model knows which calls a person approved,
and what was true then: each write has to use up one of these decisions.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import define
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.access.approvals.approval import NotPendingError
from instantly_mcp.access.tokens.book import TokenTerms

from .agent_case import add_approver
from .attempts import ACTIVE, DRAFT
from .memory_daemon import MemoryDaemon
from .ways import WAYS, Caller, error_of

WORKSPACE = "sandbox"
APPROVED_SECONDS = 300
PEOPLE = ("Anna", "Ben")
WAY_NAMES = ("direct", "modern", "session 2025-11-25", "HTTP+SSE")
CAMPAIGNS = (ACTIVE, DRAFT)


@define(eq=False)
class Decision:
    """A call that a person approved.

    :param version: of the campaign that the person was shown.
    :param at: the seconds that had really passed.
    """

    who: str
    campaign: str
    version: int
    at: float
    set_back: bool = False
    excused: bool = False


def value_of(waiting: Deferred[Any]) -> Any:
    """Return the result of a Deferred that has fired, or raise its error."""
    found: list[Any] = []
    waiting.addBoth(found.append)
    if hasattr(found[0], "raiseException"):
        found[0].raiseException()
    return found[0]


class ApprovalMachine(RuleBasedStateMachine):
    """Callers, a person, clocks, restarts and edits, beside what was approved."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.passed = 0.0
        self.offset = 0.0
        self.versions = dict.fromkeys(CAMPAIGNS, 0)
        self.asked: dict[str, tuple[str, str, int]] = {}
        self.approved: list[Decision] = []

    @initialize()
    def begin(self) -> None:
        """Start the daemon, and issue the tokens."""
        add_approver(Path(self.folder.name))
        self.daemon = self.started()
        self.tokens = {
            name: value_of(self.daemon.books.tokens.issue(TokenTerms(name=name)))[1]
            for name in PEOPLE
        }

    def started(self) -> MemoryDaemon:
        """Start a daemon on the state directory."""
        daemon = MemoryDaemon(state_dir=self.folder.name, policy_sends="approve")
        daemon.wall_offset = self.passed + self.offset
        daemon.writes(WORKSPACE)
        return daemon

    def teardown(self) -> None:
        """Remove the state directory."""
        self.folder.cleanup()

    def campaign(self, name: str) -> JsonObject:
        """Return a campaign as the model says that it is."""
        campaigns = self.daemon.world(WORKSPACE).campaigns.values()
        (found,) = (each.shown for each in campaigns if each.shown["name"] == name)
        found["status"] = 1 if name == ACTIVE else 0
        step = found["sequences"][0]["steps"][0]
        step["variants"][0]["subject"] = f"Subject {self.versions[name]}"
        return found

    @rule(
        who=st.sampled_from(PEOPLE),
        name=st.sampled_from(CAMPAIGNS),
        way=st.sampled_from(WAY_NAMES),
        times=st.integers(1, 2),
    )
    def call(self, who: str, name: str, way: str, times: int) -> None:
        """Start a campaign: it uses up one decision about exactly this call."""
        for _ in range(times):
            given = {"campaign_id": self.campaign(name)["id"]}
            before = self.daemon.reactor.seconds()
            caller = Caller(daemon=self.daemon, key=self.tokens[who])
            result = WAYS[way](caller, "activate_campaign", given)
            self.passed += self.daemon.reactor.seconds() - before
            error = error_of(result)
            if error.get("code") == "approval_pending":
                state = who, name, self.versions[name]
                assert self.asked.setdefault(str(error["approval"]), state) == state
            written = self.daemon.writes(WORKSPACE)
            assert len(written) <= 1, written
            if written:
                self.use_up(who, name)

    def use_up(self, who: str, name: str) -> None:
        """Remove the decision that permitted a write."""
        fitting = [
            each
            for each in self.approved
            if (each.who, each.campaign) == (who, name)
            and each.version == self.versions[name]
            and (each.excused or self.passed - each.at <= APPROVED_SECONDS)
        ]
        assert fitting, "it was sent without an approval"
        self.approved.remove(fitting[0])

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), approve=st.sampled_from([True, True, True, False]))
    def decide(self, data: Any, approve: bool) -> None:
        """Decide about any request that was ever made."""
        id = data.draw(st.sampled_from(sorted(self.asked)))
        queue = self.daemon.books.approvals
        try:
            value_of(queue.decide(id, approve, "lena", "terminal"))
        except NotPendingError:
            return
        if approve:
            self.approved.append(Decision(*self.asked[id], self.passed))

    @rule(who=st.sampled_from(PEOPLE), name=st.sampled_from(CAMPAIGNS))
    def approve_and_call(self, who: str, name: str) -> None:
        """What was approved a moment ago is sent, once, unless it was denied before."""
        self.call(who, name, "modern", 1)
        waiting = [
            id
            for id, state in self.asked.items()
            if state == (who, name, self.versions[name])
        ]
        for id in waiting:
            try:
                queue = self.daemon.books.approvals
                value_of(queue.decide(id, True, "lena", "page"))
            except NotPendingError:
                continue
            self.approved.append(Decision(who, name, self.versions[name], self.passed))
            before = len(self.approved)
            self.call(who, name, "direct", 1)
            assert len(self.approved) == before - 1, "an approved call was not sent"

    @rule(name=st.sampled_from(CAMPAIGNS))
    def edit(self, name: str) -> None:
        """Change the copy of a campaign: what was approved is not true any more."""
        self.versions[name] += 1

    @rule(seconds=st.sampled_from([1, 60, 299, 301, 901]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.daemon.reactor.advance(seconds)
        self.passed += seconds

    @rule(seconds=st.sampled_from([-3600, -100, 100, 3600]))
    def set_clock(self, seconds: int) -> None:
        """Set the wall clock."""
        self.offset += seconds
        self.daemon.wall_offset += seconds
        for each in self.approved:
            each.set_back |= seconds < 0

    @rule()
    def restart(self) -> None:
        """Stop the daemon, and start it again: it cannot know how long it was off."""
        self.daemon.stop()
        self.daemon = self.started()
        for each in self.approved:
            each.excused |= each.set_back


class ApprovalMachineTests(SynchronousTestCase):
    """The machine, run by trial."""

    def test_any_order(self) -> None:
        """No order of events sends what a person did not approve."""
        case: Any = ApprovalMachine.TestCase
        case.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
        case("runTest").runTest()
