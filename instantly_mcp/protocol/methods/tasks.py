"""``tasks/*``: what a client asks and says of its tasks."""

from __future__ import annotations

from ..calls.client_requests import lacks
from ..calls.tasks import REQUIRED_CAPABILITY, Task
from ..server_features import Offer, Result, Turn
from ..wire.errors import missing_capability


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


def _task(offer: Offer, turn: Turn) -> Task:
    """Find the task; the gate on the capability comes before any look at the id."""
    if lacks(turn.capabilities, REQUIRED_CAPABILITY):
        raise missing_capability(REQUIRED_CAPABILITY)
    return offer.tasks.find(turn.params.get("taskId"), turn.caller.principal)
