"""Tasks as a state machine: the rules hold for any order of events."""

from __future__ import annotations

from attrs import define, field
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.protocol.calls.ask_by_task import TaskAsker
from instantly_mcp.protocol.calls.client_requests import Answers, Elicit
from instantly_mcp.protocol.calls.tasks import TERMINAL, Task, TaskStore
from instantly_mcp.protocol.wire.errors import ProtocolError
from tests.support.wire import check

from ..sample_features import ASKABLE

PLAIN = Elicit(message="?", fields={"n": {"type": "integer"}})
KEYS = ["a", "b", "c"]

PAYLOAD = {
    "working": set(),
    "input_required": {"inputRequests"},
    "completed": {"result"},
    "failed": {"error"},
    "cancelled": set(),
}
ALWAYS = {
    "taskId",
    "status",
    "createdAt",
    "lastUpdatedAt",
    "ttlMs",
    "pollIntervalMs",
}


def answer(number: int) -> JsonObject:
    """Return an answer that differs from all others."""
    return {"action": "accept", "content": {"n": number}}


@define(eq=False)
class Round:
    """One call of ask: its questions by wire key, and its outcome."""

    wire: dict[str, str]
    given: dict[str, JsonObject] = field(factory=dict)
    got: list[Answers | Failure] = field(factory=list)
    asking: Deferred[None] = field(init=False)

    def follow(self, asking: Deferred[Answers]) -> None:
        """Record the outcome of asking."""
        self.asking = asking.addBoth(self.got.append)


@define(eq=False)
class Seen:
    """The expected state of a task."""

    task: Task
    rounds: list[Round] = field(factory=list)
    keys: list[str] = field(factory=list)
    final: JsonObject | None = None


