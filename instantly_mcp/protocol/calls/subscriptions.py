"""Subscriptions: which clients are notified of changes, in both eras.

A modern client opens a stream with ``subscriptions/listen`` and a filter: lists,
resource URIs and task ids. Each notification has the subscription's id in ``_meta``. A
legacy client gets list changes on its session's stream, and updates of the resources
that it subscribed to with ``resources/subscribe``.

`ChangeNotifier` only delivers. A change becomes known in one of two ways: a feature
that sees it calls `resource_updated` or `list_changed`, or a watch (see `watching`)
polls for it while a client is subscribed. Private changes reach the streams of one
principal only.

Listeners are identified by object and not by JSON-RPC id: ids of two clients can be
equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar
from weakref import WeakSet

from attrs import define, field, frozen
from twisted.internet.defer import Deferred

from ..._json_codec import Json, JsonObject
from ..interfaces import INotificationSink
from ..wire.errors import invalid_params, invalid_request
from ..wire.jsonrpc import Id, notification
from .session import McpSession
from .tasks import Task
from .watching import Watches

META_SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"

TOOLS = "toolsListChanged"
PROMPTS = "promptsListChanged"
RESOURCES = "resourcesListChanged"

_NOTIFICATION = {
    TOOLS: "notifications/tools/list_changed",
    PROMPTS: "notifications/prompts/list_changed",
    RESOURCES: "notifications/resources/list_changed",
}

MAX_LISTENERS = 64
"""Maximum number of open listen streams of one principal."""

MAX_URIS = 256
"""Maximum number of resources, or of tasks, for one stream or one session."""

MAX_URI_CHARS = 4096
"""Maximum length of a URI in characters: a subscription keeps it in memory."""


T = TypeVar("T")


@frozen(kw_only=True)
class SubscriptionFilter:
    """What one listener is notified of: the part of its request that is supported."""

    lists: frozenset[str] = frozenset()
    uris: frozenset[str] = frozenset()
    task_ids: frozenset[str] = frozenset()

    def as_object(self) -> JsonObject:
        """Return the filter for the acknowledgment."""
        shown: dict[str, Json] = dict.fromkeys(sorted(self.lists), True)
        if self.uris:
            shown["resourceSubscriptions"] = sorted(self.uris)
        if self.task_ids:
            shown["taskIds"] = sorted(self.task_ids)
        return shown


@define(eq=False, kw_only=True)
class SubscriptionListener:
    """One open ``subscriptions/listen`` stream."""

    id: Id
    principal: str
    filter: SubscriptionFilter
    sink: INotificationSink
    ended: Deferred[JsonObject] = field(factory=Deferred, repr=False)

    def notify(self, method: str, params: JsonObject) -> None:
        """Send a notification with the subscription's id in ``_meta``."""
        meta = {META_SUBSCRIPTION: self.id}
        self.sink.send(notification(method, {**params, "_meta": meta}))


@define(eq=False)
class ChangeNotifier:
    """Notifies listeners and sessions of changes.

    :param offered: the list-changed kinds that the server declares.
    :param watches: the polls that find changes of resources.
    """

    offered: frozenset[str] = frozenset({TOOLS, PROMPTS, RESOURCES})
    watches: Watches = field(factory=Watches, init=False)
    _listeners: set[SubscriptionListener] = field(factory=set, init=False)
    _sessions: WeakSet[McpSession] = field(factory=WeakSet, init=False)

    @property
    def listener_count(self) -> int:
        """How many listen streams are open."""
        return len(self._listeners)

    def listen(self, listener: SubscriptionListener) -> Deferred[JsonObject]:
        """Register the listener and acknowledge it.

        :returns: fires with the final result when the server ends the stream.
            Cancelling it, because the client disconnected, unregisters the listener.
        :raises ProtocolError: -32600 with status 429 if the principal has
            `MAX_LISTENERS` streams.
        """
        principal = listener.principal
        held = sum(other.principal == principal for other in self._listeners)
        if held >= MAX_LISTENERS:
            raise invalid_request("too many subscriptions are open", status=429)
        self._listeners.add(listener)

        def forget(outcome: T) -> T:
            self._listeners.discard(listener)
            return outcome

        listener.ended.addBoth(forget)
        listener.notify(
            "notifications/subscriptions/acknowledged",
            {"notifications": listener.filter.as_object()},
        )
        return listener.ended

    def attach(self, session: McpSession) -> None:
        """Notify this session of changes for as long as it exists."""
        self._sessions.add(session)

    def list_changed(self, kind: str) -> None:
        """Notify all clients that a list changed: `TOOLS`, `PROMPTS` or `RESOURCES`."""
        method = _NOTIFICATION[kind]
        for listener in list(self._listeners):
            if kind in listener.filter.lists:
                listener.notify(method, {})
        _notify_sessions(self._sessions, method, {})

    def resource_updated(self, uri: str, principal: str | None = None) -> None:
        """Notify the subscribers of a resource.

        :param uri: the URI in its normal form, as `ResolvedResource.uri` returns it.
        :param principal: the principal whose streams are notified; ``None`` for all.
        """
        method, params = "notifications/resources/updated", {"uri": uri}
        for listener in list(self._listeners):
            if uri in listener.filter.uris and principal in (None, listener.principal):
                listener.notify(method, params)
        watching = [
            session
            for session in self._sessions
            if uri in session.subscriptions and principal in (None, session.principal)
        ]
        _notify_sessions(watching, method, params)

    def task_changed(self, task: Task) -> None:
        """Notify the streams of the task's principal that listen to the task."""
        for listener in list(self._listeners):
            if (
                task.id in listener.filter.task_ids
                and listener.principal == task.principal
            ):
                listener.notify("notifications/tasks", task.as_detailed())

    def close(self) -> None:
        """End all watches and listen streams, because the daemon stops."""
        self.watches.close()
        self.end_listening()

    def end_listening(self, of: Callable[[str], bool] = lambda principal: True) -> None:
        """End listen streams with their final result; clients can open new ones.

        :param of: chooses the principals whose streams end; by default all.
        """
        for listener in [each for each in self._listeners if of(each.principal)]:
            meta = {META_SUBSCRIPTION: listener.id}
            listener.ended.callback({"resultType": "complete", "_meta": meta})


def _notify_sessions(
    sessions: Iterable[McpSession], method: str, params: JsonObject
) -> None:
    for session in list(sessions):
        session.send(notification(method, params))


def read_filter(
    wanted: Json, offered: frozenset[str], watches: bool
) -> SubscriptionFilter:
    """Read the filter of a listen request, without what is not supported.

    :param offered: the list-changed kinds that the server declares.
    :param watches: whether the server has resources.
    :raises ProtocolError: -32602 for a malformed filter.
    """
    if not isinstance(wanted, dict):
        raise invalid_params("params.notifications must be an object", status=400)
    lists = frozenset(kind for kind in offered if wanted.get(kind) is True)
    uris = _strings(wanted, "resourceSubscriptions")
    return SubscriptionFilter(
        lists=lists,
        uris=uris if watches else frozenset(),
        task_ids=_strings(wanted, "taskIds"),
    )


def _strings(wanted: JsonObject, name: str) -> frozenset[str]:
    values = wanted.get(name, [])
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise invalid_params(f"{name} must be a list of strings", status=400)
    if len(values) > MAX_URIS:
        raise invalid_params(f"{name} holds at most {MAX_URIS} entries", status=400)
    if any(len(value) > MAX_URI_CHARS for value in values):
        raise invalid_params(f"an entry of {name} is too long", status=400)
    return frozenset(values)
