"""The tasks extension (SEP-2663): calls that continue after their request has ended.

A tool opts in (`TaskSupport`), and a client opts in per request by declaring the
extension. A tool that takes long calls `Call.become_task`: the client gets the task's
id as the result of its request and polls with ``tasks/get``, or listens on a
subscription. A task is ``working``, or ``input_required`` while it waits for answers
from ``tasks/update``; then it ends as ``completed``, ``failed`` or ``cancelled``, which
is final.

Tasks are held in memory and belong to the principal that created them: for all others
their ids are unknown. When a limit on their number or size is reached, the oldest ended
task is dropped. A running task is never dropped, but it is cancelled when it runs for
more than twice its lifetime.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from secrets import token_urlsafe
from typing import ClassVar, TypeAlias

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..._json_codec import Json, JsonObject, dumps
from ..._rights import ALL_RIGHTS, Rights
from ..._times import utc_milliseconds
from ..wire.errors import (
    ProtocolError,
    invalid_params,
)
from ..wire.incidents import report_bug
from .client_requests import Question

TASKS_EXTENSION = "io.modelcontextprotocol/tasks"
TASKS_CAPABILITY: JsonObject = {"extensions": {TASKS_EXTENSION: {}}}

TTL_MS = 3_600_000
POLL_MS = 1000

TTL_SECONDS = TTL_MS / 1000
RESULT_SECONDS = 300.0
"""How long a result can be fetched at least, also after a long run."""

SWEEP_SECONDS = 60.0
"""How often `TaskStore.sweep` should be called."""

MAX_TASKS_PER_PRINCIPAL = 200
MAX_TOTAL_BYTES = 64 << 20
"""Maximum weight of the tasks of all principals together, in bytes."""

TASK_BYTES = 8192
"""Weight of a task without its result, in bytes; so there are at most 8192 tasks."""

WORKING = "working"
INPUT_REQUIRED = "input_required"
COMPLETED = "completed"
FAILED = "failed"
CANCELLED = "cancelled"
TERMINAL = frozenset({COMPLETED, FAILED, CANCELLED})

UNKNOWN_TASK = (
    "Unknown taskId. Tasks end when this server restarts, and ended ones are removed "
    "after a while. Look at what was done; a call that waited for approval can be made "
    "again with the same arguments, and then uses the decision."
)

OnTaskChange: TypeAlias = "Callable[[Task], None]"
"""Called with a task after each change of its status or message."""


@define(eq=False, kw_only=True)
class Task:
    """A call that became a task.

    :param rights: those of the caller that started it. A caller with fewer does not
        answer its questions.
    :param expires_at: clock seconds until which the task is kept at least.
    :param ttl_ms: how long clients may expect the task to exist, in milliseconds.
    :param poll_ms: how often clients should poll, in milliseconds.
    :param weight: the bytes that count towards `MAX_TOTAL_BYTES`.
    :param pending: the open questions by key, each with the Deferred of its answer.
    :param used_keys: the keys of all questions so far; no key is used again.
    """

    id: str
    principal: str
    created_at: str
    updated_at: str
    expires_at: float
    rights: Rights = ALL_RIGHTS
    ttl_ms: int = TTL_MS
    poll_ms: int = POLL_MS
    status: str = WORKING
    message: str | None = None
    result: JsonObject | None = None
    error: JsonObject | None = None
    weight: int = TASK_BYTES
    running: Deferred[None] | None = field(default=None, repr=False)
    pending: dict[str, tuple[Question, Deferred[Json]]] = field(
        factory=dict, repr=False
    )
    used_keys: set[str] = field(factory=set, repr=False)

    @property
    def is_terminal(self) -> bool:
        """Whether the status is final."""
        return self.status in TERMINAL

    def as_created(self) -> JsonObject:
        """Return the ``CreateTaskResult``, without the envelope."""
        return {"resultType": "task", **self._as_task()}

    def as_detailed(self) -> JsonObject:
        """Return the task with the payload that belongs to its status."""
        detailed = self._as_task()
        if self.status == INPUT_REQUIRED:
            detailed["inputRequests"] = {
                key: {"method": question.method, "params": question.params()}
                for key, (question, _) in self.pending.items()
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
class TaskStore:
    """The tasks of this server.

    :param clock: decides when tasks expire.
    :param wall_clock: seconds since the epoch, for the times that clients see.
    :param on_change: called with the task after each change of its status or message.
    """

    log: ClassVar[Logger] = Logger()

    clock: IReactorTime
    wall_clock: Callable[[], float]
    on_change: OnTaskChange
    _tasks: dict[str, Task] = field(factory=dict, init=False)
    _of: dict[str, dict[str, Task]] = field(factory=dict, init=False)
    _weight: int = field(default=0, init=False)

    @property
    def count(self) -> int:
        """How many tasks exist."""
        return len(self._tasks)

    def create(
        self,
        principal: str,
        message: str | None = None,
        rights: Rights = ALL_RIGHTS,
    ) -> Task | None:
        """Create a task, dropping the oldest ended tasks if a limit is reached.

        :param rights: those of the call that becomes the task.
        :returns: ``None`` if a limit is reached and no ended task can be dropped.
        """
        own = self._of.get(principal, {})
        if len(own) >= MAX_TASKS_PER_PRINCIPAL and not self._drop_oldest_ended(own):
            return None
        if not self._free_space(TASK_BYTES):
            return None
        now = self._now()
        task = Task(
            id=token_urlsafe(24),
            principal=principal,
            rights=rights,
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

        :raises ProtocolError: -32602 if the principal has no task with this id.
        """
        task = self._tasks.get(id) if isinstance(id, str) else None
        if task is None or task.principal != principal:
            raise invalid_params(UNKNOWN_TASK)
        return task

    def own(self, ids: Iterable[str], principal: str) -> Sequence[Task]:
        """Return the tasks with these ids that exist and belong to the principal."""
        held = self._of.get(principal, {})
        return [held[id] for id in ids if id in held]

    def finish(self, task: Task, outcome: JsonObject | Failure) -> None:
        """Record how the work ended, unless the task has ended already.

        :param outcome: a failure with anything but `CancelledError` or `ProtocolError`
            is a bug. It is logged, also if the task has ended.
        """
        error = self._error_of(outcome) if isinstance(outcome, Failure) else None
        if task.is_terminal:
            return
        if error is not None:
            task.error = error.as_object()
            self._end(task, FAILED, error.message)
        elif isinstance(outcome, Failure):
            self._end(task, CANCELLED)
        else:
            self._complete(task, outcome)

    def _error_of(self, failure: Failure) -> ProtocolError | None:
        """Return the error for the client, ``None`` if the work was cancelled."""
        cause = failure.value
        if isinstance(cause, CancelledError):
            return None
        if isinstance(cause, ProtocolError):
            return cause
        return report_bug(self.log, failure, "A task failed")

    def change(self, task: Task, status: str, message: str | None = None) -> None:
        """Set status and message, unless the task has ended, and report the change."""
        if task.is_terminal:
            return
        task.status = status
        task.message = message
        task.updated_at = self._now()
        self.on_change(task)

    def set_message(self, task: Task, message: str) -> None:
        """Set the status message, if it differs and the task has not ended."""
        if task.message != message:
            self.change(task, task.status, message)

    def cancel(self, task: Task) -> None:
        """Cancel the task and its work, unless it has ended."""
        if task.is_terminal:
            return
        self._end(task, CANCELLED)
        if task.running is not None:
            task.running.cancel()

    def cancel_all(self, of: Callable[[str], bool]) -> None:
        """Cancel the tasks of all principals that `of` chooses."""
        for task in list(self._tasks.values()):
            if of(task.principal):
                self.cancel(task)

    def update(self, task: Task, responses: Json) -> None:
        """Deliver answers to open questions.

        Answers with unknown keys are ignored; questions without an answer stay open.

        :raises ProtocolError: -32602 if an answer is not valid; then none is delivered.
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
        """Remove an open question, because the tool no longer waits for its answer."""
        if task.pending.pop(key, None) is not None and not task.pending:
            self.change(task, WORKING)

    def sweep(self) -> None:
        """Drop expired ended tasks; cancel tasks that run for two lifetimes."""
        now = self.clock.seconds()
        for task in list(self._tasks.values()):
            if task.is_terminal and task.expires_at < now:
                self._drop(task)
            elif not task.is_terminal and task.expires_at + TTL_SECONDS < now:
                self.cancel(task)

    def _complete(self, task: Task, result: JsonObject) -> None:
        weight = len(dumps(result))
        self._free_space(weight)
        task.result = result
        task.weight += weight
        self._weight += weight
        self._end(task, COMPLETED)

    def _end(self, task: Task, status: str, message: str | None = None) -> None:
        """Set a final status, and cancel the questions that are still open."""
        at_least = self.clock.seconds() + RESULT_SECONDS
        task.expires_at = max(task.expires_at, at_least)
        self.change(task, status, message)
        for _, waiting in list(task.pending.values()):
            waiting.cancel()

    def _free_space(self, weight: int) -> bool:
        """Drop ended tasks, of the heaviest principal first, until `weight` fits."""
        if self._weight + weight <= MAX_TOTAL_BYTES:
            return True
        for own in sorted(self._of.values(), key=_weight_of, reverse=True):
            while self._drop_oldest_ended(own):
                if self._weight + weight <= MAX_TOTAL_BYTES:
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
        return utc_milliseconds(self.wall_clock())


def _weight_of(own: Mapping[str, Task]) -> int:
    return sum(task.weight for task in own.values())
