"""Subscriptions: filters, ids, privacy, and the end of a listen stream."""

from __future__ import annotations

from instantly_mcp._json_codec import Json
from instantly_mcp.protocol.calls.subscriptions import (
    MAX_LISTENERS,
    MAX_URIS,
    META_SUBSCRIPTION,
)
from tests.support.clients import ModernClient
from tests.support.messages import call, modern, request
from tests.support.received import Received
from tests.support.servers import ADA, BOB, credential

from .everything import WITH_TASKS, RulesTestCase

WATCHED = "test://watched-resource"
TOOLS_CHANGED = "notifications/tools/list_changed"
PROMPTS_CHANGED = "notifications/prompts/list_changed"
UPDATED = "notifications/resources/updated"
TASKS = "notifications/tasks"


class ListenTestCase(RulesTestCase):
    def listen(
        self, wanted: Json, id: Json = "sub", key: str | None = ADA, **meta: Json
    ) -> Received:
        """Open a listen stream."""
        message = request("subscriptions/listen", {"notifications": wanted}, id)
        return ModernClient(self.rig, key=key).ask(message, **meta)

    def notified(self, stream: Received) -> list[str]:
        """Return the methods that a stream received after its acknowledgment."""
        methods = [one["method"] for one in stream.notifications]
        self.assertEqual(methods[0], "notifications/subscriptions/acknowledged")
        return methods[1:]

    def honored(self, stream: Received) -> Json:
        """Return the filter that was acknowledged."""
        return stream.notifications[0]["params"]["notifications"]


class ListenTests(ListenTestCase):
    def test_acknowledged_first(self) -> None:
        """The first message acknowledges, before anything else and at once."""
        stream = self.listen({"toolsListChanged": True})
        self.assertTrue(stream.streams)
        self.assertEqual(len(stream.messages), 1)
        self.assertEqual(self.notified(stream), [])
        self.assertFalse(stream.ended)

    def test_honored_subset(self) -> None:
        """The acknowledgment has only what was asked for and exists."""
        wanted = {
            "toolsListChanged": True,
            "promptsListChanged": False,
            "resourceSubscriptions": ["test://nothing", WATCHED],
            "moonPhaseChanged": True,
        }
        expected = {"toolsListChanged": True, "resourceSubscriptions": [WATCHED]}
        self.assertEqual(self.honored(self.listen(wanted)), expected)
        self.assertEqual(self.honored(self.listen({})), {})

    def test_only_requested_kinds(self) -> None:
        """A stream receives only the kinds of change that it asked for."""
        tools = self.listen({"toolsListChanged": True})
        prompts = self.listen({"promptsListChanged": True})
        both = self.listen({"toolsListChanged": True, "promptsListChanged": True})
        silent = self.listen({})
        self.ask(call("test_trigger_tool_change"))
        self.ask(call("test_trigger_prompt_change"))
        self.assertEqual(set(self.notified(tools)), {TOOLS_CHANGED})
        self.assertEqual(set(self.notified(prompts)), {PROMPTS_CHANGED})
        self.assertEqual(set(self.notified(both)), {TOOLS_CHANGED, PROMPTS_CHANGED})
        self.assertEqual(self.notified(silent), [])

    def test_subscription_ids(self) -> None:
        """Every message has the id of the listen request, with its type."""
        for id in ("sub", 0, 7, "7"):
            stream = self.listen({"toolsListChanged": True}, id=id)
            self.ask(call("test_trigger_tool_change"))
            for message in stream.notifications:
                found = message["params"]["_meta"][META_SUBSCRIPTION]
                self.assertEqual((found, type(found)), (id, type(id)))

    def test_equal_ids(self) -> None:
        """Streams with equal ids, also of one client, stay separate."""
        one = self.listen({"toolsListChanged": True}, id=1)
        two = self.listen({"promptsListChanged": True}, id=1)
        bobs = self.listen({"toolsListChanged": True}, id=1, key=BOB)
        one.leave()
        self.ask(call("test_trigger_tool_change"))
        self.ask(call("test_trigger_prompt_change"))
        self.assertEqual(self.notified(one), [])
        self.assertEqual(set(self.notified(two)), {PROMPTS_CHANGED})
        self.assertEqual(set(self.notified(bobs)), {TOOLS_CHANGED})

    def test_client_leaves(self) -> None:
        """After a disconnect a stream is dropped and gets no more messages."""
        stream = self.listen({"toolsListChanged": True})
        self.assertEqual(self.rig.server_features.changes.listener_count, 1)
        stream.leave()
        self.assertEqual(self.rig.server_features.changes.listener_count, 0)
        self.ask(call("test_trigger_tool_change"))
        self.assertEqual(self.notified(stream), [])

    def test_graceful_end(self) -> None:
        """When the daemon stops, the stream gets its result and then ends."""
        stream = self.listen({"toolsListChanged": True}, id=9)
        self.rig.server_features.changes.close()
        [answer] = stream.responses
        self.assertEqual(answer["id"], 9)
        self.assertEqual(answer["result"]["resultType"], "complete")
        self.assertEqual(answer["result"]["_meta"][META_SUBSCRIPTION], 9)
        self.assertTrue(stream.ended)
        self.assertEqual(self.rig.server_features.changes.listener_count, 0)

    def test_no_replay(self) -> None:
        """A stream that is opened again gets no messages from the time between."""
        first = self.listen({"toolsListChanged": True})
        first.leave()
        self.ask(call("test_trigger_tool_change"))
        fields = {"last-event-id": "sub_0"}
        message = modern(
            request(
                "subscriptions/listen", {"notifications": {"toolsListChanged": True}}
            )
        )
        second = self.rig.send_modern(message, with_headers=fields)
        self.assertEqual(self.notified(second), [])
        self.assertEqual([event.id for event in second.events], [None])

    def test_no_progress_and_no_logs(self) -> None:
        """Messages of a request are never sent on a listen stream."""
        stream = self.listen({"toolsListChanged": True}, logLevel="debug")
        self.ask(call("talk", token="t"), logLevel="debug")
        self.ask(call("report", {"steps": [1]}, token="sub"))
        self.assertEqual(self.notified(stream), [])

    def test_malformed_filters(self) -> None:
        """A malformed filter is -32602 with 400 and opens no stream."""
        bad: list[Json] = [
            None,
            [],
            "tools",
            {"resourceSubscriptions": WATCHED},
            {"resourceSubscriptions": [7]},
            {"taskIds": "x"},
            {"resourceSubscriptions": [f"test://{n}" for n in range(MAX_URIS + 1)]},
        ]
        for wanted in bad:
            self.assertRefused(self.listen(wanted), 400, -32602)
        self.assertEqual(self.rig.server_features.changes.listener_count, 0)

    def test_needs_a_stream(self) -> None:
        """A client that does not accept event streams is refused with 400."""
        message = modern(request("subscriptions/listen", {"notifications": {}}))
        fields = {"accept": "application/json, text/event-stream;q=0"}
        received = self.rig.send_modern(message, with_headers=fields)
        self.assertEqual(received.status, 400)

    def test_bounded(self) -> None:
        """The streams of one principal are limited; others are not affected."""
        for number in range(MAX_LISTENERS):
            self.listen({}, id=number)
        self.assertEqual(self.listen({}).status, 429)
        self.assertTrue(self.listen({}, key=BOB).streams)


