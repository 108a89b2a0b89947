"""``subscriptions/listen`` (modern era): a stream of changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from attrs import evolve
from twisted.internet.defer import Deferred

from ..._json_codec import JsonObject
from ..calls.call import NULL_SINK
from ..calls.client_requests import lacks_capability
from ..calls.subscriptions import MAX_URI_CHARS, SubscriptionListener, read_filter
from ..calls.tasks import TASKS_CAPABILITY, WORKING
from ..calls.watching import Unsubscribe
from ..primitives.registries import ResolvedResource
from ..server_features import RequestContext, ServerFeatures
from ..wire.errors import invalid_request, missing_capability
from .resources import may_subscribe, start_watching

T = TypeVar("T")


def listen(features: ServerFeatures, context: RequestContext) -> Deferred[JsonObject]:
    """``subscriptions/listen``: a stream that stays open until one side ends it."""
    caller = context.caller
    if caller.sink is NULL_SINK:
        raise invalid_request("a subscription needs text/event-stream in Accept")
    wanted = context.params.get("notifications")
    filter = read_filter(wanted, features.changing, features.has_resources)
    if filter.task_ids and lacks_capability(context.capabilities, TASKS_CAPABILITY):
        raise missing_capability(TASKS_CAPABILITY)
    found = _watchable(features, context, filter.uris)
    tasks = features.tasks.own(sorted(filter.task_ids), caller.principal)
    ids = frozenset(task.id for task in tasks)
    listener = SubscriptionListener(
        id=context.request.id,
        principal=caller.principal,
        filter=evolve(filter, uris=frozenset(found), task_ids=ids),
        sink=caller.sink,
    )
    ended = features.changes.listen(listener)
    for task in tasks:
        # A task that has ended or waits for input may not change again.
        if task.status != WORKING:
            listener.notify("notifications/tasks", task.as_detailed())
    leaves = [start_watching(features, context, each) for each in found.values()]
    return ended.addBoth(_left, leaves)


def _watchable(
    features: ServerFeatures, context: RequestContext, uris: frozenset[str]
) -> dict[str, ResolvedResource]:
    """Return the resources that exist and that the caller may subscribe to.

    The keys are their URIs in normal form, which notifications contain.
    """
    served = (features.resources.find(uri) for uri in sorted(uris))
    found = (each for each in served if each is not None)
    watchable = {
        each.uri: each for each in found if may_subscribe(each, context.caller)
    }
    return {uri: each for uri, each in watchable.items() if len(uri) <= MAX_URI_CHARS}


def _left(outcome: T, leaves: Sequence[Unsubscribe]) -> T:
    for leave in leaves:
        leave()
    return outcome
