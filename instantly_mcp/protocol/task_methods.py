"""``tasks/*`` and ``subscriptions/listen``: what only the modern era has."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from .._json import JsonObject
from .asking import lacks
from .call import NOWHERE
from .errors import invalid_request, missing_capability
from .offer import Offer, Result, Turn
from .subscriptions import Listener, read_filter
from .tasks import REQUIRED_CAPABILITY, Task


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
    listener = Listener(
        id=turn.request.id,
        principal=caller.principal,
        filter=filter,
        outlet=caller.outlet,
    )
    return offer.changes.listen(listener)


def _task(offer: Offer, turn: Turn) -> Task:
    """Find the task; the gate on the capability comes before any look at the id."""
    if lacks(turn.capabilities, REQUIRED_CAPABILITY):
        raise missing_capability(REQUIRED_CAPABILITY)
    return offer.tasks.find(turn.params.get("taskId"), turn.caller.principal)
