"""Any sequence of writes, endings, looks, restarts and changes of the clock.

The model says what may be sent. The rails must refuse everything else, and nothing
that it permits.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.act import Act, Ending, EndingKind
from instantly_mcp.access.rails.caps import CapsRail
from instantly_mcp.access.rails.outcomes import (
    SENT_SECONDS,
    SHOWN_AFTER_SECONDS,
    UNKNOWN_SECONDS,
    OutcomeRail,
)
from instantly_mcp.access.rails.passing import Rails
from instantly_mcp.access.rails.records import Caps
from instantly_mcp.access.refusal import AccessRefusedError
from instantly_mcp.features.error_hints import TOOL_THAT_SHOWS
from instantly_mcp.state.database import MemoryDatabase
from instantly_mcp.state.stores.counters import DAY_SECONDS, StoredCounters
from instantly_mcp.state.stores.write_records import StoredWriteRecords
from tests.access.acts import act

START = 1.8e9
MOST = 4
OPERATIONS = {"replyToEmail": "list_emails", "createLead": "list_leads"}
SUBJECTS = ("one", "two")


class Known:
    """What the model knows of one write."""

    def __init__(self, one: Act, at: float) -> None:
        self.act = one
        self.at = at
        self.state = "sending"
        self.counts = True

    @property
    def what(self) -> tuple[str, Any]:
        """Equal for equal writes."""
        return self.act.operation.id, self.act.arguments["subject"]


def result_of(running: Any) -> Any:
    """Return the result of a coroutine that waits for nothing, or its exception."""
    results: list[Any] = []
    done = Deferred.fromCoroutine(running)
    done.addErrback(lambda failure: failure.value)
    done.addCallback(results.append)
    (result,) = results
    return result


class RailsMachine(RuleBasedStateMachine):
    """Two mails and two leads of one caller, on rails with a cap of four writes."""

    @initialize()
    def begin(self) -> None:
        """Start the first daemon."""
        self.now = START
        self.numbers = count()
        self.database = MemoryDatabase()
        self.known: list[Known] = []
        self.start()

    def start(self) -> None:
        """Start a daemon on the database."""
        counters = StoredCounters(self.database, lambda: self.now)
        caps = CapsRail(counters, Caps(daily={"writes": MOST}), lambda: self.now)
        records = StoredWriteRecords(self.database)
        self.outcomes = OutcomeRail(records, lambda: self.now, TOOL_THAT_SHOWS)
        self.rails = Rails((self.outcomes, caps))
        self.outcomes.start()

    def expected(self, operation: str, subject: str) -> str:
        """Return the code with which a write must be refused, if it must be."""
        for old in self.known:
            if old.what != (operation, subject):
                continue
            age = self.now - old.at
            sends = operation == "replyToEmail"
            if old.state == "unknown" and age < UNKNOWN_SECONDS:
                return "outcome_unknown"
            if sends and old.state == "sending" and age < UNKNOWN_SECONDS:
                return "outcome_unknown"
            if sends and old.state == "done" and age < SENT_SECONDS:
                return "outcome_unknown"
        counted = [old for old in self.known if old.counts]
        recent = [old for old in counted if old.at > self.now - DAY_SECONDS]
        return "cap_reached" if len(recent) >= MOST else ""

    @rule(
        operation=st.sampled_from(sorted(OPERATIONS)), subject=st.sampled_from(SUBJECTS)
    )
    def write(self, operation: str, subject: str) -> None:
        """Let a write pass the rails, if the model permits it."""
        one = act(
            operation,
            id=f"a{next(self.numbers)}",
            arguments={"subject": subject},
            amounts={"writes": 1},
        )
        expected = self.expected(operation, subject)
        result = result_of(self.rails.before(one))
        if expected:
            assert isinstance(result, AccessRefusedError), (result, expected)
            assert result.code == expected, (result.code, expected)
            if expected == "cap_reached":
                self.settle_looked_at(one)
            return
        assert result is None, result
        self.settle_looked_at(one)
        self.known.append(Known(one, self.now))

    def settle_looked_at(self, one: Act) -> None:
        """A write that passes its records settles an equal one that was looked at."""
        what = (one.operation.id, one.arguments["subject"])
        for old in self.known:
            if old.what == what and old.state == "looked at":
                old.state = "settled"

    @rule(kind=st.sampled_from(EndingKind), which=st.integers(0, 5))
    def end(self, kind: EndingKind, which: int) -> None:
        """End a write that is under way."""
        under_way = [old for old in self.known if old.state == "sending"]
        if not under_way:
            return
        old = under_way[which % len(under_way)]
        result_of(self.rails.after(old.act, Ending(kind=kind)))
        sends = old.act.operation.id == "replyToEmail"
        old.state = "settled"
        if kind is EndingKind.AMBIGUOUS:
            old.state = "unknown"
        elif kind is EndingKind.DONE and sends:
            old.state = "done"
        old.counts = kind is not EndingKind.REFUSED

    @rule(tool=st.sampled_from(["list_emails", "list_leads", "list_campaigns"]))
    def look(self, tool: str) -> None:
        """Let the caller read."""
        self.outcomes.read("p1", "w1", tool)
        for old in self.known:
            shown = OPERATIONS[old.act.operation.id] == tool
            seen = old.at < self.now - SHOWN_AFTER_SECONDS
            if old.state == "unknown" and shown and seen:
                old.state = "looked at"

    @rule()
    def restart(self) -> None:
        """Let the daemon be killed, and start another one."""
        self.start()
        for old in self.known:
            if old.state == "sending":
                old.state = "unknown"

    @rule(seconds=st.sampled_from([1.0, 30.0, 300.0, 700.0, 50_000.0, 90_000.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    @rule(seconds=st.sampled_from([30.0, 50_000.0]))
    def set_clock_back(self, seconds: float) -> None:
        """Set the clock back."""
        self.now -= seconds

    @invariant()
    def no_mail_twice(self) -> None:
        """No two equal mails may both have been sent in ten minutes."""
        if not hasattr(self, "known"):
            return
        sent = [old for old in self.known if old.state in ("sending", "done")]
        mails = [old for old in sent if old.act.operation.id == "replyToEmail"]
        for one in mails:
            for other in mails:
                near = abs(one.at - other.at) < SENT_SECONDS
                assert one is other or one.what != other.what or not near


class RailsMachineTests(SynchronousTestCase):
    """The machine, with its own number of steps."""

    def test_any_sequence(self) -> None:
        """The rails do what the model says."""
        steps = settings(stateful_step_count=30)
        run_state_machine_as_test(RailsMachine, settings=steps)
