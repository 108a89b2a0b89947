"""Asks by task (modern era): the task waits until ``tasks/update`` has the answers."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define
from twisted.internet.defer import CancelledError, Deferred, fail
from zope.interface import implementer

from ..._json_codec import JsonObject
from .client_requests import (
    Answers,
    IAsker,
    NotReachable,
    Question,
    gather_answers,
    missing_capabilities,
)
from .tasks import INPUT_REQUIRED, Task, TaskStore


@implementer(IAsker)
@define(eq=False)
class TaskAsker:
    """Asks the client that polls a task."""

    tasks: TaskStore
    task: Task
    capabilities: JsonObject

    def ask(self, questions: Mapping[str, Question]) -> Deferred[Answers]:
        missing = missing_capabilities(self.capabilities, questions)
        if missing:
            lacking = ", ".join(missing)
            return fail(NotReachable(f"This client does not offer {lacking}."))
        if self.task.is_terminal:
            return fail(CancelledError())
        waiting = {
            key: self._wait(key, question) for key, question in questions.items()
        }
        if waiting:
            self.tasks.change(self.task, INPUT_REQUIRED)
        return gather_answers(waiting)

    def _wait(self, key: str, question: Question) -> Deferred[JsonObject]:
        task = self.task
        unique, count = key, 1
        while unique in task.used_keys:
            count += 1
            unique = f"{key}-{count}"
        task.used_keys.add(unique)
        answer: Deferred[JsonObject] = Deferred(
            lambda _: self.tasks.withdraw(task, unique)
        )
        task.pending[unique] = (question, answer)
        return answer