class ResourceTests(ListenTestCase):
    def test_subscribed_uris(self) -> None:
        """An update is sent, with its URI, to the streams that watch that URI."""
        watching = self.listen({"resourceSubscriptions": [WATCHED, "test://own"]})
        other = self.listen({"resourceSubscriptions": ["test://static-text"]})
        kinds = self.listen({"resourcesListChanged": True})
        self.rig.server_features.changes.resource_updated(WATCHED)
        self.assertEqual(self.notified(watching), [UPDATED])
        self.assertEqual(watching.notifications[1]["params"]["uri"], WATCHED)
        self.assertEqual(self.notified(other), [])
        self.assertEqual(self.notified(kinds), [])

    def test_spelled_otherwise(self) -> None:
        """URIs of one resource are acknowledged and notified in their normal form."""
        spelled = ["test://letters/%61", "test://letters/a", "test://letters/%e9"]
        stream = self.listen({"resourceSubscriptions": spelled})
        normal = "test://letters/a"
        self.assertEqual(self.honored(stream), {"resourceSubscriptions": [normal]})
        self.rig.server_features.changes.resource_updated(normal)
        self.assertEqual(stream.notifications[1]["params"]["uri"], normal)

    def test_private_updates(self) -> None:
        """An update of a private resource reaches its owner only."""
        uris = {"resourceSubscriptions": ["test://own"]}
        ada, bob = self.listen(uris), self.listen(uris, key=BOB)
        principal = credential(ADA).principal
        self.rig.server_features.changes.resource_updated("test://own", principal)
        self.assertEqual(self.notified(ada), [UPDATED])
        self.assertEqual(self.notified(bob), [])

    def test_session_eras(self) -> None:
        """In the legacy era subscribers are notified on the GET stream."""
        client = self.client()
        stream = self.rig.send(
            method="GET",
            session=client.session,
            version="2025-11-25",
            with_headers={"accept": "text/event-stream"},
        )
        changes = self.rig.server_features.changes
        changes.resource_updated(WATCHED)
        self.assertEqual(stream.notifications, [])
        client.ask(request("resources/subscribe", {"uri": WATCHED}))
        changes.resource_updated("test://static-text")
        changes.resource_updated(WATCHED)
        [told] = stream.notifications
        self.assertEqual(told["params"], {"uri": WATCHED})
        client.ask(request("resources/unsubscribe", {"uri": WATCHED}))
        changes.resource_updated(WATCHED)
        self.assertEqual(len(stream.notifications), 1)

    def test_session_eras_private(self) -> None:
        """In the legacy era, too, a private update reaches its owner only."""
        streams = []
        for key in (ADA, BOB):
            client = self.client(key=key)
            client.ask(request("resources/subscribe", {"uri": "test://own"}))
            streams.append(
                self.rig.send(
                    method="GET",
                    session=client.session,
                    key=key,
                    version="2025-11-25",
                    with_headers={"accept": "text/event-stream"},
                )
            )
        principal = credential(BOB).principal
        self.rig.server_features.changes.resource_updated("test://own", principal)
        self.assertEqual([len(one.notifications) for one in streams], [0, 1])


