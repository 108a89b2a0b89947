"""``tasks/*`` (modern era)."""

from __future__ import annotations

from ..calls.client_requests import lacks_capability
from ..calls.tasks import TASKS_CAPABILITY, Task
from ..server_features import RequestContext, Result, ServerFeatures
from ..wire.errors import invalid_params, missing_capability


def get_task(features: ServerFeatures, context: RequestContext) -> Result:
    """``tasks/get``: the task with the payload that belongs to its status."""
    return _task(features, context).as_detailed()


def update_task(features: ServerFeatures, context: RequestContext) -> Result:
    """``tasks/update``: deliver answers; the acknowledgment is empty.

    :raises ProtocolError: -32602 for a caller with fewer rights than the task has.
    """
    task = _task(features, context)
    if not context.caller.rights.includes(task.rights):
        raise invalid_params(
            "This task was started with more access than this connection has. Answer "
            "it over the connection that started it"
        )
    features.tasks.update(task, context.params.get("inputResponses"))
    return {}


def cancel_task(features: ServerFeatures, context: RequestContext) -> Result:
    """``tasks/cancel``: the acknowledgment does not depend on the task's status."""
    features.tasks.cancel(_task(features, context))
    return {}


def _task(features: ServerFeatures, context: RequestContext) -> Task:
    """Return the task. The capability is checked first, as the extension requires."""
    if lacks_capability(context.capabilities, TASKS_CAPABILITY):
        raise missing_capability(TASKS_CAPABILITY)
    return features.tasks.find(context.params.get("taskId"), context.caller.principal)
