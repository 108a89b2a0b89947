"""The tasks extension (SEP-2663): calls that outlive their request.

A tool opts in, a client opts in per request. The task is on the board before its
creator hears of it. It belongs to one principal; for everybody else it does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import TypeAlias

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from ..._json import Json, JsonObject, dumps
from ..wire.errors import ProtocolError, internal_error, invalid_params
from .client_requests import Ask

EXTENSION = "io.modelcontextprotocol/tasks"
REQUIRED_CAPABILITY: JsonObject = {"extensions": {EXTENSION: {}}}

TTL_MS = 3_600_000
POLL_MS = 1000

TTL_SECONDS = TTL_MS / 1000
RESULT_SECONDS = 300.0
"""How long a result can be fetched at least, also that of a task that took its time."""

SWEEP_SECONDS = 60.0
"""How often `TaskBoard.sweep` should be called."""

MAX_PER_PRINCIPAL = 200
MAX_BYTES = 64 << 20
"""What the tasks of all principals may weigh together."""

TASK_BYTES = 8192
"""What a task weighs without its result: so there are 8192 at most."""

WORKING = "working"
INPUT_REQUIRED = "input_required"
COMPLETED = "completed"
FAILED = "failed"
CANCELLED = "cancelled"
TERMINAL = frozenset({COMPLETED, FAILED, CANCELLED})

Told: TypeAlias = "Callable[[Task], None]"


@define(eq=False, kw_only=True)
class Task:
    """One call that became a task.

    :param expires_at: clock seconds; the task is kept at least until then.
    :param weight: bytes that it counts for on the board.
    :param pending: the open questions by key. A key is never used twice.
    """

    id: str
    principal: str
    created_at: str
    updated_at: str
    expires_at: float
    ttl_ms: int = TTL_MS
    poll_ms: int = POLL_MS
    status: str = WORKING
    message: str | None = None
    result: JsonObject | None = None
    error: JsonObject | None = None
    weight: int = TASK_BYTES
    running: Deferred[None] | None = field(default=None, repr=False)
    pending: dict[str, tuple[Ask, Deferred[Json]]] = field(factory=dict, repr=False)
    used_keys: set[str] = field(factory=set, repr=False)

    @property
    def is_terminal(self) -> bool:
        """Whether the status is final."""
        return self.status in TERMINAL

    def as_created(self) -> JsonObject:
        """Return the CreateTaskResult, without the envelope."""
        return {"resultType": "task", **self._as_task()}

    def as_detailed(self) -> JsonObject:
        """Return the task with exactly the payload of its status."""
        detailed = self._as_task()
        if self.status == INPUT_REQUIRED:
            detailed["inputRequests"] = {
                key: {"method": ask.method, "params": ask.params()}
                for key, (ask, _) in self.pending.items()
            }
        elif self.status == COMPLETED:
            detailed["result"] = self.result
        elif self.status == FAILED:
            detailed["error"] = self.error
        return detailed

    def _as_task(self) -> dict[str, Json]:
        shown: dict[str, Json] = {
            "taskId": self.id,
            "status": self.status,
            "createdAt": self.created_at,
            "lastUpdatedAt": self.updated_at,
            "ttlMs": self.ttl_ms,
            "pollIntervalMs": self.poll_ms,
        }
        if self.message is not None:
            shown["statusMessage"] = self.message
        return shown


@define(eq=False)
class TaskBoard:
    """Every task of this daemon.

    :param clock: for expiry.
    :param wall_clock: seconds since the epoch, for the times that clients see.
    :param told: called after every change of status.
    """

    clock: IReactorTime
    wall_clock: Callable[[], float]
    told: Told
    _tasks: dict[str, Task] = field(factory=dict, init=False)
    _of: dict[str, dict[str, Task]] = field(factory=dict, init=False)
    _weight: int = field(default=0, init=False)

    @property
    def count(self) -> int:
        """How many tasks are on the board."""
        return len(self._tasks)

    def create(self, principal: str, message: str | None = None) -> Task | None:
        """Put a new task on the board.

        What ended longest ago makes room, where there is none; ``None`` if all that
        could make room still runs.
        """
        own = self._of.get(principal, {})
        if len(own) >= MAX_PER_PRINCIPAL and not self._drop_oldest_ended(own):
            return None
        if not self._make_room(TASK_BYTES):
            return None
        now = self._now()
        task = Task(
            id=token_urlsafe(24),
            principal=principal,
            created_at=now,
            updated_at=now,
            expires_at=self.clock.seconds() + TTL_SECONDS,
            message=message,
        )
        self._of.setdefault(principal, {})[task.id] = task
        self._tasks[task.id] = task
        self._weight += task.weight
        return task

    def find(self, id: Json, principal: str) -> Task:
        """Return the principal's task.

        :raises ProtocolError: -32602 for an id that is unknown, or somebody else's.
        """
        task = self._tasks.get(id) if isinstance(id, str) else None
        if task is None or task.principal != principal:
            raise invalid_params("Unknown taskId")
        return task

    def own(self, ids: Iterable[str], principal: str) -> Sequence[Task]:
        """Return those of the tasks that there are, and that are the principal's."""
        held = self._of.get(principal, {})
        return [held[id] for id in ids if id in held]

    def finish(self, task: Task, outcome: JsonObject | Failure) -> None:
        """Record how the work ended. A task that is terminal already stays as it is."""
        if task.is_terminal:
            return
        if not isinstance(outcome, Failure):
            self._complete(task, outcome)
        elif outcome.check(CancelledError):
            self._end(task, CANCELLED)
        else:
            error = outcome.value
            if not isinstance(error, ProtocolError):
                error = internal_error(task.id[:12])
            task.error = error.as_object()
            self._end(task, FAILED, error.message)

    def change(self, task: Task, status: str, message: str | None = None) -> None:
        """Set the status, unless it is final, and tell whoever listens."""
        if task.is_terminal:
            return
        task.status = status
        task.message = message
        task.updated_at = self._now()
        self.told(task)

    def note(self, task: Task, message: str) -> None:
        """Say how far the work is, if that is news and the task still runs."""
        if task.message != message:
            self.change(task, task.status, message)

    def cancel(self, task: Task) -> None:
        """Cancel the work. Does nothing to a terminal task."""
        if task.is_terminal:
            return
        self._end(task, CANCELLED)
        if task.running is not None:
            task.running.cancel()

    def update(self, task: Task, responses: Json) -> None:
        """Take answers. Unknown keys are ignored; partial answers leave the rest open.

        :raises ProtocolError: -32602 for a malformed answer; nothing is taken then.
        """
        if not isinstance(responses, dict):
            raise invalid_params("inputResponses must be an object")
        known = [key for key in responses if key in task.pending]
        for key in known:
            problem = task.pending[key][0].problem(responses[key])
            if problem is not None:
                why = f"inputResponses.{key[:60]} is not valid: {problem}"
                raise invalid_params(why)
        answered = [(task.pending.pop(key)[1], responses[key]) for key in known]
        if answered:
            self.change(task, INPUT_REQUIRED if task.pending else WORKING)
        for waiting, answer in answered:
            waiting.callback(answer)

    def withdraw(self, task: Task, key: str) -> None:
        """Ask this no longer: the tool does not wait for the answer any more."""
        if task.pending.pop(key, None) is not None and not task.pending:
            self.change(task, WORKING)

    def sweep(self) -> None:
        """Drop what ended and is past its time; cancel what runs twice as long."""
        now = self.clock.seconds()
        for task in list(self._tasks.values()):
            if task.is_terminal and task.expires_at < now:
                self._drop(task)
            elif not task.is_terminal and task.expires_at + TTL_SECONDS < now:
                self.cancel(task)

    def _complete(self, task: Task, result: JsonObject) -> None:
        weight = len(dumps(result))
        self._make_room(weight)
        task.result = result
        task.weight += weight
        self._weight += weight
        self._end(task, COMPLETED)

    def _end(self, task: Task, status: str, message: str | None = None) -> None:
        """Set a final status. Whoever still waits for an answer is told of it."""
        at_least = self.clock.seconds() + RESULT_SECONDS
        task.expires_at = max(task.expires_at, at_least)
        self.change(task, status, message)
        for _, waiting in list(task.pending.values()):
            waiting.cancel()

    def _make_room(self, weight: int) -> bool:
        """Drop what has ended until there is room, first from who has the most."""
        if self._weight + weight <= MAX_BYTES:
            return True
        for own in sorted(self._of.values(), key=_weight_of, reverse=True):
            while self._drop_oldest_ended(own):
                if self._weight + weight <= MAX_BYTES:
                    return True
        return False

    def _drop_oldest_ended(self, own: Mapping[str, Task]) -> bool:
        for task in own.values():
            if task.is_terminal:
                self._drop(task)
                return True
        return False

    def _drop(self, task: Task) -> None:
        self._weight -= task.weight
        del self._tasks[task.id]
        own = self._of[task.principal]
        del own[task.id]
        if not own:
            del self._of[task.principal]

    def _now(self) -> str:
        moment = datetime.fromtimestamp(self.wall_clock(), UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _weight_of(own: Mapping[str, Task]) -> int:
    return sum(task.weight for task in own.values())
