"""``tasks/*`` (modern era)."""

from __future__ import annotations

from ..calls.client_requests import lacks
from ..calls.tasks import TASKS_CAPABILITY, Task
from ..server_features import Offer, Result, Turn
from ..wire.errors import missing_capability


def get_task(offer: Offer, turn: Turn) -> Result:
    """``tasks/get``: the task with the payload that belongs to its status."""
    return _task(offer, turn).as_detailed()


def update_task(offer: Offer, turn: Turn) -> Result:
    """``tasks/update``: deliver answers; the acknowledgment is empty."""
    offer.tasks.update(_task(offer, turn), turn.params.get("inputResponses"))
    return {}


def cancel_task(offer: Offer, turn: Turn) -> Result:
    """``tasks/cancel``: the acknowledgment does not depend on the task's status."""
    offer.tasks.cancel(_task(offer, turn))
    return {}


def _task(offer: Offer, turn: Turn) -> Task:
    """Return the task. The capability is checked first, as the extension requires."""
    if lacks(turn.capabilities, TASKS_CAPABILITY):
        raise missing_capability(TASKS_CAPABILITY)
    return offer.tasks.find(turn.params.get("taskId"), turn.caller.principal)
