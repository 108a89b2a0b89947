"""Confirmations in any order: replay, other caller, other argument, other object, time.

The machine drives the whole daemon over MCP. Its model knows only which tokens the
daemon gave, for what, and when: each write has to use up one of them.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import define
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject
from tests.support.messages import call

from .attempts import ACTIVE, DRAFT
from .memory_daemon import MemoryDaemon
from .ways import WAYS, Caller, error_of

KEYS = ("sandbox-ada", "sandbox-bob")
VALID_SECONDS = 300
WAY_NAMES = ("direct", "modern", "session 2025-11-25", "HTTP+SSE", "batch")
CALLS = (
    ("activate_campaign", ACTIVE),
    ("activate_campaign", DRAFT),
    ("create_lead", "one"),
    ("create_lead", "two"),
)


@define(eq=False)
class Given:
    """A token that the daemon gave.

    :param at: the seconds that had really passed.
    :param changed: what it showed is not true any more.
    :param set_back: the wall clock was set back after it was given.
    :param excused: and then the daemon was restarted, which cannot know of that.
    """

    token: str
    key: str
    what: tuple[str, str]
    at: float
    changed: bool = False
    set_back: bool = False
    excused: bool = False


class ConfirmationMachine(RuleBasedStateMachine):
    """Callers, clocks, restarts and edits, beside the tokens that were given."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.passed = 0.0
        self.offset = 0.0
        self.given: list[Given] = []
        self.edits = 0
        self.subjects: dict[tuple[str, str], str] = {}

    @initialize()
    def begin(self) -> None:
        """Start the daemon with the default policy."""
        self.daemon = self.started()

    def started(self) -> MemoryDaemon:
        """Start a daemon on the state directory."""
        daemon = MemoryDaemon(state_dir=str(Path(self.folder.name)))
        daemon.wall_offset = self.passed + self.offset
        for key in KEYS:
            daemon.writes(key)
        return daemon

    def apply_edits(self) -> None:
        """Put the subjects into the campaigns, also those of a new simulation."""
        for (key, which), subject in self.subjects.items():
            for campaign in self.daemon.world(key).campaigns.values():
                if campaign.shown["name"] == which:
                    step = campaign.shown["sequences"][0]["steps"][0]
                    step["variants"][0]["subject"] = subject

    def teardown(self) -> None:
        """Remove the state directory."""
        self.folder.cleanup()

    def arguments(self, key: str, what: tuple[str, str]) -> JsonObject:
        """Return the arguments of a call."""
        tool, which = what
        names = {
            each.shown["name"]: each
            for each in self.daemon.world(key).campaigns.values()
        }
        if tool == "create_lead":
            email = f"{which}{self.edits}@example.org"
            return {"campaign": names[ACTIVE].id, "email": email}
        return {"campaign_id": names[which].id}

    def made(self, key: str, what: tuple[str, str], token: str, way: str) -> JsonObject:
        """Make a call."""
        arguments = self.arguments(key, what)
        if token:
            arguments = {**arguments, "confirm_token": token}
        before = self.daemon.reactor.seconds()
        result: JsonObject = WAYS[way](
            Caller(daemon=self.daemon, key=key), what[0], arguments
        )
        self.passed += self.daemon.reactor.seconds() - before
        return result

    def settle(self, key: str, what: tuple[str, str], token: str) -> int:
        """Check each write against the tokens that were given; return their number."""
        written = self.daemon.writes(key)
        for other in KEYS:
            assert self.daemon.writes(other) == []
        for _ in written:
            (found,) = (each for each in self.given if each.token == token)
            assert (found.key, found.what) == (key, what), "it was for another call"
            assert not found.changed, "what it showed has changed"
            age = self.passed - found.at
            assert found.excused or age <= VALID_SECONDS, "it was too old"
            self.given.remove(found)
            self.changed_by_write(key)
        return len(written)

    def changed_by_write(self, key: str) -> None:
        """Forget what a write may have changed: set the campaigns back."""
        for campaign in self.daemon.world(key).campaigns.values():
            if campaign.shown["name"] == DRAFT:
                campaign.shown["status"] = 0

    @rule(
        key=st.sampled_from(KEYS),
        what=st.sampled_from(CALLS),
        way=st.sampled_from(WAY_NAMES),
    )
    def ask(self, key: str, what: tuple[str, str], way: str) -> None:
        """Call without a token: nothing is sent, and a token is given."""
        error = error_of(self.made(key, what, "", way))
        assert self.settle(key, what, "") == 0
        assert error["code"] == "confirmation_required", error
        token = str(error["confirm_token"])
        assert token not in [each.token for each in self.given]
        self.given.append(Given(token, key, what, self.passed))

    @rule(
        key=st.sampled_from(KEYS),
        what=st.sampled_from(CALLS),
        way=st.sampled_from(WAY_NAMES),
    )
    def ask_and_confirm(self, key: str, what: tuple[str, str], way: str) -> None:
        """A token that was just given is good, once."""
        self.ask(key, what, way)
        token = self.given[-1].token
        self.made(key, what, token, way)
        assert self.settle(key, what, token) == 1
        if what[0] == "create_lead":
            self.edits += 1
            for each in self.given:
                each.changed |= each.what[0] == "create_lead"

    @precondition(lambda self: self.given)
    @rule(
        data=st.data(),
        key=st.sampled_from(KEYS),
        what=st.sampled_from(CALLS),
        way=st.sampled_from(WAY_NAMES),
    )
    def confirm(self, data: Any, key: str, what: tuple[str, str], way: str) -> None:
        """Use any token for any call."""
        token = data.draw(st.sampled_from([each.token for each in self.given]))
        for _ in range(2):
            self.made(key, what, token, way)
            self.settle(key, what, token)

    @precondition(lambda self: self.given)
    @rule(data=st.data())
    def confirm_twice_at_once(self, data: Any) -> None:
        """Use one token on two connections at once."""
        found = data.draw(st.sampled_from(self.given))
        arguments = {
            **self.arguments(found.key, found.what),
            "confirm_token": found.token,
        }
        headers = {"Authorization": f"Bearer {found.key}"}
        message = call(found.what[0], arguments)
        answers = [
            self.daemon.connect().send("POST", "/mcp", headers, message)
            for _ in range(2)
        ]
        before = self.daemon.reactor.seconds()
        for answer in answers:
            answer.wait()
        self.passed += self.daemon.reactor.seconds() - before
        assert self.settle(found.key, found.what, found.token) <= 1

    @rule(which=st.sampled_from([ACTIVE, DRAFT]), key=st.sampled_from(KEYS))
    def edit(self, which: str, key: str) -> None:
        """Change the copy of a campaign: what was shown of its start is not true."""
        self.edits += 1
        self.subjects[key, which] = f"Subject {self.edits}"
        self.apply_edits()
        for each in self.given:
            start = each.what == ("activate_campaign", which)
            each.changed |= (start and each.key == key) or each.what[0] == "create_lead"

    @rule(seconds=st.sampled_from([1, 60, 299, 301, 900]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.daemon.reactor.advance(seconds)
        self.passed += seconds

    @rule(seconds=st.sampled_from([-3600, -100, 100, 3600]))
    def set_clock(self, seconds: int) -> None:
        """Set the wall clock; what was set back long ago is not valid again."""
        self.offset += seconds
        self.daemon.wall_offset += seconds
        for each in self.given:
            each.set_back |= seconds < 0

    @rule()
    def restart(self) -> None:
        """Stop the daemon and start it again."""
        self.daemon.stop()
        self.daemon = self.started()
        self.apply_edits()
        for each in self.given:
            each.excused |= each.set_back


class ConfirmationTests(SynchronousTestCase):
    """The machine, run by trial."""

    def test_any_order(self) -> None:
        """No order of events sends what the shown token was not given for."""
        case: Any = ConfirmationMachine.TestCase
        case.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
        case("runTest").runTest()