class TaskMachine(RuleBasedStateMachine):
    """One store, two principals, any number of tasks."""

    tasks = Bundle("tasks")

    def __init__(self) -> None:
        """Make the store."""
        super().__init__()
        self.clock = Clock()
        self.told: list[Task] = []
        self.store = TaskStore(self.clock, self.clock.seconds, self.told.append)
        self.seen: list[Seen] = []
        self.number = 0

    @initialize(target=tasks)
    def first(self) -> Seen:
        """Begin with one task."""
        return self.new_task("ada")

    @rule(target=tasks, principal=st.sampled_from(["ada", "bob"]))
    def create(self, principal: str) -> Seen:
        """A call becomes a task."""
        return self.new_task(principal)

    def new_task(self, principal: str) -> Seen:
        """Put a task on the store, which has room."""
        task = self.store.create(principal)
        assert task is not None
        assert task.status == "working"
        seen = Seen(task)
        self.seen.append(seen)
        return seen

    @rule(seen=tasks, keys=st.sets(st.sampled_from(KEYS), min_size=1))
    def ask(self, seen: Seen, keys: set[str]) -> None:
        """The tool asks."""
        task = seen.task
        before = set(task.pending)
        asker = TaskAsker(self.store, task, ASKABLE)
        asking = asker.ask(dict.fromkeys(sorted(keys), PLAIN))
        new = [key for key in task.pending if key not in before]
        if seen.final is None:
            assert len(new) == len(keys)
            assert task.status == "input_required"
        asked = Round(dict(zip(new, sorted(keys), strict=False)))
        asked.follow(asking)
        seen.keys.extend(new)
        if seen.final is None:
            seen.rounds.append(asked)

    @rule(seen=tasks, data=st.data())
    def update(self, seen: Seen, data: st.DataObject) -> None:
        """The client answers some questions, old ones and unknown ones as well."""
        keys = [*seen.keys, *KEYS, "unknown"]
        chosen = data.draw(st.sets(st.sampled_from(keys)))
        pending = set(seen.task.pending)
        responses: dict[str, Json] = {}
        for key in chosen:
            self.number += 1
            responses[key] = answer(self.number)
        self.store.update(seen.task, responses)
        assert set(seen.task.pending) == pending - chosen
        for asked in seen.rounds:
            for key in pending & chosen & set(asked.wire):
                asked.given[asked.wire[key]] = responses[key]

    @rule(seen=tasks, wrong=st.sampled_from([None, 7, {}, {"action": "maybe"}]))
    def update_wrongly(self, seen: Seen, wrong: Json) -> None:
        """A malformed answer changes nothing at all."""
        shown, pending = seen.task.as_detailed(), dict(seen.task.pending)
        responses = {key: answer(0) for key in pending}
        responses[next(iter(pending), "none")] = wrong
        try:
            self.store.update(seen.task, responses)
        except ProtocolError:
            assert pending
        else:
            assert not pending
        assert seen.task.as_detailed() == shown
        assert seen.task.pending == pending

    @rule(seen=tasks, which=st.integers(0, 5))
    def give_up(self, seen: Seen, which: int) -> None:
        """The tool waits for an answer no longer."""
        if which < len(seen.rounds):
            seen.rounds[which].asking.cancel()

    @rule(seen=tasks, words=st.sampled_from(["half", "nearly"]))
    def note(self, seen: Seen, words: str) -> None:
        """The tool reports progress."""
        self.store.set_message(seen.task, words)

    @rule(seen=tasks, how=st.sampled_from(["result", "error", "bug", "cancelled"]))
    def finish(self, seen: Seen, how: str) -> None:
        """The work ends."""
        ends: dict[str, JsonObject | Failure] = {
            "result": {"content": []},
            "error": Failure(ProtocolError(-32603, "It broke.")),
            "bug": Failure(ValueError("a bug")),
            "cancelled": Failure(CancelledError()),
        }
        self.store.finish(seen.task, ends[how])
        assert seen.task.is_terminal

    @rule(seen=tasks)
    def cancel(self, seen: Seen) -> None:
        """The client cancels."""
        self.store.cancel(seen.task)
        assert seen.task.is_terminal

    @rule(seconds=st.sampled_from([1, 300, 3600, 7200]))
    def wait(self, seconds: int) -> None:
        """Time passes, and the store is swept."""
        self.clock.advance(seconds)
        self.store.sweep()

    @rule(seen=tasks, principal=st.sampled_from(["ada", "bob"]))
    def find(self, seen: Seen, principal: str) -> None:
        """A running task is found by its own principal and by no other."""
        try:
            found = self.store.find(seen.task.id, principal)
        except ProtocolError:
            assert principal != seen.task.principal or seen.task.is_terminal
        else:
            assert found is seen.task
            assert principal == seen.task.principal

    @invariant()
    def final_is_final(self) -> None:
        """An ended task does not change."""
        for seen in self.seen:
            shown = seen.task.as_detailed()
            if seen.final is not None:
                assert shown == seen.final
            elif shown["status"] in TERMINAL:
                seen.final = shown

    @invariant()
    def keys_are_never_reused(self) -> None:
        """No key is used twice in the life of a task."""
        for seen in self.seen:
            assert len(seen.keys) == len(set(seen.keys))

    @invariant()
    def waits_exactly_while_asking(self) -> None:
        """A task waits for input exactly while a question of it is open."""
        for seen in self.seen:
            waits = seen.task.status == "input_required"
            assert waits == bool(seen.task.pending)

    @invariant()
    def answers_reach_the_asker(self) -> None:
        """A question has its answers once all of them have arrived."""
        for seen in self.seen:
            for asked in seen.rounds:
                complete = len(asked.given) == len(asked.wire)
                if complete:
                    assert asked.got == [asked.given]
                for got in asked.got:
                    cancelled = isinstance(got, Failure) and got.check(CancelledError)
                    assert complete or cancelled
                if seen.task.is_terminal:
                    assert len(asked.got) == 1

    @invariant()
    def payload_of_the_status(self) -> None:
        """A task shows exactly the payload of its status, and fits the schema."""
        for seen in self.seen:
            shown = seen.task.as_detailed()
            members = set(shown) - {"statusMessage"}
            assert members == ALWAYS | PAYLOAD[shown["status"]]
            for each in shown.get("inputRequests", {}).values():
                check("2026-07-28", "InputRequest", each)


class TaskMachineTests(SynchronousTestCase):
    def test_machine(self) -> None:
        """Final statuses do not change, keys are not reused, answers are delivered."""
        run_state_machine_as_test(TaskMachine)
        self.flushLoggedErrors(ValueError)