class TaskTests(ListenTestCase):
    def task(self) -> str:
        """Return the id of a task of Ada's that works for a minute."""
        message = call("slow_compute", {"seconds": 60})
        created = self.ask(message, clientCapabilities=WITH_TASKS).result
        id: str = created["taskId"]
        self.addCleanup(self.clock.advance, 61)
        return id

    def test_whole_task(self) -> None:
        """notifications/tasks carries the task as tasks/get would show it."""
        id = self.task()
        stream = self.listen({"taskIds": [id]}, clientCapabilities=WITH_TASKS)
        self.assertEqual(self.honored(stream), {"taskIds": [id]})
        self.clock.advance(60)
        self.assertEqual(self.notified(stream), [TASKS])
        told = dict(stream.notifications[1]["params"])
        self.assertEqual(told.pop("_meta"), {META_SUBSCRIPTION: "sub"})
        shown = self.ask(
            request("tasks/get", {"taskId": id}), clientCapabilities=WITH_TASKS
        ).result
        self.assertEqual(told, {name: shown[name] for name in told})
        self.assertEqual((told["status"], "result" in told), ("completed", True))

    def test_only_watched_tasks(self) -> None:
        """A stream is notified only of the tasks that it named."""
        one, two = self.task(), self.task()
        stream = self.listen({"taskIds": [one]}, clientCapabilities=WITH_TASKS)
        for id in (two, one):
            message = request("tasks/cancel", {"taskId": id})
            self.ask(message, clientCapabilities=WITH_TASKS)
        ids = [told["params"]["taskId"] for told in stream.notifications[1:]]
        self.assertEqual(ids, [one])

    def test_task_of_another_principal(self) -> None:
        """Another principal's task, or an unknown one, is left out of the filter."""
        id = self.task()
        wanted = {"taskIds": [id, "nothing"]}
        bob = self.listen(wanted, key=BOB, clientCapabilities=WITH_TASKS)
        self.assertEqual(self.honored(bob), {})
        self.clock.advance(60)
        self.assertEqual(self.notified(bob), [])

    def test_task_that_ended(self) -> None:
        """A new stream is notified at once of a task that ended before."""
        id, working = self.task(), self.task()
        message = request("tasks/cancel", {"taskId": id})
        self.ask(message, clientCapabilities=WITH_TASKS)
        wanted = {"taskIds": [working, id]}
        stream = self.listen(wanted, clientCapabilities=WITH_TASKS)
        self.assertEqual(set(self.honored(stream)["taskIds"]), {id, working})
        self.assertEqual(self.notified(stream), [TASKS])
        told = stream.notifications[1]["params"]
        self.assertEqual((told["taskId"], told["status"]), (id, "cancelled"))

    def test_task_that_waits(self) -> None:
        """A new stream is notified at once of a task that already waits for input."""
        created = self.ask(call("promoted"), clientCapabilities=WITH_TASKS).result
        wanted = {"taskIds": [created["taskId"]]}
        stream = self.listen(wanted, clientCapabilities=WITH_TASKS)
        told = stream.notifications[1]["params"]
        self.assertEqual(told["status"], "input_required")
        self.assertEqual(set(told["inputRequests"]), {"again"})

    def test_needs_the_extension(self) -> None:
        """taskIds without the tasks capability is -32021 with 400."""
        received = self.listen({"taskIds": ["x"]}, clientCapabilities={})
        self.assertRefused(received, 400, -32021)
        self.assertEqual(self.rig.server_features.changes.listener_count, 0)


class SessionListTests(ListenTestCase):
    def test_one_stream_only(self) -> None:
        """A list change reaches each session once, on one of its streams."""
        client, other = self.client(), self.client(key=BOB)
        streams = [
            self.rig.send(
                method="GET",
                session=each.session,
                key=each.key,
                version="2025-11-25",
                with_headers={"accept": "text/event-stream"},
            )
            for each in (client, client, other)
        ]
        self.ask(call("test_trigger_tool_change"))
        heard = [len(stream.notifications) for stream in streams]
        self.assertEqual((heard[0] + heard[1], heard[2]), (2, 2))
        self.assertIn(0, heard[:2])
