"""``tasks/*`` and ``subscriptions/listen``: what only the modern era has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from attrs import evolve
from twisted.internet.defer import Deferred

from .._json import JsonObject
from .asking import lacks
from .call import NOWHERE
from .errors import invalid_request, missing_capability
from .offer import Offer, Result, Turn
from .resource_methods import may_watch, watched
from .shelves import Found
from .subscriptions import MAX_URI, Listener, read_filter
from .tasks import REQUIRED_CAPABILITY, WORKING, Task
from .watching import Leave

T = TypeVar("T")


def get_task(offer: Offer, turn: Turn) -> Result:
    """``tasks/get``: the task with exactly the payload of its status."""
    return _task(offer, turn).as_detailed()


def update_task(offer: Offer, turn: Turn) -> Result:
    """``tasks/update``: take answers, acknowledge, say nothing more."""
    offer.tasks.update(_task(offer, turn), turn.params.get("inputResponses"))
    return {}


def cancel_task(offer: Offer, turn: Turn) -> Result:
    """``tasks/cancel``: the same acknowledgment whatever the task's status."""
    offer.tasks.cancel(_task(offer, turn))
    return {}


def listen(offer: Offer, turn: Turn) -> Deferred[JsonObject]:
    """``subscriptions/listen``: a stream that lasts until one side ends it."""
    caller = turn.caller
    if caller.outlet is NOWHERE:
        raise invalid_request("a subscription needs text/event-stream in Accept")
    wanted = turn.params.get("notifications")
    filter = read_filter(wanted, offer.changing, offer.has_resources)
    if filter.task_ids and lacks(turn.capabilities, REQUIRED_CAPABILITY):
        raise missing_capability(REQUIRED_CAPABILITY)
    found = _watchable(offer, turn, filter.uris)
    tasks = offer.tasks.own(sorted(filter.task_ids), caller.principal)
    listener = Listener(
        id=turn.request.id,
        principal=caller.principal,
        filter=evolve(
            filter,
            uris=frozenset(found),
            task_ids=frozenset(task.id for task in tasks),
        ),
        outlet=caller.outlet,
    )
    ended = offer.changes.listen(listener)
    for task in tasks:
        # One that is over, or waits, may have nothing to tell ever after.
        if task.status != WORKING:
            listener.tell("notifications/tasks", task.as_detailed())
    leaves = [watched(offer, turn, each) for each in found.values()]
    return ended.addBoth(_left, leaves)


def _watchable(offer: Offer, turn: Turn, uris: frozenset[str]) -> dict[str, Found]:
    """Return those of the resources of which the caller could ever hear.

    By their URIs in normal form, which is how they are told.
    """
    served = (offer.shelf.find(uri) for uri in sorted(uris))
    found = (each for each in served if each is not None)
    watchable = {each.uri: each for each in found if may_watch(each, turn.caller)}
    return {uri: each for uri, each in watchable.items() if len(uri) <= MAX_URI}


def _left(outcome: T, leaves: Sequence[Leave]) -> T:
    for leave in leaves:
        leave()
    return outcome


def _task(offer: Offer, turn: Turn) -> Task:
    """Find the task; the gate on the capability comes before any look at the id."""
    if lacks(turn.capabilities, REQUIRED_CAPABILITY):
        raise missing_capability(REQUIRED_CAPABILITY)
    return offer.tasks.find(turn.params.get("taskId"), turn.caller.principal)
