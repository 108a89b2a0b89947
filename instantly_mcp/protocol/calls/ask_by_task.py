"""Asks by task (modern era): the task waits until ``tasks/update`` has the answers."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define
from twisted.internet.defer import CancelledError, Deferred, fail
from zope.interface import implementer

from ..._json import JsonObject
from .client_requests import Answers, Ask, CannotAsk, IAsker, missing_from, together
from .tasks import INPUT_REQUIRED, Task, TaskBoard


@implementer(IAsker)
@define(eq=False)
class TaskAsker:
    """Asks the client that polls a task."""

    board: TaskBoard
    task: Task
    capabilities: JsonObject

    def ask(self, asks: Mapping[str, Ask]) -> Deferred[Answers]:
        missing = missing_from(self.capabilities, asks)
        if missing:
            lacking = ", ".join(missing)
            return fail(CannotAsk(f"This client does not offer {lacking}."))
        if self.task.is_terminal:
            return fail(CancelledError())
        waiting = {key: self._wait(key, ask) for key, ask in asks.items()}
        if waiting:
            self.board.change(self.task, INPUT_REQUIRED)
        return together(waiting)

    def _wait(self, key: str, ask: Ask) -> Deferred[JsonObject]:
        task = self.task
        unique, count = key, 1
        while unique in task.used_keys:
            count += 1
            unique = f"{key}-{count}"
        task.used_keys.add(unique)
        answer: Deferred[JsonObject] = Deferred(
            lambda _: self.board.withdraw(task, unique)
        )
        task.pending[unique] = (ask, answer)
        return answer
